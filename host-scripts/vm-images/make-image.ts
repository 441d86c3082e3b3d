import { periodOf } from "../../plan/contracts/period";
import { acceptCommand } from "../runtime/arguments";
import { messageOf, RunnerError } from "../runtime/errors";
import { roomOf } from "../runtime/free-room";
import { discard, type FreshGeneration, freshGeneration, generationIn } from "../runtime/generations";
import { endHandOver, reveal as revealGeneration } from "../runtime/hand-over";
import { quoted, shortened } from "../runtime/quoted";
import { saidWhere } from "../runtime/said-where";
import { ready, shell } from "../runtime/shell";
import { heldGeneration, heldImage, hold, letGo } from "./held";
import type { VmImagesConfig } from "../../plan/contracts/vm-images";
import { type GoodImage, type Image, imageIn, newestImage, whyKept } from "./image";
import { collapseOf, refuseUnfinished } from "./judge-image";
import { runProgram } from "./proxmox";
import { empty, pruneVm } from "./prune";
import { testImage } from "./test-image";
import { currentPeriod, ImageFailed, nameOf, rootOf, type Vm, type VmImages } from "./vm-images";
import { causeOf, diskName, lockOf, readDumpLog } from "./vzdump-log";

/**
 * Makes an image of a VM: built where nobody looks, verified, and visible as a whole. Only then an earlier one may go.
 * @returns its bytes @throws {ImageFailed} when there is none, or one that somebody has to look at
 */
export async function makeImage(run: VmImages, vm: Vm, stop: AbortSignal): Promise<number> {
  const { config, accepted, log } = run;
  const isAccepted = accepted.has(String(vm.id));
  const last = newestImage(config, vm.id);
  const held = heldImage(config, vm.id);
  if (isAccepted && held && held.begunMs >= (last?.begunMs ?? 0)) {
    const period = periodOf(held.begunMs, config.keep.every, config.zone);
    refuseKeptPlace(config, vm, period);
    if (await isWhole(run, vm, held, stop)) {
      await reveal(run, vm, heldGeneration(config, vm.id, period), stop);
      log.info(`${nameOf(vm)}: the image that was kept beside the others is accepted`);
      return held.bytes;
    }
  }
  refuseKeptPlace(config, vm, currentPeriod(run));
  await makeRoom(run, vm, last, stop);
  const fresh = freshGeneration(rootOf(config), currentPeriod(run), String(vm.id));
  try {
    const image = await dump(run, vm, fresh, stop);
    await testImage(image, { stop, timeoutMs: config.budgetMs });
    tellExcluded(run, vm, image);
    tellAgent(run, vm, image);
    const collapse = collapseOf(image, last, config.size);
    if (collapse !== undefined && !isAccepted) {
      hold(config, vm.id, fresh);
      throw new ImageFailed(
        `${collapse} It is kept beside the earlier ones, in ${rootOf(config)}/.held/${vm.id}`,
        shell`look at the VM; if it is meant to be so: ${ready(acceptCommand(config.job, String(vm.id)))}`,
      );
    }
    if (collapse !== undefined) run.notes.push(`${nameOf(vm)}: ${collapse} It is accepted`);
    await reveal(run, vm, fresh, stop);
    return image.bytes;
  } finally {
    // At once: the next VM needs its room.
    discard(fresh);
    await empty(run);
  }
}

/** Of an image that waited, and is accepted: one that has rotted meanwhile gives way to a new one, which is accepted too. */
async function isWhole(
  { config, notes }: VmImages,
  vm: Vm,
  held: Image,
  stop: AbortSignal,
): Promise<boolean> {
  try {
    await testImage(held, { stop, timeoutMs: config.budgetMs });
    return true;
  } catch (error) {
    if (!(error instanceof ImageFailed) || stop.aborted) throw error;
    notes.push(
      `${nameOf(vm)}: the image that waited is no good any more, a new one is made: ${error.reason}`,
    );
    return false;
  }
}

/** An image takes the place of the one of its period; never that of somebody's own. */
function refuseKeptPlace(config: VmImagesConfig, vm: Vm, period: string): void {
  const root = rootOf(config);
  const there = generationIn(root, period, String(vm.id));
  const why = there && whyKept(there.folder, vm.id);
  if (!there || why === undefined) return;
  throw new ImageFailed(
    `${quoted(there.folder)} is where its image of this ${config.keep.every} goes, and stays: ${why}`,
    shell`mv ${there.folder} ${`${root}/kept-${period}-${vm.id}`}; systemctl start ${config.job}   (or wait for the next ${config.keep.every})`,
  );
}

/** Visible, named to the offsite run before; then what nobody wants any more goes, so that the next VM has its room. */
async function reveal(run: VmImages, vm: Vm, fresh: FreshGeneration, stop: AbortSignal): Promise<void> {
  const { config, log } = run;
  try {
    await revealGeneration(run, fresh, stop);
  } finally {
    endHandOver(run);
  }
  if (letGo(config, vm.id)) log.info(`${nameOf(vm)}: the image that waited gives way to a newer good one`);
  await pruneVm(run, vm, stop);
}

async function dump(run: VmImages, vm: Vm, fresh: FreshGeneration, stop: AbortSignal): Promise<Image> {
  const { config, log } = run;
  const printed = { text: "" };
  const result = await runProgram(
    config.job,
    [
      ...(["vzdump", String(vm.id), "--mode", "snapshot", "--compress", "zstd"] as const),
      // Its own retention is off: an earlier image goes after this one is verified, and not before.
      ...["--remove", "0", "--dumpdir", fresh.folder, "--ionice", "8"],
    ],
    {
      ...{ timeoutMs: config.budgetMs, stop },
      onStdout(chunk) {
        printed.text = `${printed.text}${chunk.toString()}`.slice(-100_000);
        const line = /^INFO: +(\d+% .*)$/m.exec(chunk.toString())?.[1];
        if (line !== undefined) log.progress(`images: ${nameOf(vm)}: ${line}`);
      },
    },
  );
  stop.throwIfAborted();
  const said = readDumpLog(`${printed.text}\n${result.stderr}`, vm.id);
  if (result.ended !== "exited" || result.exitCode !== 0) {
    const cause = causeOf(said, vm.id) ?? result.stderr.trim().split("\n").at(-1) ?? "";
    throw new ImageFailed(
      `vzdump ended with ${result.exitCode ?? result.ended}: ${cause.trim()}`,
      nextOf(cause, `${printed.text}${result.stderr}`, vm, run),
    );
  }
  const image = imageIn(fresh.folder, vm.id);
  refuseUnfinished(image, vm, said.errors.at(-1) ?? "");
  return image;
}

/** What has begun to make it, or to give it back what it was, was cut. */
const inPart: readonly string[] = ["create", "clone", "rollback"];

/** Taking a lock from a VM is for somebody who has looked: what has it may still be at work, and a suspended VM is lost by it. */
function nextOf(cause: string, said: string, { id }: Vm, { config }: VmImages): string {
  const lock = lockOf(cause);
  if (lock === "suspended" || lock === "suspending")
    return shell`qm resume ${id}   (it sleeps with its memory on disk: with qm unlock that would be lost)`;
  // An image of what is in part, once it were unlocked, would take the place of a good one.
  if (lock !== undefined && inPart.includes(lock)) {
    const whole =
      newestImage(config, id) === undefined
        ? "no whole one of it is here: once it is made anew, the next run has it"
        : shell`${config.job} restore ${id} gives a whole one beside it, under another id`;
    return shell`qm config ${id}; pgrep -af ${`qm(restore|create|clone|rollback| )`}   (if nothing of it runs any more, it is in part, and no image is to be made of it: ${ready(whole)})`;
  }
  if (lock !== undefined)
    return shell`qm config ${id} | grep -e ^lock -e ^parent; pgrep -af ${`vzdump|qm(clone|migrate| )`}   (if nothing of it runs any more, as after a loss of power: qm listsnapshot ${id}; qm unlock ${id}; systemctl start ${config.job})`;
  if (/unable to find VM/.test(cause))
    return shell`qm list; pvesh get /cluster/resources --type vm   (then correct its id or its host in the estate)`;
  if (/No space left|disk quota/i.test(said)) return shell`df -h ${config.target.path}`;
  return shell`less /var/log/vzdump/qemu-${id}.log; ${ready(saidWhere(config.job))}`;
}

/**
 * What a VM's last image took it takes again: a disk that is filled to its end by it stops each other job there. Where that isn't free, what
 * is no longer kept goes first, of each VM: a success, after which it would go, needs the room.
 */
async function makeRoom(
  run: VmImages,
  vm: Vm,
  last: GoodImage | undefined,
  stop: AbortSignal,
): Promise<void> {
  const { config } = run;
  const freeBytes = (): number => roomOf(config.target.path).free.bytes;
  if (!last || freeBytes() >= last.bytes) return;
  for (const each of config.vms) await pruneVm(run, each, stop);
  const bytes = freeBytes();
  if (bytes >= last.bytes) return;
  const held = heldImage(config, vm.id);
  const accept = ready(acceptCommand(config.job, String(vm.id)));
  throw new ImageFailed(
    `its last image has ${last.bytes} bytes, and the backup disk has ${bytes} free: none was begun${held ? `. An image that waits has ${held.bytes}` : ""}`,
    held
      ? shell`look at the VM; if the image that waits is meant to be so: ${accept}   (if not: rm -r ${held.folder})`
      : shell`df -h ${config.target.path}   (fewer images: keep of vm-images in the estate)`,
  );
}

function tellExcluded(run: VmImages, vm: Vm, { log }: Image): void {
  const patterns = run.config.withoutDisks.map(glob);
  const told = log.excluded.filter(({ volume }) => !patterns.some(pattern => pattern.test(diskName(volume))));
  if (told.length === 0) return;
  const list = told.map(({ key, volume }) => `${key} (${volume})`).join(", ");
  run.notes.push(
    `${nameOf(vm)}: Proxmox leaves ${list} out of its image (backup=0). If that is meant to be so, list it in withoutDisks in the estate`,
  );
}

/** The image is whole, and what is in it is as after a loss of power. */
function tellAgent({ notes }: VmImages, vm: Vm, { log: { agentErrors } }: Image): void {
  const [first] = agentErrors;
  if (first !== undefined)
    notes.push(
      `${nameOf(vm)}: its guest's agent didn't make it hold still, so its image is as after a loss of power: ${shortened(first)}`,
    );
}

function glob(text: string): RegExp {
  const parts = text.split("*").map(part => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

/** What became of a VM without a new image. */
export function failureOf(error: unknown): { readonly reason: string; readonly next: string } {
  if (error instanceof ImageFailed) return error;
  if (error instanceof RunnerError) return { reason: error.failed, next: error.next };
  return { reason: messageOf(error), next: "dmesg --level err,warn | tail" };
}
