import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { contradictEachOther } from "./contradict-each-other";
import { differsFromPlan } from "./differs-from-plan";

const stated = (
  ...statements: [where: string, about: string, fact: "schedule" | "used" | "metric", says: string][]
) =>
  planOf(
    parseEstate(
      exampleWith(estate => {
        estate.statements = statements.map(([where, about, fact, says]) => ({ where, about, fact, says }));
      }),
    ),
  );

test("tells each wrong value once, with every place that has it", () => {
  const findings = differsFromPlan.run(
    stated(
      ["components table", "lvm-pvc-snapshot", "schedule", "*-*-* 03:00:00"],
      ["layer 1 text", "lvm-pvc-snapshot", "schedule", "0 3 * * *"],
      ["diagram", "lvm-pvc-snapshot", "schedule", "*-*-* 00,12:00:00"],
      ["timeline", "lvm-pvc-snapshot", "schedule", "*-*-* 00:00:00"],
    ),
    0,
  );
  expect(findings.map(({ evidence }) => [evidence["says"], evidence["places"]])).toEqual([
    ["*-*-* 03:00:00", ["components table", "layer 1 text"]],
    ["*-*-* 00:00:00", ["timeline"]],
  ]);
  expect(findings[0]?.message).toBe(
    "components table, layer 1 text: schedule of lvm-pvc-snapshot is *-*-* 03:00:00, the plan has *-*-* 00,12:00:00.",
  );
});

test("what the plan knows isn't told a second time as a contradiction", () => {
  const plan = stated(
    ["text", "offsite-sync-backup", "metric", "offsite_backup_sync_last_success_timestamp"],
    ["list", "offsite-sync-backup", "metric", "backup_last_success_timestamp"],
  );
  expect(contradictEachOther.run(plan, 0)).toEqual([]);
  expect(differsFromPlan.run(plan, 0)).toHaveLength(1);
});

test("what the plan doesn't know is told once for all places", () => {
  const plan = stated(
    ["overview", "sda", "used", "46%"],
    ["layout", "sda", "used", "70%"],
    ["notes", "sda", "used", "70%"],
  );
  expect(differsFromPlan.run(plan, 0)).toEqual([]);
  expect(contradictEachOther.run(plan, 0).map(({ message }) => message)).toEqual([
    "used of sda is said to be 46% (overview) and 70% (layout, notes).",
  ]);
});
