import { ruleGroups } from "../../alerts/groups";
import { parseDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { alertExample, example, mended } from "../examples";

/** What 64 bits hold in nanoseconds: 292 years. */
const longestMs = 2 ** 63 / 1e6;

/** Of rules that are fine each by itself; what is wrong with an expression is `alerts/syntax`'s. */
export const fileRefused = defineCheck({
  code: "alerts/file-refused",
  severity: "error",
  title: "Prometheus refuses the file with all rules",
  why: "One group whose name is there twice, one duration that is too long, and Prometheus keeps the rules that it had, or none after a restart. No alert tells of it.",
  run: plan => {
    const groups = ruleGroups(plan);
    // Two jobs of one name on one host are alerts/job-unwatched's.
    const unlike = groups.filter((_, at) => {
      const job = plan.jobs[at];
      return !job || plan.jobs.findIndex(({ host, name }) => host === job.host && name === job.name) === at;
    });
    const twice = unlike.filter(({ name }, at) => unlike.findIndex(other => other.name === name) < at);
    const tooLong = groups.flatMap(({ rules }) => rules.filter(rule => parseDuration(rule.for) > longestMs));
    return [
      ...twice.map(({ name }): Found => ({
        subject: name,
        message: `Two groups of rules are called ${name}: one of the estate's own alerts or of a job, and one of another job. Prometheus takes neither.`,
        fix: `Call the estate otherwise than ${plan.estate.name}, or rename the host or the job.`,
        evidence: { group: name },
      })),
      ...tooLong.map((rule): Found => ({
        subject: rule.alert,
        message: `${rule.alert} is to hold for ${rule.for}, and Prometheus takes 292 years at most.`,
        fix: `Write a shorter duration, e.g. for: "5min", or a shorter alert.staleAfter of its job.`,
        evidence: { alert: rule.alert, for: rule.for },
      })),
    ];
  },
  examples: {
    bad: [
      mended(
        example("an estate that is called as a host and its job", estate => {
          estate.name = "pve-nfs-mirror";
        }),
        {
          says: "Call the estate otherwise than pve-nfs-mirror",
          edit: estate => {
            estate.name = "example";
          },
        },
      ),
      mended(
        alertExample(
          "a condition for millennia",
          'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15',
          {
            for: "200000w",
          },
        ),
        {
          says: 'for: "5min"',
          edit: ({ monitoring }) => edit(monitoring.alerts?.at(-1), { for: "5min" }),
        },
      ),
    ],
    good: [example("a group for each job, and one for the estate's own alerts")],
  },
});
