import { join } from "node:path";
import type { DumpDrillConfig } from "../../plan/contracts/dump-drill";
import { dumpsTier, drillRecordsName } from "../../plan/contracts/drill-record";
import { type Evidence, openRecords } from "../../host-scripts/runtime/drill-records";
import { readState, writeState } from "../../host-scripts/runtime/drill-state";
import { exitCodes, messageOf, RunnerError } from "../../host-scripts/runtime/errors";
import { shell } from "../../host-scripts/runtime/shell";

/** What became of a dump in an empty server. */
export interface Drilled {
  readonly database: string;
  /** Below the folder of the dumps. */
  readonly file: string;
  /** When the dump began. */
  readonly at: string;
  readonly bytes: number;
  readonly seconds: number;
  /** Why it proves nothing; absent for one that came back. */
  readonly reason?: string;
}

/** The records of a drill's own folder beside the dumps. @throws {RunnerError} where they can't be read, as after root has put them back */
export function recordsOf({ stateDir, seen, job }: DumpDrillConfig): Evidence {
  try {
    return openRecords([join(stateDir, drillRecordsName)], readState(stateDir).lastRecord);
  } catch (error) {
    throw new RunnerError(exitCodes.failed, {
      failed: `the record of drills: ${messageOf(error)}`,
      kept: "Nothing was restored, and each dump is as it was.",
      next: `${shell`ls -ln ${`${seen.path}/.holdfast/${job}`}`}   (on ${seen.host}: what lies there belongs to account ${process.getuid?.()}, or a new record can't be left; df, where it is full)`,
    });
  }
}

/** Leaves one record of all dumps: together they bring a server back. @param all of them, in their order */
export function leaveRecord(
  { config, evidence, startedAt }: { config: DumpDrillConfig; evidence: Evidence; startedAt: Date },
  all: readonly Drilled[],
  reason: string | undefined,
): void {
  const proved = all.filter(each => each.reason === undefined);
  const bytesOf = (dumps: readonly Drilled[]): number => dumps.reduce((sum, { bytes }) => sum + bytes, 0);
  const seconds = all.reduce((sum, each) => sum + each.seconds, 0);
  const [oldest] = all.map(({ at }) => at).sort();
  const { number } = evidence.add({
    ...{ at: startedAt.toISOString(), host: config.host, tier: dumpsTier, of: config.dump },
    copy: {
      path: `${config.seen.host}:${config.seen.path}`,
      ...(oldest !== undefined && { at: oldest }),
      lacks: 0,
    },
    result: reason === undefined ? "proved" : "failed",
    ...(reason !== undefined && { reason }),
    scope: "whole",
    restored: { entries: proved.length, bytes: bytesOf(proved) },
    whole: { entries: all.length, bytes: bytesOf(all) },
    compared: { recorded: proved.length, copy: 0 },
    dumps: all.map(({ file, at, bytes, seconds: took, reason: why }) => ({
      ...{ file, at, bytes, seconds: took },
      ...(why !== undefined && { reason: why }),
    })),
    // What is compared in between, a restore compares too.
    seconds: { restore: Math.round(10 * seconds) / 10, compare: 0 },
    release: process.env["RELEASE"] ?? "unknown",
  });
  writeState(config.stateDir, { seen: {}, lastRecord: number });
}
