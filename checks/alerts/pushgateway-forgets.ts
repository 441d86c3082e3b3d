import { longestGap } from "../../plan/calendar";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { example, mended } from "../examples";

/** A job that pushes this often is seen again before anybody looks. */
const soonMs = 2 * 3_600_000;

export const pushgatewayForgets = defineCheck({
  code: "alerts/pushgateway-forgets",
  severity: "error",
  title: "The Pushgateway forgets what jobs push once a day",
  why: "On 2026-04-22 a restart of the reference's Pushgateway dropped the offsite run's metrics eight hours after they were pushed. Until the next night every backup looked as if it had never run.",
  run: plan => {
    // Of one that a deployment makes, the estate takes nothing else.
    if (plan.estate.monitoring.pushgatewayPersistent) return [];
    const rare = plan.jobs
      .map(job => ({ job, gap: longestGap(job.trigger.schedule, job.trigger.zone, plan.estate.years) }))
      .filter(({ gap }) => gap.ms > soonMs)
      .sort((a, b) => b.gap.ms - a.gap.ms);
    const [rarest] = rare;
    if (!rarest) return [];
    const { job, gap } = rarest;
    return [
      {
        subject: "pushgateway",
        message:
          `The Pushgateway keeps nothing over a restart, and ${rare.length} of ${plan.jobs.length} jobs push less often than every ${formatDuration(soonMs)}. ` +
          `${job.called} would be unseen for up to ${formatDuration(gap.ms)}.`,
        fix: "Run it with --persistence.file on a volume, and set monitoring.pushgatewayPersistent: true.",
        evidence: {
          jobs: rare.map(each => each.job.called),
          unseenMs: gap.ms,
          counterexample: [gap.fromMs, gap.toMs].map(instant => new Date(instant).toISOString()),
        },
      },
    ];
  },
  examples: {
    bad: [
      mended(
        example("a Pushgateway in memory alone", ({ monitoring }) => {
          monitoring.pushgatewayPersistent = false;
        }),
        {
          says: "pushgatewayPersistent: true",
          edit: ({ monitoring }) => {
            monitoring.pushgatewayPersistent = true;
          },
        },
      ),
    ],
    good: [
      example("one with a file"),
      example("one that the deployment makes", ({ monitoring, secrets }) => {
        secrets["pushgateway"] = { keptIn: ["break-glass"] };
        monitoring.pushgateway = "http://192.168.1.20:30091";
        monitoring.pushgatewayLogin = { user: "holdfast", password: "pushgateway" };
        monitoring.pushgatewayServer = { cluster: "k8s", image: "docker.io/prom/pushgateway:v1.11.1" };
      }),
    ],
  },
});
