import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { absenceRules } from "../../alerts/absence";
import { ruleGroups } from "../../alerts/groups";
import { promtoolTestsOfEstate } from "../../alerts/promtool-estate-tests";
import { type AlertTests, promtoolTests } from "../../alerts/promtool-tests";
import { standingRules } from "../../alerts/standing";
import { rulesOf } from "../../alerts/rules";
import { ruleFile } from "../../components/rule-file";
import { debianPackages } from "../../lab/debian";
import { type EstateInput, parseEstate, type Plan, planOf } from "../../plan";
import { exampleEstate, exampleWith } from "../../plan/estate/example";
import { estate as homelab } from "../../stacks/homelab/estate";

let promtool: string;
let folder: string;
beforeAll(async () => {
  // The same unpacked packages that the lab's Prometheus comes from.
  promtool = join(await debianPackages("promtool", ["prometheus"]), "usr/bin/promtool");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "promtool-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Tests alerts. @returns promtool's exit code and what it printed */
async function run(alerts: readonly AlertTests[]): Promise<{ exitCode: number; output: string }> {
  for (const { alert, group, text } of alerts) {
    writeFileSync(join(folder, `${alert}.rules.yml`), ruleFile([group]));
    writeFileSync(join(folder, `${alert}.tests.yml`), text);
  }
  return promtoolSays("test", "rules", ...alerts.map(({ alert }) => `${alert}.tests.yml`));
}

async function promtoolSays(...args: string[]): Promise<{ exitCode: number; output: string }> {
  const result = await execa(promtool, args, { cwd: folder, reject: false, all: true });
  return { exitCode: result.exitCode ?? -1, output: result.all };
}

const planned = (estate: EstateInput): Plan => planOf(parseEstate(estate));
const estates = [
  ["the example", planned(exampleEstate())],
  ["the homelab", planned(homelab)],
] as const;

describe.each(estates)("%s", (_, plan) => {
  test.each(plan.jobs.map(job => [job.name, job] as const))(
    "%s: silent over its longest gap, firing within its promise after one miss",
    async (_name, job) => {
      const tests = promtoolTests(job, plan.estate);
      expect(tests.map(({ alert }) => alert)).toEqual(
        rulesOf(job, plan.estate).rules.map(rule => rule.alert),
      );
      const { exitCode, output } = await run(tests);
      expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("SUCCESS") });
    },
  );

  test("the estate's own alerts: an absence alert fires when their series are gone, what the jobs stand on is told when it goes, and one fires all the time", async () => {
    const tests = promtoolTestsOfEstate(plan);
    expect(tests).toHaveLength(absenceRules(plan).length + standingRules(plan).length + 1);
    const { exitCode, output } = await run(tests);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("SUCCESS") });
  });

  test("all rules together are a file that promtool takes", async () => {
    const groups = ruleGroups(plan);
    writeFileSync(join(folder, "rules.yml"), ruleFile(groups));
    const { exitCode, output } = await promtoolSays("check", "rules", "rules.yml");
    expect(output).toContain(`SUCCESS: ${groups.flatMap(({ rules }) => rules).length} rules found`);
    expect(exitCode).toBe(0);
  });
});

test.each([
  ["a threshold inside the healthy gap is caught", "25h"],
  ["a threshold beyond the promise is caught", "2d"],
])("%s", async (_, staleAfter) => {
  const plan = planned(
    exampleWith(({ layers }) => {
      const [mirror] = layers["nfs-mirror"];
      if (mirror) mirror.alert = { receiver: "infra", staleAfter };
    }),
  );
  const mirror = plan.jobs.find(job => job.name === "nfs-mirror");
  if (!mirror) throw new Error("the example has no mirror");
  const { exitCode, output } = await run(promtoolTests(mirror, plan.estate));
  expect(output).toContain("NfsMirrorStale");
  expect(exitCode).not.toBe(0);
});
