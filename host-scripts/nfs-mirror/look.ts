import { join } from "node:path";
import { exitCodes, RunnerError } from "../runtime/errors";
import { mountedBelow } from "../runtime/mounts";
import { notedErrors } from "../runtime/noted-errors";
import { required } from "../runtime/required";
import { rsync, type RsyncPass } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { saidWhere } from "../runtime/said-where";
import { firstLines } from "../runtime/tail";
import { acceptedIn, holdLacking, unlistedBy } from "./lacking";
import { createLists } from "./lists";
import type { Mirror, Scan } from "./mirror";
import { countRewritten } from "./rewritten";
import { rootsOf } from "./roots";
import { leftAlone, mirrorArgs } from "./whole-tree";

/** How a dry run of rsync is told to name what goes as well. */
export const dryRun = ["--dry-run", "--delete", "--ignore-errors"] as const;

/** Looks at all of both sides. */
export async function lookAtAll(mirror: Mirror, onItem: (item: RsyncItem) => void): Promise<Scan> {
  const begunMs = Date.now();
  const found = createFinds(mirror, onItem);
  const errorsBefore = errorsOf(mirror);
  const pass = await lookBy(mirror, mirrorArgs(mirror, dryRun), found.add);
  const totals = found.taken();
  // The root is counted for each source, and is one entry.
  const entries = pass.entries - rootsOf(mirror).length + 1;
  return {
    ...totals,
    begunMs,
    entries,
    targetEntries: Math.max(0, entries - pass.created + totals.deletions),
    ...{ whole: pass.whole, unlisted: pass.unlisted, errorsBefore },
    totalBytes: pass.totalBytes,
  };
}

/** A dry run, and what it couldn't look at. */
export interface Look extends RsyncPass {
  readonly whole: boolean;
  readonly unlisted: readonly string[];
}

/** One dry run; what it can't read is held. @throws {RunnerError} when it isn't known what it left out */
export async function lookBy(
  mirror: Mirror,
  args: readonly string[],
  onItem: (item: RsyncItem) => void,
): Promise<Look> {
  const { config, log, stop } = mirror;
  const pass = await rsync(
    args,
    {
      ...{ cwd: config.source.path, timeoutMs: config.budgetMs, stop: stop.signal },
      ...{ acceptedOf: acceptedIn(config), leaveAlone: leftAlone(mirror) },
      inherit: mirror.lock ? [mirror.lock.fd] : [],
    },
    onItem,
  );
  stop.check("scan");
  if (pass.outcome === "broken" || pass.outcome === "ceiling")
    throw new RunnerError(exitCodes.failed, {
      failed: `rsync's dry run ended with ${pass.result.exitCode ?? pass.result.signal}: ${firstLines(pass.result.stderr)}`,
      kept: "Nothing was changed.",
      next: saidWhere(config.job),
    });
  const unlisted = unlistedBy(mirror, pass);
  const whole = pass.outcome !== "partial" || holdLacking(mirror, pass);
  if (!whole)
    log.warn(`some of the source can't be read, so nothing is deleted: ${firstLines(pass.result.stderr)}`);
  return { ...pass, whole, unlisted };
}

/** Errors that the source's file systems have found in themselves, by their mount points. */
export function errorsOf({ config, mounts }: Mirror): ReadonlyMap<string, number> {
  const nested = mountedBelow(config.source.path, required(mounts, "mounts")).keys();
  const places = [config.source.path, ...[...nested].map(path => join(config.source.path, path))];
  return new Map(places.map(path => [path, notedErrors(path)]));
}

/** What a scan finds, item by item. */
export interface Finds {
  add(item: RsyncItem): void;
  taken(): Omit<
    Scan,
    "begunMs" | "entries" | "targetEntries" | "whole" | "unlisted" | "errorsBefore" | "totalBytes"
  >;
}

export function createFinds({ config, log }: Mirror, onItem: (item: RsyncItem) => void): Finds {
  const found = { changes: 0, deletions: 0, bytes: 0, inodes: 0, doomed: [] as Buffer[] };
  const lists = createLists(config);
  const rewritten = countRewritten(config);
  return {
    add(item) {
      if (isNothing(item)) return;
      count(found, item);
      lists.add(item);
      rewritten.add(item);
      onItem(item);
      if ((found.changes + found.deletions) % 1000 === 0)
        log.progress(`scan: ${found.changes} to copy, ${found.deletions} to delete`);
    },
    taken: () => ({ ...found, rewritten: rewritten.taken(), ...lists.taken() }),
  };
}

/** Of them, as many as a message names. */
export const shownDeletions = 5;

/** The target's root is the host's own: it has another owner and mode than the source's, and other jobs' entries move its time. */
export function isNothing(item: RsyncItem): boolean {
  return item.path.equals(Buffer.from("."));
}

function count(found: Totals, item: RsyncItem): void {
  if (item.kind === "deleted") {
    found.deletions += 1;
    if (found.doomed.length < shownDeletions) found.doomed.push(item.path);
  } else {
    found.changes += 1;
    found.bytes += item.bytes;
    if (item.kind === "created" && !item.letters.startsWith("h")) found.inodes += 1;
  }
}

interface Totals {
  changes: number;
  deletions: number;
  bytes: number;
  inodes: number;
  doomed: Buffer[];
}
