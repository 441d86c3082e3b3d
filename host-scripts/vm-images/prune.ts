import { RunnerError } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { emptyTrash, expiredOf, generationsOf } from "../runtime/generations";
import { endHandOver, retireOne } from "../runtime/hand-over";
import type { Phase } from "../runtime/phases";
import { keepUnremoved } from "../runtime/unremoved";
import { type GoodImage, imagesOf, whyKept } from "./image";
import { currentPeriod, nameOf, rootOf, type Vm, type VmImages } from "./vm-images";

/** Removes what the policy no longer keeps of a VM that just got a good image. */
export async function pruneVm(run: VmImages, vm: Vm, stop: AbortSignal): Promise<void> {
  const { config, dryRun, log } = run;
  const root = rootOf(config);
  for (const image of expiredImages(run, vm)) {
    log.info(`${dryRun ? "would remove" : "removes"} ${image.folder} of ${nameOf(vm)}`);
    run.pruned = [...(run.pruned ?? []), image.folder];
    if (!dryRun) retireOne(run, root, image.generation);
  }
  // A run takes hours, and each image goes by itself.
  endHandOver(run);
  if (!dryRun) await empty(run, stop);
}

/** Removes what is out of sight. What can't be removed keeps no VM from its image: the run fails for it at its end. */
export async function empty(run: VmImages, stop = run.stop.signal): Promise<void> {
  try {
    await emptyTrash([rootOf(run.config)], stop);
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    keepUnremoved(run, error);
  }
}

/** What goes; somebody's own files beside an image, and an image that is protected in Proxmox, stay and are told. */
function expiredImages(run: VmImages, vm: Vm): GoodImage[] {
  const { config, notes } = run;
  const { every, count } = config.keep;
  const images = imagesOf(config, vm.id).map(image => ({ ...image, period: image.generation.period }));
  const wanted = new Set(generationsOf(rootOf(config), String(vm.id), every).map(({ folder }) => folder));
  const own = images.filter(({ folder }) => wanted.has(folder));
  // Those of a kind of period that the estate no longer asks for go once there are as many of the other kind as are kept.
  const former = own.length < count ? [] : images.filter(({ folder }) => !wanted.has(folder));
  return [...former, ...expiredOf(own, count, currentPeriod(run))].filter(({ folder }) => {
    const why = whyKept(folder, vm.id);
    const told = `${quoted(folder)} would be old enough to go, and stays: ${why}`;
    if (why !== undefined && !notes.includes(told)) notes.push(told);
    return why === undefined;
  });
}

/** Of a dry run: what would go if each VM got a good image now. */
export const previewPrune: Phase<VmImages> = {
  name: "prune",
  async run(run) {
    for (const vm of run.config.vms) await pruneVm(run, vm, run.stop.signal);
  },
};
