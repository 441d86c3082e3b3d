import { join } from "node:path";
import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import type { Versions } from "../../../plan/contracts/versions";
import { momentText } from "../../runtime/moment";
import { run } from "../../runtime/run";
import { sizeText } from "../../runtime/size-text";
import type { Answer, ListRequest, WayContext } from "../../runtime/ways";
import { hostFiles } from "../configuration";
import { readRecords } from "../record";
import { copiesCalled, keptCopies, type KeptCopy, lackWords, unreadFailure } from "./copies";
import { proveBackupDisk } from "../../runtime/backup-disk";

/** Of a copy, what it costs to tell. */
interface Listed extends KeptCopy {
  /** What it takes on the disk, files that it shares with others counted; undefined where nobody has counted. */
  readonly bytes: number | undefined;
}

/** Prints what there is. Of one thing, the sizes are counted; of all, those that are recorded are told. Takes no lock. */
export async function list({ what }: ListRequest, context: WayContext<DailyBackupConfig>): Promise<Answer> {
  await proveBackupDisk(context.config, "read", { ...context, dryRun: true });
  const { config, stop } = context;
  const kept = keptCopies(config);
  const recorded = recordedBytes(config);
  const rows: Listed[] = [];
  for (const copy of what === undefined ? kept.copies : copiesCalled(kept, what)) {
    stop.check("list");
    const bytes = what === undefined ? recorded.get(copy.identity) : await bytesOf(copy, stop.signal);
    rows.push({ ...copy, bytes });
  }
  const failure = unreadFailure(kept.unread.filter(({ mayHold }) => what === undefined || mayHold(what)));
  return { text: textOf(rows), result: { copies: rows.map(asJson) }, ...(failure && { failure }) };
}

export async function versions(context: WayContext<DailyBackupConfig>): Promise<Versions> {
  await proveBackupDisk(context.config, "read", { ...context, dryRun: true });
  const { copies, unread } = keptCopies(context.config);
  const failure = unreadFailure(unread);
  const recorded = recordedBytes(context.config);
  const versions = copies.map(copy => {
    const bytes = recorded.get(copy.identity);
    return {
      ...{ of: copy.name, at: momentText(copy.completeMs), path: filesOf(copy) },
      ...(bytes !== undefined && { bytes }),
      lacks: copy.lacks.length > 0 ? [lackWords(copy)] : [],
      pick: ["--at", momentText(copy.completeMs), ...(copy.isComplete ? [] : ["--incomplete"])],
    };
  });
  return { versions, ...(failure && { unseen: `${failure.failed}. Next: ${failure.next}` }) };
}

/** Where the path of a file begins: a generation of the host's configuration holds more than its files. */
function filesOf({ kind, folder }: KeptCopy): string {
  return kind === "configuration" ? join(folder, hostFiles) : folder;
}

/** By the identity of a generation. */
function recordedBytes({ stateDir }: DailyBackupConfig): ReadonlyMap<string, number> {
  return new Map(
    [...readRecords(stateDir).values()].flatMap(({ generations, holds }) =>
      generations.flatMap(({ identity }): [string, number][] => (holds ? [[identity, holds.bytes]] : [])),
    ),
  );
}

const longestCountMs = 30 * 60_000;

/** In blocks of the disk. @returns undefined where not all of it can be looked at */
export async function bytesOf(
  { folder }: Pick<KeptCopy, "folder">,
  stop: AbortSignal,
): Promise<number | undefined> {
  const argv = ["du", "--summarize", "--block-size=1", "--one-file-system", "--", folder] as const;
  const { exitCode, stdout } = await run([...argv], { timeoutMs: longestCountMs, stop });
  return exitCode === 0 ? Number.parseInt(stdout, 10) : undefined;
}

function asJson({ name, kind, period, folder, completeMs, bytes, isComplete, lacks }: Listed): object {
  return {
    ...{ name, kind, period, folder, completeAt: momentText(completeMs) },
    ...(bytes === undefined ? {} : { bytes }),
    ...{ isComplete, lacks },
  };
}

function textOf(rows: readonly Listed[]): string {
  if (rows.length === 0) return "There is no copy on the backup disk.";
  return rows.map((row, index) => `${headingOf(row, rows[index - 1])}  ${lineOf(row)}`).join("\n");
}

function headingOf({ name, kind }: Listed, before: Listed | undefined): string {
  if (before?.name === name && before.kind === kind) return "";
  return `${before === undefined ? "" : "\n"}${kind === "configuration" ? name : `${name}, ${kind}`}\n`;
}

function lineOf(row: Listed): string {
  const { completeMs, period, bytes, isComplete, lacks } = row;
  const size = bytes === undefined ? "" : sizeText(bytes);
  const state = isComplete
    ? lacks.length === 0
      ? "complete"
      : `lacks ${lackWords(row)}`
    : `INCOMPLETE, lacks ${lackWords(row)}`;
  return `${momentText(completeMs)}  ${period.padEnd(10)}  ${size.padStart(9)}  ${state}`;
}
