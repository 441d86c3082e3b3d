import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { runChecks } from "..";

test("names the snapshot that is gone when its copier comes", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ layers }) => {
        const [snapshots] = layers["lvm-pvc-snapshot"];
        if (snapshots) snapshots.keep = { age: "3h", atLeast: 0 };
      }),
    ),
  );
  expect(runChecks(plan, Date.UTC(2026, 10, 1))).toMatchObject([
    {
      code: "retention/outlived-by-source",
      subject: "lvm-pvc-snapshot",
      // From midnight to four in the morning, and the hour that the clock goes back over.
      evidence: { keptMs: 3 * 3_600_000, waitMs: 5 * 3_600_000, copier: "daily-backup" },
    },
  ]);
});
