import { parseEstate, planOf } from "../../plan";
import { overlapOnDisk } from "./overlap-on-disk";

const found = (index: number) =>
  overlapOnDisk.run(planOf(parseEstate(overlapOnDisk.examples.bad[index]?.estate)), 0);

test("gives both windows of the first night, and how often it happens", () => {
  const findings = found(0);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    subject: "daily-backup",
    evidence: {
      disk: "pve/sdc",
      times: 730,
      overlapMs: 10 * 60_000,
      counterexample: [
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:20:00.000Z",
        "2026-01-01T00:10:00.000Z",
        "2026-01-01T00:50:00.000Z",
      ],
    },
  });
});

test("a CronJob and a timer can't wait for one another, so the fix moves one", () => {
  expect(found(1)[0]).toMatchObject({
    fix: expect.stringMatching(/^Start .* later, or .* earlier\.$/) as string,
  });
});
