import { join } from "node:path";
import { acceptCommand } from "../runtime/arguments";
import { exitCodes, Refusal, RunnerError } from "../runtime/errors";
import { mountedBelow } from "../runtime/mounts";
import { notedErrors } from "../runtime/noted-errors";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { rsync } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { required } from "../runtime/required";
import { saidWhere } from "../runtime/said-where";
import { ready, shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { acceptedIn, holdLacking, unlistedBy } from "./lacking";
import { createLists, isOverwriting } from "./lists";
import { statIn } from "../runtime/tree-path";
import { dropHeld, frozenIn } from "./held";
import { isMeant, type Mirror, type Rewritten, type Scan } from "./mirror";
import { lostBy } from "./moves";
import { countRewritten } from "./rewritten";
import { rootsOf } from "./roots";
import { leftAlone, mirrorArgs } from "./whole-tree";

/** rsync's dry run: what would change, and how much would go. A night without a change ends here, after one scan. */
export const scan: Phase<Mirror> = {
  name: "scan",
  async run(mirror) {
    const found = await look(mirror, item => {
      if (mirror.dryRun) mirror.log.info(`would ${verbs[item.kind]} ${quoted(item.path)}`);
    });
    mirror.scan = found;
    dropHeld(mirror);
    const { entries, changes, bytes, deletions } = mirror.scan;
    mirror.log.info(`${entries} entries, ${changes} to copy (${bytes} bytes), ${deletions} to delete`);
  },
};

/**
 * Looks again, but not into services that are kept as they are: with them there was too much for a list. What was counted of
 * all services stays as it was.
 */
export async function scanOthers(mirror: Mirror): Promise<void> {
  const { entries, targetEntries, totalBytes, rewritten, errorsBefore, whole } = required(
    mirror.scan,
    "scan",
  );
  const found = await look(mirror, () => undefined);
  mirror.scan = {
    ...{ ...found, entries, targetEntries, totalBytes, rewritten, errorsBefore },
    whole: whole && found.whole,
  };
  dropHeld(mirror);
}

/** Looks again for those of the files that are overwritten, more than a list holds, that are asked for. */
export async function scanOverwritten(
  mirror: Mirror,
  isAsked: (name: string) => boolean,
): Promise<readonly string[]> {
  const names: string[] = [];
  await look(mirror, item => {
    const name = item.path.toString("latin1");
    if (isOverwriting(item, mirror.config.target.path) && isAsked(name)) names.push(name);
  });
  return names;
}

async function look(mirror: Mirror, onItem: (item: RsyncItem) => void): Promise<Scan> {
  const { config, log, stop } = mirror;
  const found = { changes: 0, deletions: 0, bytes: 0, inodes: 0, doomed: [] as Buffer[] };
  const lists = createLists(config);
  const rewritten = countRewritten(config);
  const nested = mountedBelow(config.source.path, required(mirror.mounts, "mounts")).keys();
  const places = [config.source.path, ...[...nested].map(path => join(config.source.path, path))];
  const errorsBefore = new Map(places.map(path => [path, notedErrors(path)]));
  const pass = await rsync(
    mirrorArgs(mirror, ["--dry-run", "--delete", "--ignore-errors"]),
    {
      ...{ cwd: config.source.path, timeoutMs: config.budgetMs, stop: stop.signal },
      ...{ acceptedOf: acceptedIn(config), leaveAlone: leftAlone(mirror) },
      inherit: mirror.lock ? [mirror.lock.fd] : [],
    },
    item => {
      if (isNothing(item)) return;
      count(found, item);
      lists.add(item);
      rewritten.add(item);
      onItem(item);
      if ((found.changes + found.deletions) % 1000 === 0)
        log.progress(`scan: ${found.changes} to copy, ${found.deletions} to delete`);
    },
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
  // The root is counted for each source, and is one entry.
  const entries = pass.entries - rootsOf(mirror).length + 1;
  return {
    ...found,
    entries,
    targetEntries: Math.max(0, entries - pass.created + found.deletions),
    whole,
    ...{ unlisted, errorsBefore },
    totalBytes: pass.totalBytes,
    rewritten: rewritten.taken(),
    ...lists.taken(),
  };
}

/** Refuses to delete more than the ceilings: a source that lost its data must not take the copy with it. */
export const judge: Phase<Mirror> = {
  name: "judge",
  async run(mirror) {
    const { config, lost, accepted } = mirror;
    const { deletions: all, targetEntries, doomed, totalBytes } = required(mirror.scan, "scan");
    if (accepted.has(".")) return;
    const deletions = (lost ?? all) - meant(mirror);
    const { count: most, percent, bytesPercent } = config.maxDeletions;
    const next = shell`ls -la ${config.source.path}   (if they are meant to go: ${ready(acceptCommand(config.job, "."))}; if another job wrote them, add them to keep)`;
    if (deletions > allowedDeletions(config.maxDeletions, targetEntries)) {
      const share = ((100 * deletions) / targetEntries).toFixed(1);
      throw new Refusal(
        `${deletions} of the target's ${targetEntries} entries (${share} %) would be deleted, more than ${most} and ${percent} %; first ${doomed.map(quoted).join(", ")}`,
        next,
      );
    }
    const shrunk = shrunkServices(mirror);
    const bytes = shrunk.reduce((sum, { lostBytes }) => sum + lostBytes, doomedBytes(mirror));
    const share = (100 * bytes) / (totalBytes + bytes);
    const shrunkNames = shrunk.map(({ shrunk: name = "" }) => Buffer.from(name, "latin1"));
    if (share > bytesPercent)
      throw new Refusal(
        `${bytes} bytes, ${share.toFixed(1)} % of the target's, would go with files that are deleted or have become smaller, more than ${bytesPercent} %; first ${[...doomed, ...shrunkNames].slice(0, shownDeletions).map(quoted).join(", ")}`,
        next,
      );
  },
};

/** How much of what goes, and leaves nothing under another name, an operator answers for. */
function meant(mirror: Mirror): number {
  const { scan: found, moves = [] } = mirror;
  if (!found?.listed) return 0;
  const deleted = found.listed.deleted.filter(name => isMeant(mirror, name));
  return lostBy(mirror, { ...found.listed, deleted }, moves);
}

/** Of files that go, leave nothing under another name, and are in no service that an operator answers for. */
function doomedBytes(mirror: Mirror): number {
  const { config, scan: found, moves = [] } = mirror;
  const moved = new Set(moves.map(({ from }) => from));
  return (found?.listed?.deleted ?? [])
    .filter(name => !moved.has(name) && !isMeant(mirror, name))
    .map(name => statIn(config.target.path, name))
    .reduce((sum, stat) => sum + (stat?.isFile() === true ? Number(stat.size) : 0), 0);
}

/** What files lose that become smaller: one that was emptied is as gone as one that was deleted. */
function shrunkServices(mirror: Mirror): Rewritten[] {
  const isFrozen = frozenIn(mirror);
  return [...required(mirror.scan, "scan").rewritten]
    .filter(([service, { lostBytes }]) => lostBytes > 0 && !isMeant(mirror, service) && !isFrozen(service))
    .map(([, rewritten]) => rewritten);
}

/** @returns most entries that a run may delete */
export function allowedDeletions(
  ceiling: { readonly count: number; readonly percent: number },
  targetEntries: number,
): number {
  return Math.max(ceiling.count, Math.floor((ceiling.percent / 100) * targetEntries));
}

const verbs = { deleted: "delete", created: "copy", changed: "update" } as const;
const shownDeletions = 5;

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
