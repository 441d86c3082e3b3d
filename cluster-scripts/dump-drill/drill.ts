import { join, relative } from "node:path";
import type { DumpDrillConfig } from "../../plan/contracts/dump-drill";
import { exitCodes, messageOf, Refusal, RunnerError } from "../../host-scripts/runtime/errors";
import type { JobRun } from "../../host-scripts/runtime/job-run";
import { momentText } from "../../host-scripts/runtime/moment";
import { notedName } from "../../host-scripts/runtime/quoted";
import type { Phase } from "../../host-scripts/runtime/phases";
import { shell } from "../../host-scripts/runtime/shell";
import { sizeText } from "../../host-scripts/runtime/size-text";
import { called } from "../cluster-dump/cluster-dump";
import { dumpsAsked } from "../cluster-dump/dumps-asked";
import { inTurn } from "../cluster-dump/in-turn";
import { makeInEmpty } from "../cluster-dump/make";
import { allFolders } from "../cluster-dump/folder";
import { type Dump, goodDumpsOf, manifestsOf } from "../cluster-dump/manifest";
import { faultOf } from "../cluster-dump/prove";
import { RestoreClient } from "../cluster-dump/restore-client";
import { type Drilled, leaveRecord, recordsOf } from "./record";

export interface DumpDrill extends JobRun<DumpDrillConfig> {
  readonly drilled: Drilled[];
}

export function provedIn({ drilled }: DumpDrill): Drilled[] {
  return drilled.filter(({ reason }) => reason === undefined);
}

export function failedIn({ drilled }: DumpDrill): Drilled[] {
  return drilled.filter(({ reason }) => reason !== undefined);
}

/** Of the content of a dump: tables have indexes beside their rows, and a server its own logs. */
const roomFactor = 3;
/** An empty server alone. */
const emptyBytes = 300e6;
/** With less of its disk free, a node begins to evict what runs there (kubelet's imagefs.available). */
const staysFree = 0.15;
const shown = 5;

/** The newest good dump of each database, one after the other into one server: what all of them need comes first. */
export const drill: Phase<DumpDrill> = {
  name: "drill",
  async run(run) {
    const { config, log, drilled } = run;
    const lost = withoutGood(config);
    const hasGood = allFolders(config).some(folder => goodDumpsOf(folder).length > 0);
    if (!hasGood && lost.length === 0) throw withoutDumps(config);
    const evidence = recordsOf(config);
    const startedAt = new Date();
    const dumps = hasGood ? dumpsAsked(config, undefined, undefined) : [];
    if (hasGood) await restoreAll(dumps, run);
    const tried = new Set(drilled.map(({ file }) => file));
    const untried = dumps.filter(dump => !tried.has(factsOf(dump, config).file));
    for (const dump of lost) {
      const reason = "no good dump is there, though one was made: its file is gone, or it was held back";
      drilled.push({ ...factsOf(dump, config), seconds: 0, reason });
      log.warn(`${called(dump.manifest.database)} did not come back: ${reason}`);
    }
    const failed = failedText(run, untried.length);
    const notTried = untried.map(dump => ({
      ...factsOf(dump, config),
      seconds: 0,
      reason: "it was not tried",
    }));
    const broken = [...evidence.faults];
    try {
      leaveRecord({ config, evidence, startedAt }, [...drilled, ...notTried], failed);
    } catch (error) {
      // A disk that is full doesn't hide what is wrong with the dumps.
      if (failed === undefined) throw error;
      broken.unshift(messageOf(error));
    }
    const faults = [
      ...(failed === undefined ? [] : [failed]),
      ...broken.slice(0, 1).map(fault => `the record of drills: ${fault}`),
    ];
    if (faults.length === 0) return;
    throw new RunnerError(exitCodes.failed, {
      failed: faults.join("; "),
      kept: "Each dump is as it was, and the server that they are of was not asked for anything.",
      next:
        failed === undefined
          ? "holdfast evidence"
          : shell`kubectl --namespace ${config.seen.namespace} logs ${process.env["HOSTNAME"] ?? config.job} --all-containers`,
    });
  },
};

async function restoreAll(dumps: readonly Dump[], run: DumpDrill): Promise<void> {
  const { config, stop, log, drilled } = run;
  const client = await RestoreClient.meet(config, stop, "drill");
  try {
    refuseWithoutRoom(dumps, client);
    await inTurn(dumps, async (dump, mayComeAgain) => {
      const { database, startedAt } = dump.manifest;
      log.progress(`drill: ${drilled.length} of ${dumps.length} dumps; at ${called(database)}`);
      const begunMs = performance.now();
      const reason = await faultOfRestored(dump, client, run);
      const seconds = Math.round((performance.now() - begunMs) / 100) / 10;
      if (reason !== undefined && mayComeAgain && client.client.isThere) return "again";
      drilled.push({ ...factsOf(dump, config), seconds, ...(reason !== undefined && { reason }) });
      const said = `${called(database)} of ${momentText(Date.parse(startedAt))}`;
      if (reason === undefined) log.info(`${said} came back in an empty server in ${seconds} s`);
      else log.warn(`${said} did not come back: ${reason}`);
      // What ended it, such as its memory, says nothing of the dumps behind this one.
      return reason !== undefined && !client.client.isThere ? "stop" : "done";
    });
  } finally {
    client.close();
  }
}

function failedText(run: DumpDrill, left: number): string | undefined {
  const failed = failedIn(run);
  if (failed.length === 0) return undefined;
  const some = failed.slice(0, shown).map(({ file, reason }) => `${file}: ${reason}`);
  return [
    `${failed.length} of ${run.drilled.length + left} dumps did not come back in an empty server: ${some.join("; ")}`,
    ...(failed.length > shown ? [`and ${failed.length - shown} more`] : []),
    ...(left > 0 ? [`${left} more were not tried`] : []),
  ].join("; ");
}

function factsOf({ folder, manifest }: Dump, { target }: DumpDrillConfig): Omit<Drilled, "seconds"> {
  const { database, file, startedAt: at, bytes } = manifest;
  return { database: notedName(database), file: relative(target, join(folder, file)), at, bytes };
}

/** The newest that is known of each database of which there is nothing to restore. */
function withoutGood(config: DumpDrillConfig): Dump[] {
  return allFolders(config)
    .filter(folder => goodDumpsOf(folder).length === 0)
    .flatMap(folder => {
      const [newest] = manifestsOf(folder).sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
      return newest ? [{ folder, manifest: newest }] : [];
    });
}

function withoutDumps({ seen: { host, path } }: DumpDrillConfig): Refusal {
  return new Refusal(
    `there is no good dump in ${path} of ${host}: nothing is restored`,
    "holdfast status   (it says how the job that makes them ended)",
  );
}

async function faultOfRestored(
  dump: Dump,
  client: RestoreClient,
  { stop }: DumpDrill,
): Promise<string | undefined> {
  try {
    const fault = await faultOf(dump, client, stop);
    if (fault === undefined) await makeInEmpty(dump, client);
    return fault;
  } catch (error) {
    stop.check("drill");
    return messageOf(error);
  }
}

/** A node's disk that gets full stops all that runs on it. @throws {Refusal} */
function refuseWithoutRoom(dumps: readonly Dump[], { client }: RestoreClient): void {
  const [size = 0, available = 0] = client
    .text("room")
    .split(" ")
    .map(kib => Number(kib) * 1024);
  const free = Math.max(0, available - staysFree * size);
  const needed = dumps.reduce((sum, { manifest }) => sum + roomFactor * manifest.contentBytes, emptyBytes);
  if (free >= needed) return;
  throw new Refusal(
    `the node's disk has ${sizeText(free)} to spare, without the ${100 * staysFree} % that a node needs to be free, and a server with all dumps may need ${sizeText(needed)}: none is restored`,
    "kubectl describe nodes | grep -A 8 ephemeral-storage   (make room there, or let the pod run elsewhere)",
  );
}
