import { readAlerts } from "../../alerts/alert";
import { selected } from "../../alerts/promql/select";
import { selectorsOf } from "../../alerts/promql/syntax";
import { seriesOf } from "../../alerts/series";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { alertExample, mended } from "../examples";

/** Of alerts on exporters' metrics; those on jobs' metrics are followed from run to run by `alerts/later-than-promise`. */
export const waitsTooLong = defineCheck({
  code: "alerts/waits-too-long",
  severity: "error",
  title: "An alert waits for longer than what its host's jobs may lose",
  why: "`for` is there to pass over a minute's noise. A full disk that has to stay full for three days is told when three nights have failed.",
  run: plan => {
    const index = seriesOf(plan);
    return readAlerts(plan).flatMap(alert => {
      if (alert.origin !== "estate") return [];
      const series = selectorsOf(alert.parsed).flatMap(selector => selected(selector, index));
      if (series.length === 0 || series.some(({ kind }) => kind === "job")) return [];
      const instances = new Set(series.map(({ labels }) => labels["instance"]));
      const copiers = plan.jobs.filter(({ flows }) => flows.length > 0);
      const here = copiers.filter(({ host }) => instances.has(host));
      const [shortest] = (here.length > 0 ? here : copiers).sort((a, b) => a.judged.rpoMs - b.judged.rpoMs);
      const forMs = parseDuration(alert.rule.for);
      if (!shortest || forMs <= shortest.judged.rpoMs) return [];
      const promisedMs = shortest.judged.rpoMs;
      return [
        {
          subject: alert.name,
          message: `${alert.name} fires when its condition has held for ${formatDuration(forMs)}, and ${shortest.name} may lose ${formatDuration(promisedMs)} at most.`,
          fix: `Write for: "5min", or less than ${formatDuration(promisedMs)}.`,
          evidence: { forMs, job: shortest.name, promiseMs: promisedMs },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        alertExample("a host that is down for three days", 'up{job="proxmox-host"} == 0', { for: "3d" }),
        {
          says: 'Write for: "5min"',
          edit: ({ monitoring }) => edit(monitoring.alerts?.at(-1), { for: "5min" }),
        },
      ),
    ],
    good: [alertExample("an hour", 'up{job="proxmox-host"} == 0', { for: "1h" })],
  },
});
