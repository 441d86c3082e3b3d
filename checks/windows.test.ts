import { parseEstate, planOf } from "../plan";
import { exampleWith } from "../plan/estate/example";
import { yearsOf } from "../plan/graph/loss";
import { latestEnd, longestRun } from "./windows";

test("no run takes longer than the longest one, be it held up by one job after the other", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ layers }) => {
        const [daily] = layers["daily-backup"];
        const [mirror] = layers["nfs-mirror"];
        const [offsite] = layers["offsite-sync"];
        if (!daily || !mirror || !offsite) throw new Error("the example has one of each");
        // The one that begins last while the first goes on keeps the third from starting for as long again.
        Object.assign(mirror, { schedule: { onCalendar: "*-*-* 02:00:00" }, budget: "2h" });
        Object.assign(daily, { schedule: { onCalendar: "*-*-* 03:50:00" }, budget: "2h" });
        offsite.schedule = { onCalendar: "*-*-* 02:05:00", after: ["nfs-mirror", "daily-backup"] };
      }),
    ),
  );
  const timeline = yearsOf(plan);
  for (const job of plan.jobs) {
    const longest = Math.max(
      ...timeline
        .runsOf(job)
        .queuedMs.slice(-400)
        .map(ms => latestEnd(job, ms, plan) - ms),
    );
    expect(longest).toBeLessThanOrEqual(longestRun(job, plan));
  }
});
