import { roomOf } from "../runtime/free-room";
import { inRestOfTime } from "../runtime/job-run";
import { required } from "../runtime/required";
import { listedBefore, type RsyncPass } from "../runtime/rsync";
import { foldersAbove, statIn } from "../runtime/tree-path";
import { dropHeld } from "./held";
import { compareSuspects } from "./contents";
import { copyAroundHoles } from "./holes";
import { holeBytes, leastHoleBytes } from "../runtime/holes";
import { formerNames, holdLacking } from "./lacking";
import { copyNames, splitLinks, withOtherNames } from "./links";
import type { Listed, Mirror, Move, Scan } from "./mirror";
import { moveSparse } from "./moved-sparse";
import { isUnproven, move } from "./moves";
import { allowedDeletions } from "./judge";
import { leftAlone, mirrorArgs } from "./whole-tree";
import type { Work } from "./work";
import { renewUnwritten } from "./written";

/** How the steps of a run went. */
export interface Applied {
  /** The pass of rsync because of which it isn't known what the target lacks; undefined when there was none. */
  readonly failed: RsyncPass | undefined;
  readonly hasVanished: boolean;
}

/**
 * Does what the scan has found. Steps follow each other as long as rsync goes through to its end. What a pass could not read or
 * write is held, and keeps no more than itself; nothing is deleted, or overwritten that may have another name now, once it isn't
 * known what that is.
 */
export async function apply(mirror: Mirror, work: Work): Promise<Applied> {
  const scan = required(mirror.scan, "scan");
  let failed: RsyncPass | undefined;
  let hasVanished = false;
  const steps = scan.listed ? stepsOf(mirror, scan, scan.listed) : stepsWithoutList(scan);
  for (const step of [renewal, ...steps, content]) {
    if (step.waits && failed) continue;
    const pass = await step.run(mirror, work);
    mirror.stop.check("copy");
    if (!pass) continue;
    if (pass.outcome === "vanished") hasVanished = true;
    if (!isThrough(mirror, pass)) failed = pass;
    if (pass.outcome === "broken") break;
  }
  return { failed, hasVanished };
}

/** All that a pass had to do is done, but for what is held by its name. */
function isThrough(mirror: Mirror, pass: RsyncPass): boolean {
  if (pass.outcome !== "partial") return pass.outcome === "complete" || pass.outcome === "vanished";
  const known = mirror.held.length;
  if (!holdLacking(mirror, pass)) return false;
  dropHeld(mirror);
  const { listed, deletions, overwritten } = required(mirror.scan, "scan");
  // Without a list, deletions are rsync's own, and it makes none once something can't be read.
  if (listed) return true;
  // Nor is it known then which of the files that are overwritten may be what can't be read, unless the scan has told of that.
  return deletions === 0 && (overwritten !== undefined || mirror.held.length === known);
}

type Asked = (name: string) => boolean;

interface Step {
  run(mirror: Mirror, work: Work): Promise<RsyncPass | undefined>;
  /** It takes away what may be the only copy of something that an earlier step had to copy. */
  readonly waits?: true;
}

const renewal: Step = { run: renewUnwritten };
/** All else comes first: it may take a share of the night. */
const content: Step = { run: (mirror, work) => inRestOfTime(mirror, () => compareSuspects(mirror, work)) };
const split: Step = { run: splitLinks };

/** What the target lacks comes first: what is overwritten may be the last copy of something that can't be read under its new name. */
function stepsWithoutList({ overwritten }: Scan): readonly Step[] {
  if (overwritten?.length === 0)
    return [split, { run: (mirror, work) => around(mirror, work, () => true) }, { run: copyAll }];
  const last = new Set(overwritten);
  return [
    split,
    { run: (mirror, work) => around(mirror, work, name => overwritten !== undefined && !last.has(name)) },
    { run: copyNew },
    { run: (mirror, work) => around(mirror, work, name => !overwritten || last.has(name)), waits: true },
    { run: copyAll, waits: true },
  ];
}

function stepsOf(mirror: Mirror, scan: Scan, { deleted }: Listed): readonly Step[] {
  // As it was at the scan: what goes meanwhile has been copied to nowhere.
  const former = formerNames(mirror, () => true);
  const isFirst: Asked = name => !former.has(name);
  const isLate = (): Asked => {
    const isMissing = missingOf(mirror, former);
    return name => former.has(name) && !isMissing(name);
  };
  const sizes = sizeClasses(mirror, scan);
  const isLarge: Asked = name => sizes.of(name) > 0;
  const isSmall: Asked = name => !isLarge(name);
  const moved: Move[] = [];
  const proven = new Set<string>();
  const aroundOf = (isAsked: () => Asked): Step => ({
    run: (mirror, work) =>
      around(
        mirror,
        work,
        both(isAsked(), name => !proven.has(name)),
      ),
  });
  const renaming: Step = { run: (mirror, work) => rename(mirror, work, moved) };
  const proofOf = (isAsked: Asked): Step => ({ run: (mirror, work) => prove(mirror, work, moved, isAsked) });
  const copyOf = (isAsked: () => Asked): Step => ({
    run: (mirror, work) => copyChanged(mirror, work, isAsked()),
  });
  const removal: Step = {
    run: (mirror, work) => remove(mirror, work, missingOf(mirror, former)),
    waits: true,
  };
  const removals = scan.whole && deleted.length > 0 ? [removal] : [];
  const small: readonly Step[] = [
    copyOf(() => both(isFirst, isSmall)),
    { ...copyOf(() => both(isLate(), isSmall)), waits: true },
  ];
  // One of them may take all of a night, and each night anew: nothing else waits for it.
  const large: readonly Step[] = [
    ...removals,
    { run: (mirror, work) => renameSparse(mirror, work, proven) },
    aroundOf(() => isFirst),
    proofOf(isLarge),
    ...sizes.large.map(size => copyOf(() => both(isFirst, name => sizes.of(name) === size))),
    { ...aroundOf(isLate), waits: true },
    { ...copyOf(isLate), waits: true },
  ];
  // What goes is gone at the end of the run either way. Where both have no room, no night would ever get through.
  const first =
    removals.length > 0 && !hasRoom(mirror, scan)
      ? [renaming, proofOf(isSmall), ...removals, split]
      : [split, renaming, proofOf(isSmall)];
  const rest: Step = {
    run: () => Promise.resolve(putOff(mirror, former.keys(), missingOf(mirror, former))),
  };
  return [...first, ...small, ...(sizes.large.length > 0 ? large : []), ...removals, rest];
}

/** Whoever looks only at what is named has to look at these again: nothing has to change there before the next run. */
function putOff(mirror: Mirror, names: Iterable<string>, isMissing: Asked): undefined {
  for (const name of names) if (isMissing(name)) mirror.putOff.add(name);
}

function both(one: Asked, other: Asked): Asked {
  return name => one(name) && other(name);
}

const gibibyte = 1024 ** 3;
/** Where the next class begins, the smallest first. */
const classBytes = [leastHoleBytes, gibibyte, 16 * gibibyte, 256 * gibibyte];

/** Classes of the files that are to be copied, by their sizes: 0 for all but the large ones. */
function sizeClasses(
  { config }: Mirror,
  { large, listed }: Scan,
): { readonly large: readonly number[]; of(name: string): number } {
  const known = new Map<string, number>();
  // A further name of a large file isn't among them.
  for (const name of large.length > 0 ? (listed?.changed ?? []) : []) {
    const stat = statIn(config.source.path, name);
    const size = classBytes.filter(bytes => stat?.isFile() === true && stat.size >= bytes).length;
    if (size > 0) known.set(name, size);
  }
  return {
    large: [...new Set(known.values())].sort((a, b) => a - b),
    of: name => known.get(name) ?? 0,
  };
}

/** Tells of a name whether the target lacks any of those that it may have now. */
function missingOf({ config }: Mirror, former: ReadonlyMap<string, readonly string[]>): Asked {
  // Many files of one size and time have the same ones.
  const known = new Map<readonly string[], boolean>();
  return name => {
    const names = former.get(name) ?? [];
    const isMissing = known.get(names) ?? names.some(fresh => !statIn(config.target.path, fresh));
    known.set(names, isMissing);
    return isMissing;
  };
}

/** A file takes whole blocks, and one that is new an inode; rsync writes one at a time beside what it replaces. */
function hasRoom({ config }: Mirror, { bytes, inodes, large }: Scan): boolean {
  const { free, blockBytes } = roomOf(config.target.path);
  const holes = large.reduce((sum, { name }) => sum + holeBytes(statIn(config.source.path, name)), 0);
  return bytes - holes + inodes * blockBytes < free.bytes && inodes < free.inodes;
}

/** Gives what has another name that one. @param moved gets them */
async function rename(mirror: Mirror, work: Work, moved: Move[]): Promise<undefined> {
  moved.push(...move(mirror));
  // The new name is rsync's to tell, which finds another time there.
  for (const { from } of moved) work.add(from);
}

/** The same of files with large holes. @param proven gets their new names, which need no copy */
async function renameSparse(mirror: Mirror, work: Work, proven: Set<string>): Promise<undefined> {
  for (const { from, to } of await moveSparse(mirror)) {
    work.add(from);
    work.add(to);
    proven.add(to);
  }
}

/** Proves by its content that what was moved is the same: size and time alone don't tell. */
async function prove(
  mirror: Mirror,
  work: Work,
  moved: readonly Move[],
  isAsked: Asked,
): Promise<RsyncPass | undefined> {
  const left = required(mirror.scan, "scan").listed?.touched.filter(name => isUnproven(mirror, name)) ?? [];
  const names = [...new Set([...left, ...moved.map(({ to }) => to)])].filter(isAsked);
  return names.length === 0
    ? undefined
    : copyNames(mirror, work, names, ["--checksum", "--ignore-missing-args"]);
}

async function around(mirror: Mirror, work: Work, isAsked: Asked): Promise<undefined> {
  const large = required(mirror.scan, "scan").large.filter(({ name }) => isAsked(name));
  for (const { name, bytes } of large) if (await copyAroundHoles(mirror, name)) work.add(name, bytes);
}

async function copyChanged(mirror: Mirror, work: Work, isAsked: Asked): Promise<RsyncPass | undefined> {
  const changed = required(mirror.scan, "scan").listed?.changed.filter(isAsked) ?? [];
  if (changed.length === 0) return undefined;
  // What took the place of a folder needs it to be gone; the folder's entries are among those that were judged.
  const force = required(mirror.scan, "scan").whole ? ["--force", ...ceiling(mirror)] : [];
  return copyNames(mirror, work, await withOtherNames(mirror, changed), ["--ignore-missing-args", ...force]);
}

/**
 * Deletes what the source still lacks; what came back since the scan is copied.
 * @param isKept what may be the only copy of something that isn't copied under its new name, as that went since or there was no
 *   room: it stays for the next night
 */
async function remove(mirror: Mirror, work: Work, isKept: Asked): Promise<RsyncPass | undefined> {
  const deleted = required(mirror.scan, "scan").listed?.deleted ?? [];
  const left = new Set(deleted.filter(isKept).flatMap(name => [name, ...foldersAbove(name)]));
  return removeNames(
    mirror,
    work,
    deleted.filter(name => !left.has(name)),
  );
}

async function removeNames(
  mirror: Mirror,
  work: Work,
  names: readonly string[],
): Promise<RsyncPass | undefined> {
  const doomed = new Set(names);
  const tops = names.filter(name => !doomed.has(name.slice(0, Math.max(0, name.lastIndexOf("/")))));
  return tops.length === 0
    ? undefined
    : copyNames(mirror, work, tops, ["--delete-missing-args", "--force", ...ceiling(mirror)]);
}

/** Of what is too much for a list, that at whose name the target has nothing. */
async function copyNew(mirror: Mirror, work: Work): Promise<RsyncPass> {
  return work.rsync(mirrorArgs(mirror, [listedBefore, "--ignore-existing"]), leftAlone(mirror));
}

/** Too much is new for a list, as on the first night: rsync looks at all of the tree again. */
async function copyAll(mirror: Mirror, work: Work): Promise<RsyncPass> {
  const { whole } = required(mirror.scan, "scan");
  return work.rsync(
    mirrorArgs(mirror, [listedBefore, ...(whole ? ["--delete-after", ...ceiling(mirror)] : [])]),
    leftAlone(mirror),
  );
}

/** It holds also for what went since the scan. */
function ceiling({ config, scan }: Mirror): string[] {
  const { targetEntries, deletions } = required(scan, "scan");
  // More than that was judged, or is answered for.
  return [`--max-delete=${Math.max(deletions, allowedDeletions(config.maxDeletions, targetEntries))}`];
}
