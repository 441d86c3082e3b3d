import type { Counted } from "../../plan/contracts/metric";
import { vmImagesMetricNames, type vmImagesMetrics, vmSuccessMetric } from "../../plan/contracts/vm-images";
import type { Summary } from "../runtime/job-run";
import { family } from "../runtime/metric-text";
import { tellPart } from "../runtime/part-metrics";
import { newestMs } from "./image";
import type { Outcome, VmImages } from "./vm-images";

/** What a run tells of itself. */
export const summary: Summary<VmImages, Counted<typeof vmImagesMetrics>> = {
  values: run => ({
    [vmImagesMetricNames.bytes]: bytesOf(run),
    [vmImagesMetricNames.failed]: run.host && of(run, "failed").length,
    [vmImagesMetricNames.unnamed]: run.unnamed?.length,
  }),
  figures: run => ({
    vms: run.config.vms.length,
    made: of(run, "made").length,
    fresh: of(run, "fresh").length,
    failed: of(run, "failed").length,
    bytes: bytesOf(run),
    pruned: run.pruned,
  }),
  done: (run, seconds) =>
    `${run.config.vms.length} VMs have a good image: ${of(run, "made").length} made (${bytesOf(run)} bytes), ${of(run, "fresh").length} still young, in ${seconds} s`,
};

function of<K extends Outcome["kind"]>({ outcomes }: VmImages, kind: K): Extract<Outcome, { kind: K }>[] {
  return [...outcomes.values()].filter(
    (outcome): outcome is Extract<Outcome, { kind: K }> => outcome.kind === kind,
  );
}

function bytesOf(run: VmImages): number {
  return of(run, "made").reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Tells how old each VM's newest good image is, also of one that is missing. One without an image says 0, which is older than any limit. */
export async function tellVms({ config, host, log }: VmImages, stop: AbortSignal): Promise<void> {
  // Before that, nothing is known of the disk either.
  if (!host) return;
  const ages = config.vms.map(({ id, name }) => ({
    labels: { vmid: String(id), vm: name },
    value: Math.floor(newestMs(config, id) / 1000),
  }));
  await tellPart(
    config,
    {
      families: [family(vmSuccessMetric, ages)],
      textfile: config.vmsTextfile,
      what: "the age of each VM's image",
    },
    stop,
    log,
  );
}
