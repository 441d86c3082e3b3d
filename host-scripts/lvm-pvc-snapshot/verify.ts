import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LvmPvcSnapshotConfig } from "../../plan/contracts/lvm-pvc-snapshot";
import { exitCodes, messageOf, Refusal, RunnerError } from "../runtime/errors";
import { checkFileSystem, typeOf, VolumeFailed } from "../runtime/file-system";
import { volumeMap } from "../runtime/kubernetes/volume-map";
import { lvmChange, tryLvmChange } from "../runtime/lvm/command";
import { readCovered } from "../runtime/lvm/covered";
import { listVolumes, type LogicalVolume } from "../runtime/lvm/listing";
import { isLookedInto, isOfVerify, verifyScratchName } from "../runtime/lvm/scratch-name";
import { type OwnSnapshot, ownSnapshots, scratchTag } from "../runtime/lvm/snapshots";
import type { Log } from "../runtime/log";
import { printable } from "../runtime/quoted";
import { tell } from "../runtime/report";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import type { Stop } from "../runtime/stop";
import { firstLines } from "../runtime/tail";
import { unmount } from "../runtime/unmount";
import { within } from "../runtime/within";

export interface VerifyRequest {
  /** Name of a volume, or "NAMESPACE/CLAIM", all of whose snapshots are looked at; of all volumes the newest unless given. */
  readonly only?: string;
  readonly json: boolean;
}

interface Verified {
  readonly snapshot: string;
  readonly volume: string;
  /** What it holds, in words. */
  readonly holds?: string;
  readonly fault?: string;
}

const clusterMs = 5_000;

/**
 * Looks whether snapshots can be restored: each gets a throw-away snapshot, whose device is made and whose file system is
 * checked. The snapshots themselves stay as they are, and inactive.
 * @returns the exit code @throws {Refusal} when there is none of what was asked for
 */
export async function verify(
  config: LvmPvcSnapshotConfig,
  { only, json }: VerifyRequest,
  log: Log,
  stop: Stop,
): Promise<number> {
  const volumes = await listVolumes(config.vg, stop.signal);
  await removeLeft(config.vg, volumes, log);
  const all = ownSnapshots(volumes);
  const wanted = only === undefined ? newestOfEach(all) : await allOf(config, only, all, log, stop);
  const found: Verified[] = [];
  for (const snapshot of wanted) {
    stop.check("verify");
    const looked = await lookAt(config, snapshot, stop.signal);
    stop.check("verify");
    found.push(looked);
    log.progress(`${found.length} of ${wanted.length} snapshots looked at`);
    if (!json) process.stdout.write(printable(`${lineOf(looked)}\n`));
  }
  const bad = found.filter(({ fault }) => fault !== undefined);
  const [first] = bad;
  if (first === undefined) {
    log.result({ job: config.job, command: "verify", status: exitCodes.ok, verified: found });
    return exitCodes.ok;
  }
  const { failed, kept, next } = {
    failed: `${bad.length} of ${found.length} snapshots can't be restored as they are, first ${first.snapshot}: ${first.fault}`,
    kept: "Nothing was changed; all others are good.",
    next: shell`lvm-pvc-snapshot list ${first.volume}   (an earlier one, or what its live volume has)`,
  };
  tell(log, new RunnerError(exitCodes.failed, { failed, kept, next }));
  const status = exitCodes.failed;
  log.result({ job: config.job, command: "verify", status, verified: found, failed, kept, next });
  return status;
}

/** While one is there, the snapshot that it is of counts as in use, and isn't pruned. */
async function removeLeft(vg: string, volumes: readonly LogicalVolume[], log: Log): Promise<void> {
  for (const { name, tags, open } of volumes) {
    if (!isOfVerify(name) || !tags.includes(scratchTag) || open || isLookedInto(name)) continue;
    log.warn(`removes the throw-away snapshot ${name}, which a killed verify had left`);
    await tryLvmChange(["lvremove", "-qq", "-y", "-S", `tags=${scratchTag}`, `${vg}/${name}`]);
  }
}

function newestOfEach(all: ReadonlyMap<string, readonly OwnSnapshot[]>): OwnSnapshot[] {
  return [...all.values()].flatMap(list => list.at(-1) ?? []);
}

async function allOf(
  config: LvmPvcSnapshotConfig,
  only: string,
  all: ReadonlyMap<string, readonly OwnSnapshot[]>,
  log: Log,
  { signal }: Stop,
): Promise<OwnSnapshot[]> {
  const soon = within(signal, clusterMs);
  const { map } = only.includes("/") ? await volumeMap(config, soon, log, []) : { map: new Map() };
  const claims = new Map([...readCovered(config.stateDir), ...map]);
  const names = [...all.keys()].filter(name => {
    const claim = claims.get(name);
    return name === only || (claim && `${claim.namespace}/${claim.name}` === only);
  });
  if (names.length === 0)
    throw new Refusal(
      `there is no snapshot of ${only}, and no claim of that name is known here`,
      "lvm-pvc-snapshot list",
    );
  return names.flatMap(name => [...(all.get(name) ?? [])].reverse());
}

function lineOf({ snapshot, holds, fault }: Verified): string {
  return `${snapshot}  ${fault === undefined ? `good: ${holds}` : `BAD: ${fault}`}`;
}

async function lookAt(
  config: LvmPvcSnapshotConfig,
  { volume: { name }, origin }: OwnSnapshot,
  stop: AbortSignal,
): Promise<Verified> {
  const { vg } = config;
  const scratch = verifyScratchName();
  const found = { snapshot: name, volume: origin };
  try {
    await lvmChange([
      ...(["lvcreate", "-qq", "-s", "-kn", "-ay", "--addtag", scratchTag] as const),
      ...["-n", scratch, `${vg}/${name}`],
    ]);
    return { ...found, holds: await holdsOf(join("/dev", vg, scratch), config, stop) };
  } catch (error) {
    if (stop.aborted) throw error;
    return { ...found, fault: error instanceof VolumeFailed ? error.reason : messageOf(error) };
  } finally {
    await tryLvmChange(["lvremove", "-qq", "-y", "-S", `tags=${scratchTag}`, `${vg}/${scratch}`]);
  }
}

/** @returns what was found, in words @throws {VolumeFailed} when it isn't whole */
async function holdsOf(device: string, config: LvmPvcSnapshotConfig, stop: AbortSignal): Promise<string> {
  const type = await typeOf(device, stop);
  switch (type) {
    case "ext2":
    case "ext3":
    case "ext4":
      await checkFileSystem(device, stop);
      return `${type}, its structures are whole`;
    case "xfs":
      await replayXfs(device, config, stop);
      return "xfs, its structures are whole";
    case "crypto_LUKS":
      return "it is locked, and no more than its header was looked at";
    case undefined:
      return "no file system that blkid knows, as a raw block volume may have";
    default:
      return `${type}, which isn't checked`;
  }
}

const mountMs = 300_000;
const checkMs = 2 * 3_600_000;

/** No program replays the log of XFS: the kernel does it where it is mounted, and then all structures are checked. */
async function replayXfs(
  device: string,
  { stateDir }: LvmPvcSnapshotConfig,
  stop: AbortSignal,
): Promise<void> {
  const folder = join(stateDir, "verify-mnt");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const argv = ["mount", "-t", "xfs", "-o", "rw,nouuid,nodev,nosuid,noexec", "--", device, folder] as const;
  const mounted = await run([...argv], { timeoutMs: mountMs, stop, env: { LC_ALL: "C" } });
  if (mounted.exitCode !== 0)
    throw new VolumeFailed(`its file system can't be mounted: ${firstLines(mounted.stderr)}`, "");
  await unmount(folder);
  const checked = await run(["xfs_repair", "-n", device], { timeoutMs: checkMs, stop, env: { LC_ALL: "C" } });
  if (checked.exitCode !== 0)
    throw new VolumeFailed(
      `its file system is not whole: ${firstLines(`${checked.stderr}${checked.stdout}`)}`,
      "",
    );
}
