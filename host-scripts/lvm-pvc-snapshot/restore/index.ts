import { join } from "node:path";
import type { LvmPvcSnapshotConfig } from "../../../plan/contracts/lvm-pvc-snapshot";
import { readCredential } from "../../runtime/credentials";
import { messageOf, Refusal } from "../../runtime/errors";
import { lockFile } from "../../runtime/job-run";
import { connect } from "../../runtime/kubernetes/api";
import { takeLock } from "../../runtime/lock";
import type { Log } from "../../runtime/log";
import { shell } from "../../runtime/shell";
import type { Stop } from "../../runtime/stop";
import { within } from "../../runtime/within";
import { volumeMap } from "../../runtime/kubernetes/volume-map";
import { readCovered } from "../../runtime/lvm/covered";
import type { World } from "./context";
import { realLvm } from "./lvm";
import { type RestoreAsked, resolve } from "./resolve";
import { restoreIn } from "./run";
import { tellUnfinished } from "./tell-unfinished";

export type { RestoreAsked } from "./resolve";
export { type RestoreRecord, unfinishedRestores } from "../../runtime/lvm/restore-record";

/** What a restore needs of the program. */
export interface RestoreRun {
  readonly config: LvmPvcSnapshotConfig;
  readonly log: Log;
  readonly stop: Stop;
}

/** How long a command of LVM is waited for that a killed restore has left. */
const leftoverMs = 600_000;

/**
 * Gives a volume the data of one of its snapshots. Its workload is scaled down for that and back afterwards, and the
 * volume as it was stays under a dated name.
 * @returns the exit code @throws {RunnerError} that says in which state everything is
 */
export async function restore(asked: RestoreAsked, run: RestoreRun): Promise<number> {
  const { config, log, stop } = run;
  if (process.getuid?.() !== 0)
    throw new Refusal(
      `user ${process.getuid?.()} can't change volumes, expected root`,
      "sudo lvm-pvc-snapshot restore …",
    );
  // No budget: each wait is bounded by itself, and a restore that gives up halfway helps nobody.
  const quiet = stop.listen();
  try {
    if (asked.dryRun) return await resolved(worldOf(run, undefined), asked, run);
    // The job's own lock: no snapshot is made of a volume that is being swapped, and the wanted one isn't pruned.
    const lock = await takeLock(lockFile(config), 0, stop.signal);
    const commands = await takeLock(
      join(config.stateDir, "restore", "commands.lock"),
      leftoverMs,
      stop.signal,
    );
    try {
      for (const pid of [...lock.leftovers, ...commands.leftovers])
        log.warn(`ended what a killed run had left: process ${pid}`);
      return await resolved(worldOf(run, commands.fd), asked, run);
    } finally {
      commands.release();
      lock.release();
    }
  } finally {
    quiet();
  }
}

/** A cluster that doesn't answer at once isn't waited for: an earlier run's word will do, and every name is told. */
const clusterMs = 5_000;

async function resolved(world: World, asked: RestoreAsked, run: RestoreRun): Promise<number> {
  const { config, log, stop } = run;
  const volumes = await world.lvm.list(stop.signal);
  const notes: string[] = [];
  const soon = within(stop.signal, clusterMs);
  const claims = asked.what.includes("/")
    ? [(await volumeMap(config, soon, log, notes)).map, readCovered(config.stateDir)]
    : [];
  const request = resolve(asked, config, { volumes, claims });
  if (request.volume !== asked.what || request.snapshot !== asked.snapshot)
    log.info(`of ${asked.what} it is the volume ${request.volume}${of(request.snapshot)}`);
  return restoreIn(world, request, run);
}

function of(snapshot: string | undefined): string {
  return snapshot === undefined ? "" : `, and its snapshot ${snapshot}`;
}

/** How long monitoring is waited for, so that a Pushgateway which is away holds no restore up. */
const tellMs = 20_000;

function worldOf({ config, log }: RestoreRun, lock: number | undefined): World {
  const { restoreKubeconfig: kubeconfig } = config;
  return {
    tellUnfinished: () => tellUnfinished(config, AbortSignal.timeout(tellMs), log),
    lvm: realLvm(config, lock, log),
    connect: kubeconfig === undefined ? undefined : stop => connectTo(config, kubeconfig, stop),
    pollMs: 1_000,
  };
}

function connectTo(config: LvmPvcSnapshotConfig, credential: string, stop: AbortSignal) {
  const text = readCredential(config, credential);
  try {
    return connect(text, stop);
  } catch (error) {
    throw new Refusal(
      `the credential "${credential}" is no kubeconfig: ${messageOf(error)}`,
      shell`pulumi up   (it puts the kubeconfig into ${config.credentialsDir})`,
    );
  }
}
