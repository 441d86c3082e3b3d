import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { estateRules } from "../../alerts/groups";
import { promtoolTests, promtoolTestsOfEstate } from "../../alerts/promtool-tests";
import { type RuleGroup, rulesOf } from "../../alerts/rules";
import { ruleFile } from "../../components/rule-file";
import { debianPackages } from "../../lab/debian";
import { type EstateInput, parseEstate, type Plan, planOf } from "../../plan";
import { exampleEstate, exampleWith } from "../../plan/estate/example";
import { estate as homelab } from "../../stacks/homelab/estate";

jest.setTimeout(300_000);

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

/** Runs a test file against rules. @returns promtool's exit code and what it printed */
async function run(
  groups: readonly RuleGroup[],
  tests: string,
): Promise<{ exitCode: number; output: string }> {
  writeFileSync(join(folder, "rules.yml"), ruleFile(groups));
  writeFileSync(join(folder, "tests.yml"), tests);
  const result = await execa(promtool, ["test", "rules", "tests.yml"], {
    cwd: folder,
    reject: false,
    all: true,
  });
  return { exitCode: result.exitCode ?? -1, output: result.all };
}

const planned = (estate: EstateInput): Plan => planOf(parseEstate(estate));
const houses = [
  ["the example", planned(exampleEstate())],
  ["the homelab", planned(homelab)],
] as const;

describe.each(houses)("%s", (_, plan) => {
  test.each(plan.jobs.map(job => [job.name, job] as const))(
    "%s: silent over its longest gap, firing within its promise after one miss",
    async (_name, job) => {
      const { exitCode, output } = await run(
        [rulesOf(job, plan.estate)],
        promtoolTests(job, plan.estate, "rules.yml"),
      );
      expect(output).toContain("SUCCESS");
      expect(exitCode).toBe(0);
    },
  );

  test("the estate's own alerts: a twin fires when their series are gone", async () => {
    const { exitCode, output } = await run(estateRules(plan), promtoolTestsOfEstate(plan, "rules.yml"));
    expect(output).toContain("SUCCESS");
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
  const { exitCode, output } = await run(
    [rulesOf(mirror, plan.estate)],
    promtoolTests(mirror, plan.estate, "rules.yml"),
  );
  expect(output).toContain("NfsMirrorStale");
  expect(exitCode).not.toBe(0);
});
