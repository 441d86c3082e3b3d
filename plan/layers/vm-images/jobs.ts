import { shortestGap } from "../../calendar";
import {
  vmImagesFolder,
  vmImagesJobName,
  vmImagesMetricNames,
  vmImagesMetrics,
  type VmImagesConfig,
  vmSuccessMetric,
} from "../../contracts/vm-images";
import type { Estate } from "../../estate/schema";
import type { JobAlert, Judgement, LayerJob, Machine, Trigger } from "../../job";
import { generationPolicyOf } from "../../retention";
import { parseDuration } from "../../units/duration";
import type { WayBack } from "../../way-back";
import { runOf, timerTrigger } from "../common";
import { mountOf, runnerConfig, textfile, timerOf } from "../host-runner";
import { hostLocation } from "../places";
import type { VmImagesSpec } from "./spec";
import { vmsOf, wantedVmsOf } from "./vms";
import { imagePanels } from "./panels";

export function vmImagesJob(spec: VmImagesSpec, estate: Estate): LayerJob {
  const { host, target } = spec;
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const images = hostLocation(estate, host, `${target}/${vmImagesFolder}`);
  const keep = generationPolicyOf(spec.keep);
  return {
    name: vmImagesJobName,
    runsOn: images.machine,
    host,
    trigger,
    ...run,
    flows: wantedVmsOf(host, estate).map(({ dataset, spec: { id } }) => ({
      source: { kind: "dataset", id: dataset },
      target: images,
      retention: { kind: "count", ...keep },
      metadata: "kept",
      outOfHostsReach: false,
      verified: true,
      secrets: [],
      wayBack: imageBack(id, images.machine),
    })),
    deletes: [{ location: images, keeps: [], scope: "own-generations" }],
    journal: { kind: "writes", below: target },
    provedBy: "a machine that starts from its image",
    metricsJob: vmImagesJobName,
    metrics: [...vmImagesMetrics, vmSuccessMetric],
    alerts: alertsOf(host, run.judged),
    panels: imagePanels,
    ...timerOf({
      job: vmImagesJobName,
      runner: vmImagesJobName,
      description: `Images of virtual machines to ${target}`,
      trigger,
      timeoutMs: run.timeoutMs,
      mounts: [target],
      background: true,
      // Proxmox's programs start a VM that is off to make its image, which would stay in this unit's sandbox: they run in units
      // of their own. zstd reads what a guest has filled.
      rights: { reads: [], writes: [target], files: "own", volumes: "none", parses: true },
      credentials: [],
      config: configOf(spec, estate, trigger, run.budgetMs),
    }),
  };
}

/** Beside whatever there is: who restores an image over a VM loses what it has done since. */
function imageBack(id: number, where: Machine): WayBack {
  return {
    needs: `*/${id}`,
    called: String(id),
    steps: [
      {
        ...{ kind: "command", where },
        argv: [vmImagesJobName, "restore", String(id)],
        changes: `there is a VM, off, as VM ${id} was when its newest good image was made: under its own id if that is free, else under another, with new network addresses; no VM that is there is touched`,
        undo: "qm destroy with the id that is printed at the end",
        verifies:
          "it ends with 0 after the image was read to its end and qmrestore ended well; then the VM starts",
      },
    ],
  };
}

function configOf(spec: VmImagesSpec, estate: Estate, trigger: Trigger, budgetMs: number): VmImagesConfig {
  const { host, target, vmBudget } = spec;
  const wanted = wantedVmsOf(host, estate);
  const unwanted = vmsOf(host, estate).filter(vm => !wanted.some(({ dataset }) => dataset === vm.dataset));
  return {
    job: vmImagesJobName,
    ...runnerConfig(vmImagesJobName, host, budgetMs, estate),
    zone: trigger.zone,
    target: mountOf(estate, host, target),
    keep: generationPolicyOf(spec.keep),
    vms: wanted.map(({ dataset, spec: { id } }) => ({ id, name: dataset })),
    without: [...unwanted.map(({ spec: { id } }) => id), ...spec.without.map(({ id }) => id)],
    withoutDisks: spec.withoutDisks.map(({ name }) => name),
    size: spec.size,
    vmBudgetMs: vmBudget === undefined ? Math.floor(budgetMs / 3) : parseDuration(vmBudget),
    freshMs: freshMs(trigger, estate),
    vmsTextfile: textfile(`${vmImagesJobName}-vms`),
  };
}

/** Half a day, and less where the timer fires more often than once a day: what it starts makes each image anew. */
function freshMs({ schedule, zone }: Trigger, estate: Estate): number {
  return Math.min(12 * 3_600_000, Math.floor(shortestGap(schedule, zone, estate.years).ms / 2));
}

function alertsOf(host: string, { staleAfterMs }: Judgement): JobAlert[] {
  return [
    {
      name: "VMImageStale",
      metric: vmImagesMetricNames.vmSuccess,
      fires: { kind: "older", thanMs: staleAfterMs },
      summary:
        "vm-images on " +
        host +
        ` has had no good image of VM {{ $labels.vmid }} ({{ $labels.vm }}) for {{ $value | humanizeDuration }}, the limit is ${Math.round(staleAfterMs / 1000)} s`,
    },
    {
      name: "VMWithoutImage",
      metric: vmImagesMetricNames.unnamed,
      fires: { kind: "above", than: 0 },
      summary: `{{ $value }} VMs of ${host} have no image, as the estate doesn't name them: journalctl -u ${vmImagesJobName} says which. Make each a dataset of a service, or list it in "without"`,
    },
  ];
}
