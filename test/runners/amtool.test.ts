import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { ruleGroups } from "../../alerts/groups";
import { heardOf } from "../../alerts/in-force";
import { type AlertRouting, routesOf } from "../../alerts/routes";
import { watchdogName, watchdogRouting } from "../../alerts/watchdog";
import { debianPackages } from "../../lab/debian";
import { withDebianShare } from "../../lab/servers/debian-share";
import { alertmanagerConfig, fragmentOf } from "../../lab/servers/rule-sync/alertmanager";
import { alertmanagerConfigObject } from "../../lab/servers/rule-sync/objects";
import { parseEstate, planOf } from "../../plan";
import { astray, routesOfStatus } from "../../plan/contracts/alert-routing";
import { estate as homelab } from "../../stacks/homelab/estate";
import { inTime } from "../long";

const plan = planOf(parseEstate(homelab));
const { namespace } = plan.estate.monitoring;
let folder: string;
let amtool: string;
beforeAll(async () => {
  amtool = join(await debianPackages("alertmanager", ["prometheus-alertmanager"]), "usr/bin/amtool");
  folder = mkdtempSync(join(tmpdir(), "amtool-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function says(...words: string[]): Promise<{ exitCode: number; output: string }> {
  const [command = "", ...args] = withDebianShare([amtool, ...words]);
  const { exitCode = -1, stdout } = await execa(command, args, { reject: false });
  return { exitCode, output: stdout.trim() };
}

/** What Alertmanager has of an object, as the operator makes it with its own strategy for matchers. */
function fragment(name: string, spec: AlertRouting) {
  const object = alertmanagerConfigObject.parse({ metadata: { name, namespace, uid: name }, spec });
  return fragmentOf(object, () => "https://receiver.example/word", "OnNamespace");
}

test("amtool takes the routes of the homelab, and sends each of its alerts to the one receiver that it is meant for", async () => {
  const fragments = [
    fragment("holdfast", routesOf(plan.estate)),
    ...watchdogRouting(plan.estate).map(spec => fragment("holdfast-watchdog", spec)),
  ];
  const file = join(folder, "alertmanager.yml");
  const configuration = stringify(alertmanagerConfig(fragments));
  writeFileSync(file, configuration);
  const checked = await says("check-config", file);
  expect(checked).toMatchObject({ exitCode: 0, output: expect.stringContaining("SUCCESS") as string });
  const read = routesOfStatus({ config: { original: configuration } });
  expect(heardOf(plan).flatMap(heard => astray(heard, read))).toEqual([]);
  const meant = new Map<string, string>();
  for (const { alert, labels } of ruleGroups(plan).flatMap(({ rules }) => rules)) {
    // A label that is a template is some job's name by then.
    const carried = { ...labels, alertname: alert, instance: "pve" };
    const words = Object.entries(carried).map(
      ([name, value]) => `${name}=${value.includes("{{") ? "a-job" : value}`,
    );
    const to = alert === watchdogName ? "holdfast-watchdog/DeadMan" : `holdfast/${labels["receiver"]}`;
    meant.set(JSON.stringify(words), `${namespace}/${to}`);
  }
  expect(new Set(meant.values()).size).toBe(3);
  const firsts = [...meant].filter(([words, to]) => words === [...meant].find(other => other[1] === to)?.[0]);
  for (const [words, receiver] of [...firsts, ...inTime(12, [...meant])]) {
    const { output } = await says(
      "config",
      "routes",
      "test",
      `--config.file=${file}`,
      ...(JSON.parse(words) as string[]),
    );
    expect([words, output]).toEqual([words, receiver]);
  }
});
