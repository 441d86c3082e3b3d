import {
  differsMetric,
  effectiveStateMetricNames,
  type effectiveStateMetrics,
} from "../../plan/contracts/effective-state";
import type { Counted } from "../../plan/contracts/metric";
import { leaveDifferences } from "../runtime/differences";
import type { Summary } from "../runtime/job-run";
import { family } from "../runtime/metric-text";
import { tellPart } from "../runtime/part-metrics";
import { type EffectiveState, keyOf, lineOf } from "./effective-state";
import { subjectOf } from "./subject";

/** What a run tells of itself. */
export const summary: Summary<EffectiveState, Counted<typeof effectiveStateMetrics>> = {
  values: ({ config, differences }) => ({
    [effectiveStateMetricNames.declared]: differences && config.declared.length,
    [effectiveStateMetricNames.differing]: differences && new Set(differences.map(keyOf)).size,
  }),
  figures: ({ config, differences }) => ({ declared: config.declared.length, differences }),
  done({ config, differences }, seconds) {
    const differ = new Set(differences?.map(keyOf)).size;
    return `${config.declared.length} things read back, ${differ} of them differ; looked in ${seconds} s`;
  },
};

/** Tells of each thing whether it differs; a look that couldn't ask leaves what the one before it told. */
export async function tellDifferences(run: EffectiveState, stop: AbortSignal): Promise<void> {
  const { config, differences, log } = run;
  if (!run.lock || !differences) return;
  leaveDifferences(config, differences.map(lineOf), log);
  const declared = config.declared.map(one => ({ kind: one.kind, subject: subjectOf(one) }));
  const differ = new Set(differences.map(keyOf));
  const series = declared.map(labels => ({
    labels,
    value: differ.has(keyOf(labels)) ? 1 : 0,
  }));
  await tellPart(
    config,
    {
      families: [family(differsMetric, series)],
      textfile: config.differsTextfile,
      what: "what isn't as it is declared",
    },
    stop,
    log,
  );
}
