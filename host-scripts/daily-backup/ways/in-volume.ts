import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import { asRunnerError } from "../../runtime/entry";
import { exitCodes, Refusal, RunnerError } from "../../runtime/errors";
import { type Claim, volumeMap } from "../../runtime/kubernetes/volume-map";
import { claimedVolume } from "../../runtime/lvm/claimed-volume";
import { lvm, lvmChange } from "../../runtime/lvm/command";
import { readCovered } from "../../runtime/lvm/covered";
import { listVolumes, type LogicalVolume } from "../../runtime/lvm/listing";
import { volumeDevice } from "../../runtime/lvm/pool-status";
import { goOnText, unfinishedRestores, unfinishedText } from "../../runtime/lvm/restore-record";
import {
  beforeRestores,
  beforeRestoreTags,
  freeSnapshotName,
  liveVolumes,
  ownSnapshots,
} from "../../runtime/lvm/snapshots";
import { momentText } from "../../runtime/moment";
import type { RestoredTree } from "../../runtime/restore-tree";
import { ready, shell } from "../../runtime/shell";
import { sizeText } from "../../runtime/size-text";
import type { Answer, RestoreRequest, WayContext } from "../../runtime/ways";
import { within } from "../../runtime/within";
import { readRecords } from "../record";
import { VolumeFailed } from "../../runtime/file-system";
import { recoverScratch, withVolume } from "../scratch";
import { type VolumeRestore, writeRestore } from "../volume-restores";
import type { Chosen, KeptCopy } from "./copies";
import { bytesOf } from "./list";

/** What came of it; with `left`, not all did. */
export type Restored = RestoredTree & { readonly left?: readonly string[] };

/**
 * Restores into the volume of a claim. Nothing may use it, a snapshot of what it has is kept, and it is mounted where nothing that
 * it holds acts on the host.
 * @param act does it, where the volume is mounted
 */
export async function inVolume(
  { copy, notes }: Chosen,
  request: RestoreRequest,
  context: WayContext<DailyBackupConfig>,
  act: (folder: string) => Promise<Restored>,
): Promise<Answer> {
  const { config, log, stop } = context;
  const { dryRun } = request;
  const { vg = "" } = config.volumes ?? {};
  // One that was killed may have left this very volume open: no end of a process closes a mapper.
  if (config.volumes && !dryRun) await recoverScratch(vg, log);
  const { volume, listed } = await volumeOf(copy, context);
  await refuseWithoutRoom(copy, listed, context);
  const time = momentText(copy.completeMs);
  const facts = { name: copy.name, kind: copy.kind, from: copy.folder, volume: volume.name };
  if (dryRun)
    return {
      text: `would keep ${vg}/${volume.name} as it is by a snapshot, and restore the ${copy.kind} of ${copy.name} of ${time} into it; nothing is changed now`,
      result: { ...facts, dryRun, notes },
    };
  const names = new Set(listed.map(({ name }) => name));
  const kept = freeSnapshotName(volume.name, Date.now(), taken => names.has(taken));
  const tags = beforeRestoreTags(volume.name, kept.madeMs).flatMap(tag => ["--addtag", tag]);
  await lvmChange(["lvcreate", "-qq", "-s", "-ky", ...tags, "-n", kept.name, `${vg}/${volume.name}`]);
  log.info(`what ${volume.name} has is kept as the snapshot ${kept.name}`);
  const undoBy = (snapshot: string): string => shell`lvm-pvc-snapshot restore ${volume.name} ${snapshot}`;
  const undo = undoBy(kept.name);
  const remove = shell`lvremove ${`${vg}/${kept.name}`}`;
  const earlier = beforeRestores(listed).filter(({ origin }) => origin === volume.name);
  const keptWords = [
    `What ${volume.name} had before is kept as the snapshot ${kept.name}.`,
    ...earlier.map(
      ({ volume: { name } }) =>
        `What it had before an earlier restore is kept too, which is what to have back if that one failed: ${undoBy(name)}.`,
    ),
  ].join(" ");
  const record: VolumeRestore = {
    ...{ volume: volume.name, uuid: volume.uuid, name: copy.name, begunAt: new Date().toISOString() },
    ...{ again: againText(config.job, copy, request), undo },
  };
  let hasBegun = false;
  try {
    const restored = await withVolume(config, volume, stop.signal, async folder => {
      writeRestore(config.stateDir, record);
      hasBegun = true;
      const done = await act(folder);
      await refuseUsed(config, volume, stop.signal);
      return done;
    });
    const own = ownSnapshots(await listVolumes(vg, stop.signal)).get(volume.name) ?? [];
    writeRestore(config.stateDir, { ...record, earlier: own.map(each => each.volume.uuid) });
    return answerOf({ copy, notes, restored, facts, kept: keptWords, undo, remove });
  } catch (error) {
    const state = hasBegun
      ? "The volume has a part of the copy by now, and a part of what it had: start nothing that uses it. No night copies it until a restore into it has ended."
      : "Nothing in the volume was changed.";
    throw explained(error, config.job, { copy, kept: `${state} ${keptWords}`, undo });
  }
}

/** The same restore, as it was asked for: of the same time. */
function againText(
  job: string,
  { name, kind }: KeptCopy,
  { atMs, switches }: Pick<RestoreRequest, "atMs" | "switches">,
): string {
  const at = atMs === undefined ? [] : ["--at", momentText(atMs)];
  const flags = [kind === "databases" && "--databases", switches.has("incomplete") && "--incomplete"];
  return shell`${job} restore ${[name, ...at, ...flags.filter(flag => flag !== false)]}`;
}

interface Done {
  readonly copy: KeptCopy;
  readonly notes: readonly string[];
  readonly restored: Restored;
  readonly facts: object;
  readonly kept: string;
  readonly undo: string;
  readonly remove: string;
}

function answerOf({ copy, notes, restored, facts, kept, undo, remove }: Done): Answer {
  const { entries, bytes, left = [] } = restored;
  const time = momentText(copy.completeMs);
  const [first] = left;
  return {
    text: `the ${copy.kind} of ${copy.name} of ${time} are in its volume: ${entries} entries, ${sizeText(bytes)}, each compared with the copy by content
${kept} To have it back: ${undo}
It goes after 14 days; to have its room before: ${remove}
Start what uses the volume, and see whether all is there.`,
    result: { ...facts, entries, bytes, left, undo, notes },
    ...(first !== undefined && {
      failure: {
        failed: `${left.length} databases have no copy in their place, first ${first}`,
        kept: `All others are in place. ${kept}`,
        next: shell`daily-backup list ${copy.name}`,
      },
    }),
  };
}

/** Whatever it was: what the volume has now, what it had, and how to have that back. */
function explained(
  fault: unknown,
  job: string,
  { copy: { name }, kept, undo }: Pick<Done, "copy" | "kept" | "undo">,
): RunnerError {
  if (fault instanceof VolumeFailed)
    return new RunnerError(
      exitCodes.failed,
      {
        failed: `the volume of ${name} can't be restored into: ${fault.reason}`,
        kept,
        next: shell`${ready(fault.next)}   (or beside it: daily-backup restore ${name} --into DIR)`,
      },
      { cause: fault },
    );
  const { exitCode, failed, next } = asRunnerError(fault, job);
  const back = shell`${ready(next)}   (or, to have back what it had: ${ready(undo)})`;
  return new RunnerError(exitCode, { failed, kept, next: back }, { cause: fault });
}

/** A cluster that doesn't answer at once isn't waited for: an earlier run's word will do. */
const clusterMs = 5_000;

/** @throws {Refusal} unless the claim has one live volume on this host, and nothing uses it */
async function volumeOf(
  { name }: KeptCopy,
  { config, log, stop }: WayContext<DailyBackupConfig>,
): Promise<{ readonly volume: LogicalVolume; readonly listed: readonly LogicalVolume[] }> {
  const { volumes } = config;
  const beside = shell`daily-backup restore ${name} --into DIR`;
  if (!volumes) throw new Refusal("this job has no volumes", beside);
  const { vg, pool, pattern, snapshots } = volumes;
  const soon = within(stop.signal, clusterMs);
  const known = await volumeMap(config, soon, log, []);
  const claims = [known.map, readCovered(config.stateDir), recorded(config)];
  const listed = await listVolumes(vg, stop.signal);
  const live = liveVolumes(listed, pool, pattern);
  // A volume that no claim was known of has its own name in the place of one.
  const wanted = name.startsWith("unknown/")
    ? name.slice("unknown/".length)
    : claimedVolume(name, {
        ...{ claims, there: new Set(live.map(each => each.name)) },
        next: { none: shell`lvs ${vg}; ${ready(beside)}`, several: shell`lvs ${vg}; ${ready(beside)}` },
      });
  const volume = live.find(each => each.name === wanted);
  if (!volume)
    throw new Refusal(
      `the volume of ${name}, ${wanted}, is not there: pool ${vg}/${pool} has no live volume of that name`,
      shell`lvs ${vg}   (once the cluster has made it anew, the same again; or beside it: ${ready(beside)})`,
    );
  if (claims.some(map => map.get(wanted)?.isBlock))
    throw new Refusal(`${wanted} is a raw block volume, which no file is copied of`, "lvm-pvc-snapshot list");
  const unfinished = unfinishedRestores(snapshots.stateDir).find(record => record.volume === wanted);
  if (unfinished) throw new Refusal(unfinishedText(unfinished), goOnText(unfinished));
  if (volume.open) throw inUse(name, wanted);
  return { volume, listed };
}

function recorded({ stateDir }: DailyBackupConfig): ReadonlyMap<string, Claim> {
  return new Map(
    [...readRecords(stateDir)].map(([volume, { namespace, claim }]) => [volume, { namespace, name: claim }]),
  );
}

function inUse(name: string, volume: string): Refusal {
  const [namespace = "", claim = ""] = name.split("/");
  return new Refusal(
    `${volume} is in use: something has it open, such as the virtual machine of a node whose pods use ${name}`,
    shell`kubectl --namespace ${namespace} get pods --output wide; kubectl --namespace ${namespace} scale deployment/NAME --replicas 0   (whatever uses the claim ${claim}; once it is detached, the same again)`,
  );
}

/** What is written to a thin volume takes room of its pool, beside what its snapshots hold. */
async function refuseWithoutRoom(
  copy: KeptCopy,
  listed: readonly LogicalVolume[],
  { config, stop }: WayContext<DailyBackupConfig>,
): Promise<void> {
  const { vg, pool } = config.volumes ?? { vg: "", pool: "" };
  const found = listed.find(({ name }) => name === pool);
  const needed = await bytesOf(copy, stop.signal);
  const { sizeBytes = 0, dataPercent = 100, metadataPercent = 100 } = found ?? {};
  const free = (sizeBytes * (fullestPercent - dataPercent)) / 100;
  if (needed !== undefined && needed <= free && metadataPercent < fullestPercent) return;
  throw new Refusal(
    needed === undefined
      ? `not all of the copy can be looked at, so it isn't known how much room it needs`
      : `pool ${vg}/${pool} has ${dataPercent} % of its data and ${metadataPercent} % of its metadata in use, and the copy may need ${sizeText(needed)} more: a pool that is full stops all of its guests`,
    shell`lvextend --size +100G ${`${vg}/${pool}`}   (or beside it: daily-backup restore ${copy.name} --into DIR)`,
  );
}

/** From here on a guest's write may fail. */
const fullestPercent = 95;

/** While this program has it open alone, it is open once. @throws {RunnerError} when somebody else has it too */
async function refuseUsed(
  { volumes }: DailyBackupConfig,
  { name }: LogicalVolume,
  stop: AbortSignal,
): Promise<void> {
  const vg = volumes?.vg ?? "";
  const argv = ["dmsetup", "info", "-c", "--noheadings", "-o", "open", volumeDevice(vg, name)] as const;
  const { stdout } = await lvm(argv, stop);
  if (Number(stdout) <= 1) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `${name} was opened by somebody else while it was restored, who may have written to it`,
    kept: "",
    next: shell`lsblk ${`/dev/${vg}/${name}`}; scale what uses it down, then the same again`,
  });
}
