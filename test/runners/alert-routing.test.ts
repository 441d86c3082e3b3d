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
    { matchers: ['job="a\tb\\\\c\\nd"'], receiver: "first" },
    { matchers: ['alertname=~"(?i)vault.*"'], receiver: "whole-words" },
    { match: { severity: "odd" }, match_re: { job: "" }, receiver: "without-a-host" },
    // Which JavaScript reads otherwise, or takes for ever over.
    ...["\\\\Qetcd\\\\E", "[]e]tcd", "[[:lower:]]+", "\\\\pL{40}", "([a-z]+)+-"].map((expression, index) => ({
      matchers: [`host="odd${index}"`, `alertname=~"${expression}"`],
      receiver: "deep",
    })),
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
  [{ alertname: "NfsMirrorStale", job: "a\tb\\c\nd" }, ["first"]],
  [{ alertname: "VAULTStale" }, ["whole-words"]],
  [{ alertname: "NfsMirrorStale", severity: "odd" }, ["without-a-host"]],
])("an alert %j is read back as led where Alertmanager leads it", async (labels, to) => {
  expect((await processed(server.url, labels)).receivers).toEqual(to);
  const { alertname = "", ...others } = labels;
  const ours = { namespace: "monitoring", object: "holdfast", receiver: "infra" };
  expect(astray({ ...ours, alerts: [{ alert: alertname, labels: others }] }, read)).toEqual([
    { alert: alertname, to: to.map(name => JSON.stringify(name)).join(" and ") },
  ]);
});

test.each([0, 1, 2, 3, 4])(
  "where an expression of Go's decides, nobody says where an alert is led: %j",
  async index => {
    const alerts = [{ alert: "etcd".repeat(10), labels: { host: `odd${index}` } }];
    const heard = { namespace: "monitoring", object: "holdfast", receiver: "infra", alerts };
    const own = { ...read, matchers: [], continues: true, receiver: "monitoring/holdfast/infra", routes: [] };
    const among = (...routes: readonly RouteTree[]) => astray(heard, { ...read, routes });
    expect(() => among(...read.routes, own)).toThrow(/^its expression ".*" can't be read$/);
    // It doesn't behind the route by which its receiver hears, nor where there is none.
    expect(among(own, ...read.routes)).toEqual([]);
    expect(among(...read.routes.map(route => ({ ...route, continues: true })), own)).toEqual([]);
    const [{ alert = "" } = {}] = alerts;
    expect(among(...read.routes)).toEqual([{ alert, to: 'perhaps "deep" and perhaps "top"' }]);
  },
);
