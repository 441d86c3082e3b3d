import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { assumedNotEnforced } from "./assumed-not-enforced";

test("names writer, reader and the three times", () => {
  const [finding] = assumedNotEnforced.run(
    planOf(parseEstate(assumedNotEnforced.examples.bad[0]?.estate)),
    0,
  );
  expect(finding).toMatchObject({
    subject: "nfs-mirror",
    message:
      "nfs-mirror reads what vault-backup writes and starts at 2026-01-01 02:00, but the run of 2026-01-01 01:55 may take " +
      "until 2026-01-01 02:05 (budget 10 min). It would copy the generation before.",
    evidence: {
      writer: "vault-backup",
      missingMs: 5 * 60_000 + 10_000,
      counterexample: ["2025-12-31T23:55:00.000Z", "2026-01-01T00:05:10.000Z", "2026-01-01T00:00:00.000Z"],
    },
  });
});

test("a writer that waits for another one ends later by that one's budget", () => {
  const estate = exampleWith(({ layers }) => {
    const [mirror] = layers["nfs-mirror"];
    const [daily] = layers["daily-backup"];
    const [offsite] = layers["offsite-sync"];
    if (mirror) mirror.budget = "2h 10min";
    if (daily)
      Object.assign(daily, {
        budget: "1h 55min",
        schedule: { onCalendar: "*-*-* 04:00:00", after: ["nfs-mirror"] },
      });
    if (offsite) offsite.schedule.after = ["nfs-mirror"];
  });
  const [finding] = assumedNotEnforced.run(planOf(parseEstate(estate)), 0);
  expect(finding).toMatchObject({
    subject: "offsite-sync-backup",
    evidence: { writer: "daily-backup", missingMs: 6 * 60_000 },
  });
});
