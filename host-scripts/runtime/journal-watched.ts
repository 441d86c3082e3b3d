import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { writeWhole } from "./durable";
import { type Debt, readDebt } from "./journal-consumer";
import { bootId, isAlive, oneProcess, thisProcess } from "./run-state";

/*
 * A writer that watches others' changes can't tell by its segments whether it was there: a journal in which nothing is named
 * since yesterday is that of a quiet tree, or of a watcher that is dead. So it says beside them, again and again, until when all
 * changes are in them:
 * - `watched`: that instant, the boot that it was in, and of which entries of the tree that is said
 * - `asked`: a reader has written it, and waits for a later instant than it would get by itself
 */

const notes = {
  /** Entries of the tree's root of which it notes what changes; all of them unless given. */
  only: z.array(z.string()).optional(),
  /** Entries of which it doesn't; none unless given. */
  without: z.array(z.string()).optional(),
};
/** What a watcher notes: it and its readers have configs of their own, and one of them may be an older one. */
export type Notes = z.infer<z.ZodObject<typeof notes>>;
const watched = z.strictObject({
  ...{ throughMs: z.number(), bootId: z.string(), ...notes },
  /** Whoever says it; an earlier version of it says not. */
  by: oneProcess.optional(),
});

/** Older ones are no word on what changes now: a watcher says it several times in that time. */
const freshMs = 3 * 60_000;

/** Says that all changes until an instant are in segments that were handed over. */
export function noteWatched(folder: string, throughMs: number, { only, without }: Notes = {}): void {
  const noted: z.input<typeof watched> = { throughMs, bootId: bootId(), only, without, by: thisProcess() };
  writeWhole(fileOf(folder), `${JSON.stringify(noted)}\n`, 0o600);
}

/** Says that nobody watches from now on. */
export function forgetWatched(folder: string): void {
  rmSync(fileOf(folder), { force: true });
}

/** Until when all changes are in a watcher's journal. Asked before the journal is read, or it may be older than that. */
export type Watched = { readonly throughMs: number; readonly notes: Notes } | { readonly since: string };

/** @returns `since` where nobody watches: in words, for "nobody has watched it ..." */
export function watchedThrough(folder: string, nowMs = Date.now()): Watched {
  const noted = readWatched(folder);
  if (!noted) return { since: "yet" };
  const at = new Date(noted.throughMs).toISOString();
  if (noted.bootId !== bootId()) return { since: `since before the host's last start, at ${at}` };
  // One that lies ahead is by a clock that has gone back since.
  return Math.abs(nowMs - noted.throughMs) > freshMs
    ? { since: `since ${at}` }
    : { throughMs: noted.throughMs, notes: { only: noted.only, without: noted.without } };
}

function readWatched(folder: string): z.output<typeof watched> | undefined {
  try {
    return watched.parse(JSON.parse(readFileSync(fileOf(folder), "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether somebody may still answer. */
function isWatching(folder: string): boolean {
  const noted = readWatched(folder);
  return noted !== undefined && (noted.by === undefined || isAlive(noted.by));
}

/** Name of the file by which a reader asks. */
export const askedFile = "asked";
/** A watcher that is asked says it at once. */
const longestAnswerMs = 2 * 60_000;

/**
 * Has a watcher say anew that it watches: then all that changed before this was called is in the journal.
 * @returns why it didn't, in words for "nobody has watched it ..."; undefined when it did
 */
export async function askWatched(folder: string, stop: AbortSignal): Promise<string | undefined> {
  const before = watchedThrough(folder);
  if ("since" in before) return before.since;
  const [askedMs, endMs] = [Date.now(), performance.now() + longestAnswerMs];
  writeWhole(join(folder, askedFile), "", 0o600);
  const since = `since ${new Date(before.throughMs).toISOString()}`;
  for (let pauseMs = 5; performance.now() < endMs && !stop.aborted; pauseMs = Math.min(200, 2 * pauseMs)) {
    const now = watchedThrough(folder);
    // The one of before may lie ahead, by a clock that has gone back since.
    if ("throughMs" in now && now.throughMs >= askedMs && now.throughMs !== before.throughMs)
      return undefined;
    // One that is started anew has all compared.
    if (!isWatching(folder)) return since;
    await sleep(pauseMs);
  }
  return `${since}, though it was asked to say so`;
}

/** What a consumer owes of a watcher's journal. */
export interface WatchedDebt extends Debt {
  /** Nothing that changed after this instant is known to be in it, epoch ms; undefined where all is owed. */
  readonly throughMs: number | undefined;
  /** What can be in it. */
  readonly notes: Notes;
}

/** As `readDebt`; all is owed where nobody watches. */
export function readWatchedDebt(folder: string, consumer: string, stamp: string | undefined): WatchedDebt {
  const watched = watchedThrough(folder);
  const debt = readDebt(folder, consumer, stamp);
  if ("throughMs" in watched) return { ...debt, ...watched };
  const whole = debt.whole ?? `nobody has watched it ${watched.since}`;
  return { ...debt, whole, throughMs: undefined, notes: {} };
}

function fileOf(folder: string): string {
  return join(folder, "watched");
}
