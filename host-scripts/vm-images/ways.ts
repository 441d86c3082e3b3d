import { join } from "node:path";
import type { VmImagesConfig } from "../../plan/contracts/vm-images";
import type { Versions } from "../../plan/contracts/versions";
import { acceptCommand } from "../runtime/arguments";
import { proveBackupDisk } from "../runtime/backup-disk";
import { exitCodes, Refusal, RunnerError } from "../runtime/errors";
import { momentText } from "../runtime/moment";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import type { Answer, ListRequest, RestoreRequest, WayContext, Ways } from "../runtime/ways";
import { heldImage } from "./held";
import { type GoodImage, imagesOf, newestImage, unreadableOf } from "./image";
import { listVms, runProgram, unitOf } from "./proxmox";
import { testImage } from "./test-image";
import { ImageFailed, nameOf, rootOf, type Vm } from "./vm-images";

type Context = WayContext<VmImagesConfig>;

/** What an operator may ask of the images. */
export const ways: Ways<VmImagesConfig> = {
  list: {
    usage: "[VMID]",
    does: "images of each VM, and of one that the estate no longer names by its id",
    run: list,
  },
  versions,
  verify: {
    usage: "[VMID]",
    does: "read the newest image of each VM, or all of one, to its end",
    run: verify,
  },
  restore: {
    usage: "VMID [NEWID [STORAGE]]",
    does: "make a VM of an image, beside whatever there is: as NEWID, or VMID if that is free, or the next free id",
    words: [1, 3],
    run: restore,
  },
};

async function list({ what }: ListRequest, { config, stop, log }: Context): Promise<Answer> {
  await proveBackupDisk(config, "read", { stop, log, dryRun: true });
  const images = vmsAsked(config, what).map(vm => ({
    ...{ id: vm.id, name: vm.name },
    images: imagesOf(config, vm.id).map(each => ({
      ...{ at: momentText(each.begunMs), bytes: each.bytes, file: fileOf(each) },
      disks: each.log.included.map(({ key, volume }) => `${key}=${volume}`),
    })),
    held: heldImage(config, vm.id)?.name,
  }));
  const lines = images.flatMap(({ id, name, images: all, held }) => [
    `VM ${id} (${name})${all.length === 0 ? ": no image" : ""}`,
    ...all.map(({ at, bytes, file }) => `  ${at}  ${bytes} bytes  ${file}`),
    ...(held === undefined
      ? []
      : [`  waits for ${acceptCommand(config.job, String(id))}: ${rootOf(config)}/.held/${id}/${held}`]),
  ]);
  return { text: lines.join("\n"), result: { vms: images } };
}

async function versions({ config, stop, log }: Context): Promise<Versions> {
  await proveBackupDisk(config, "read", { stop, log, dryRun: true });
  const versions = config.vms.flatMap(({ id }) =>
    imagesOf(config, id).map(image => ({
      ...{ of: String(id), at: momentText(image.begunMs), path: fileOf(image), bytes: image.bytes },
      lacks: image.log.isFinished ? [] : ["vzdump's own log beside it doesn't say that it finished it"],
      pick: ["--at", momentText(image.begunMs)],
    })),
  );
  const unreadable = config.vms.flatMap(({ id }) => unreadableOf(config, id));
  const [first] = unreadable;
  if (!first) return { versions };
  const next = shell`dmesg --level err,warn | tail; ls -la ${first.folder}`;
  return {
    versions,
    unseen: `${unreadable.length} images can't be read, the first is in ${quoted(first.folder)}: ${first.fault}. Next: ${next}`,
  };
}

async function verify({ what }: ListRequest, { config, stop, log }: Context): Promise<Answer> {
  await proveBackupDisk(config, "read", { stop, log, dryRun: true });
  const bad: string[] = [];
  const lines: string[] = [];
  for (const vm of vmsAsked(config, what)) {
    const newest = newestImage(config, vm.id);
    for (const image of what !== undefined ? imagesOf(config, vm.id) : newest ? [newest] : []) {
      log.progress(`verify: ${fileOf(image)}`);
      const fault = await faultOf(image, stop.signal);
      stop.check("verify");
      lines.push(`${fileOf(image)}: ${fault ?? "whole"}`);
      if (fault !== undefined) bad.push(`${fileOf(image)}: ${fault}`);
    }
  }
  const result = { verified: lines.length, bad };
  if (lines.length === 0)
    return {
      text: "",
      result,
      failure: {
        failed: "there is no image to verify",
        kept: "Nothing was changed.",
        next: shell`${config.job} list`,
      },
    };
  return {
    ...{ text: lines.join("\n"), result },
    ...(bad.length > 0 && {
      failure: {
        failed: `${bad.length} of ${lines.length} images aren't whole: ${bad[0]}`,
        kept: "Each is where it was, and so are the others.",
        next: shell`systemctl start ${config.job}   (makes a new one; on the disk: dmesg --level err,warn | tail)`,
      },
    }),
  };
}

async function faultOf(image: GoodImage, stop: AbortSignal): Promise<string | undefined> {
  if (!image.log.isFinished) return "vzdump's own log beside it doesn't say that it finished it";
  try {
    await testImage(image, { stop, timeoutMs: longestMs });
    return undefined;
  } catch (error) {
    if (error instanceof ImageFailed) return error.reason;
    throw error;
  }
}

const longestMs = 24 * 3_600_000;

/** Never over a VM that is there: an image of last week in its place would be the loss. */
async function restore(request: RestoreRequest, context: Context): Promise<Answer> {
  const { config, stop, log } = context;
  const [word = "", newWord, storage] = request.what;
  if (request.into !== undefined)
    throw new Refusal(
      "an image comes back as a VM and not into a folder",
      shell`${config.job} list ${word}   (names the file of each image)`,
    );
  await proveBackupDisk(config, "read", { stop, log, dryRun: true });
  const [vm] = vmsAsked(config, word);
  if (!vm) throw unknownVm(config, word);
  const { atMs } = request;
  const image =
    atMs === undefined
      ? newestImage(config, vm.id)
      : imagesOf(config, vm.id).findLast(({ begunMs }) => begunMs <= atMs);
  if (!image)
    throw new Refusal(
      `there is no image of ${nameOf(vm)}${atMs === undefined ? "" : ` of ${momentText(atMs)} or before`}`,
      shell`${config.job} list ${vm.id}`,
    );
  const to = newWord === undefined ? await freeId(context, vm.id) : idOf(newWord);
  await refuseTaken(context, to);
  // Beside the VM that it is of, it must not have its network address.
  const argv = ["qmrestore", fileOf(image), String(to), ...(to === vm.id ? [] : ["--unique", "1"])] as const;
  const full = [...argv, ...(storage === undefined ? [] : ["--storage", storage])];
  const result = { vmid: vm.id, to, at: momentText(image.begunMs), file: fileOf(image) };
  if (request.dryRun) return { text: `would run: ${shell`${full}`}`, result };
  log.info(`reads ${fileOf(image)} to its end before anything is made of it`);
  const fault = await faultOf(image, stop.signal);
  stop.check("restore");
  if (fault !== undefined)
    throw new RunnerError(exitCodes.failed, {
      failed: `${fileOf(image)}: ${fault}`,
      kept: "No VM was made or changed.",
      next: shell`${config.job} list ${vm.id}   (then the same with --at of an earlier one)`,
    });
  const ended = await runProgram(config.job, full as [string, ...string[]], {
    ...{ timeoutMs: longestMs, stop: stop.signal },
    onStdout: chunk => log.progress(`restore: ${chunk.toString().trim().split("\n").at(-1) ?? ""}`),
  });
  if (ended.stderr.includes("was already loaded"))
    throw new Refusal(
      "an earlier restore is still at work: who waited for it was killed",
      shell`systemctl status ${unitOf(config.job, "qmrestore")}   (when it has ended: qm list; to end it: systemctl stop ${unitOf(config.job, "qmrestore")}, then the same again)`,
    );
  if (ended.ended !== "exited" || ended.exitCode !== 0)
    throw new RunnerError(exitCodes.failed, {
      failed: `qmrestore ended with ${ended.exitCode ?? ended.ended}: ${firstLines(ended.stderr)}`,
      kept: `The image is whole, and every VM that there was is as it was. VM ${to} may be there in part.`,
      next: shell`qm config ${to}   (if it is in part: qm destroy ${to}, then the same again; another storage is the third word)`,
    });
  return {
    text: `${nameOf(vm)} of ${result.at} is VM ${to} now, and is off${to === vm.id ? "" : "; its network cards have new addresses"}. Next: ${shell`qm config ${to}; qm start ${to}`}`,
    result,
  };
}

/** The VM's own where it is gone, and else the next one that no VM or container of the cluster has. */
async function freeId(context: Context, id: number): Promise<number> {
  if (await isFree(context, id)) return id;
  const { config, stop } = context;
  const asked = await runProgram(config.job, ["pvesh", "get", "/cluster/nextid", "--output-format", "json"], {
    ...{ timeoutMs: 60_000, stop: stop.signal },
  });
  const free = Number(/\d+/.exec(asked.stdout)?.[0]);
  if (asked.exitCode === 0 && free > 0) return free;
  throw new Refusal(
    `no free id is known: pvesh ended with ${asked.exitCode ?? asked.ended}: ${firstLines(asked.stderr)}`,
    shell`${config.job} restore ${id} NEWID`,
  );
}

async function isFree({ config, stop }: Context, id: number): Promise<boolean> {
  const argv = ["pvesh", "get", "/cluster/nextid", "--vmid", String(id)] as const;
  const asked = await runProgram(config.job, argv, { timeoutMs: 60_000, stop: stop.signal });
  if (asked.exitCode === 0) return true;
  if (asked.stderr.includes("already exists")) return false;
  throw new Refusal(
    `it isn't known whether there is a VM ${id}: pvesh ended with ${asked.exitCode ?? asked.ended}: ${firstLines(asked.stderr)}`,
    "pvesh get /cluster/nextid; systemctl status pve-cluster pvedaemon",
  );
}

async function refuseTaken(context: Context, to: number): Promise<void> {
  if (await isFree(context, to)) return;
  const { config, stop } = context;
  const there = (await listVms(config.job, stop.signal)).find(({ id }) => id === to);
  throw new Refusal(
    `VM ${to} is there${there ? `: ${there.name}, ${there.status}` : ""}, and no VM is restored over another`,
    shell`${config.job} restore VMID NEWID   (without NEWID, a free one is taken)`,
  );
}

function idOf(word: string): number {
  if (/^[1-9]\d{2,8}$/.test(word)) return Number(word);
  throw new RunnerError(exitCodes.usage, {
    failed: `"${word}" is no id of a VM, expected 100 or more`,
    kept: "Nothing was changed.",
    next: "qm list",
  });
}

function unknownVm(config: VmImagesConfig, word: string): Refusal {
  return new Refusal(`"${word}" is no VM of which there are images`, shell`${config.job} list`);
}

/** One by its id, also one that the estate no longer names; all that it names without a word. */
function vmsAsked(config: VmImagesConfig, word: string | undefined): Vm[] {
  if (word === undefined) return config.vms;
  const id = /^\d+$/.test(word) ? Number(word) : 0;
  const named = config.vms.find(vm => vm.id === id || vm.name === word);
  if (named) return [named];
  if (id > 0 && imagesOf(config, id).length > 0) return [{ id, name: "no longer in the estate" }];
  throw unknownVm(config, word);
}

function fileOf({ folder, name }: Pick<GoodImage, "folder" | "name">): string {
  return join(folder, name);
}
