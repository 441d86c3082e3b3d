import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { astray, type RouteTree, routesOfStatus } from "../../plan/contracts/alert-routing";
import { processed, startAlertmanager } from "./support/alertmanager-server";

/* Where alerts go is asked of a real Alertmanager, and of its own words about its routes. */
const route = {
  receiver: "top",
  routes: [
    { match: { severity: "critical" }, receiver: "first", continue: true },
    { match_re: { alertname: "Nfs|Offsite" }, receiver: "whole-words" },
    {
      matchers: ['namespace="monitoring"'],
      routes: [
        { matchers: ['severity!="none"', "alertname!~Lvm.*"], receiver: "deep" },
        { matchers: ["host="], receiver: "without-a-host" },
      ],
    },
    { matchers: ['alertname=~"Lvm.+|Offsite.*"'], receiver: 'with "quotes" and \\' },
  ],
};
const receivers = ["top", "first", "whole-words", "deep", "without-a-host", 'with "quotes" and \\'];

let folder: string;
let server: Awaited<ReturnType<typeof startAlertmanager>>;
let read: RouteTree;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "alert-routing-"));
  const configuration = stringify({ route, receivers: receivers.map(name => ({ name })) });
  server = await startAlertmanager(folder, configuration);
  read = routesOfStatus(await (await fetch(`${server.url}/api/v2/status`)).json());
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

test.each<[Readonly<Record<string, string>>, readonly string[]]>([
  [{ alertname: "NfsMirrorStale", severity: "critical" }, ["first"]],
  [{ alertname: "Nfs", severity: "critical" }, ["first", "whole-words"]],
  [{ alertname: "NfsMirrorStale", severity: "none", namespace: "monitoring" }, ["without-a-host"]],
  [{ alertname: "NfsMirrorStale", severity: "none", namespace: "monitoring", host: "pve" }, ["top"]],
  [{ alertname: "NfsMirrorStale", severity: "critical", namespace: "monitoring" }, ["first", "deep"]],
  [{ alertname: "LvmFull", severity: "warning" }, ['with "quotes" and \\']],
  [{ alertname: "NfsMirrorStale", severity: "warning" }, ["top"]],
])("an alert %j is read back as led where Alertmanager leads it", async (labels, to) => {
  expect((await processed(server.url, labels)).receivers).toEqual(to);
  const { alertname = "", ...others } = labels;
  const ours = { namespace: "monitoring", object: "holdfast", receiver: "infra" };
  expect(astray({ ...ours, alerts: [{ alert: alertname, labels: others }] }, read)).toEqual([
    { alert: alertname, to: to.map(name => JSON.stringify(name)).join(" and ") },
  ]);
});
