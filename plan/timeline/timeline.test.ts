import { parseEstate, planOf } from "..";
import { exampleWith } from "../estate/example";
import { timelineOf } from ".";

const minute = 60_000;
const night = [Date.parse("2026-11-23T22:00:00Z"), Date.parse("2026-11-24T10:00:00Z")] as const;
const planWith = (change: Parameters<typeof exampleWith>[0]) => planOf(parseEstate(exampleWith(change)));
const calm = planWith(() => undefined);

test("a night in Sofia, in the order of its starts", () =>
  expect(
    timelineOf(calm, ...night)
      .filter(({ job }) => !["nfs-change-tracker", "effective-state"].includes(job))
      .map(run => `${new Date(run.startMs).toISOString().slice(11, 16)} ${run.job}`),
  ).toEqual([
    "22:00 lvm-pvc-snapshot",
    "23:00 etcd-backup",
    "23:30 vault-backup",
    "00:00 nfs-mirror",
    "02:00 daily-backup",
    // Asked for at the same time, it waits.
    "02:40 pfsense-backup",
    "04:00 offsite-sync-backup",
    "08:00 nas-snapshots",
  ]));

test("slack is from the budget's end to the next start on the same disk, and to the job's own", () => {
  const mirror = timelineOf(calm, ...night).find(run => run.job === "nfs-mirror");
  expect(mirror).toMatchObject({
    disks: ["pve/sda", "pve/sdc"],
    usualEndMs: Date.parse("2026-11-24T00:20:00Z"),
    // 45 min budget and the timer's minute.
    budgetEndMs: Date.parse("2026-11-24T00:46:00Z"),
    next: { job: "daily-backup", startMs: Date.parse("2026-11-24T02:00:00Z") },
    slackMs: 74 * minute,
    ownSlackMs: (24 * 60 - 46) * minute,
  });
});

test("a run that waits for another starts at its end", () => {
  const late = planWith(estate => {
    for (const spec of estate.layers["daily-backup"]) {
      spec.schedule.onCalendar = "*-*-* 05:50:00";
    }
  });
  expect(timelineOf(late, ...night).find(run => run.job === "offsite-sync-backup")).toMatchObject({
    askedMs: Date.parse("2026-11-24T04:00:00Z"),
    startMs: Date.parse("2026-11-24T04:32:00Z"),
  });
});

test("slack is negative where budgets collide", () => {
  const crowded = planWith(estate => {
    for (const spec of estate.layers["daily-backup"]) spec.schedule.onCalendar = "*-*-* 02:30:00";
  });
  expect(timelineOf(crowded, ...night).find(run => run.job === "nfs-mirror")?.slackMs).toBe(-16 * minute);
});
