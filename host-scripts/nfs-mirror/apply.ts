import { statfsSync } from "node:fs";
import { required } from "../runtime/required";
import type { RsyncPass } from "../runtime/rsync";
import { copyAroundHoles } from "./holes";
import { copyNames, splitLinks, withOtherNames } from "./links";
import { type Listed, type Mirror, mirrorArgs, type Scan } from "./mirror";
import { isUnproven, move } from "./moves";
import { allowedDeletions } from "./scan";
import type { Work } from "./work";

/**
 * Does what the scan has found. Steps follow each other as long as rsync goes through to its end; nothing is deleted once
 * something couldn't be copied.
 * @returns the pass of rsync that went least well; undefined when there was none
 */
export async function apply(mirror: Mirror, work: Work): Promise<RsyncPass | undefined> {
  const scan = required(mirror.scan, "scan");
  let worst: RsyncPass | undefined;
  for (const step of scan.listed ? stepsOf(mirror, scan, scan.listed) : [splitLinks, around, copyAll]) {
    if (step === remove && worst && !isThrough(mirror, worst)) continue;
    const pass = await step(mirror, work);
    mirror.stop.check("copy");
    if (pass && (worst === undefined || rank(pass) > rank(worst))) worst = pass;
    if (pass?.outcome === "broken") break;
  }
  return worst;
}

/** All that a pass had to do is done, but for what the scan could not read either. */
function isThrough(mirror: Mirror, pass: RsyncPass): boolean {
  return pass.outcome === "complete" || pass.outcome === "vanished" || isExpected(mirror, pass);
}

/** A pass could not read what the scan could not read, and nothing else. */
export function isExpected({ held }: Mirror, { outcome, lacked: { entries, unnamed } }: RsyncPass): boolean {
  const known = new Set(held.map(({ path }) => path));
  return (
    outcome === "partial" &&
    unnamed.length === 0 &&
    entries.length > 0 &&
    entries.every(({ path }) => known.has(path.toString("latin1")))
  );
}

type Step = (mirror: Mirror, work: Work) => Promise<RsyncPass | undefined>;

function stepsOf(mirror: Mirror, scan: Scan, { deleted }: Listed): readonly Step[] {
  const copying = [splitLinks, around, prove, copyList];
  if (!scan.whole || deleted.length === 0) return copying;
  // What goes is gone at the end of the run either way. Where both have no room, no night would ever get through.
  return hasRoom(mirror, scan) ? [...copying, remove] : [prove, remove, splitLinks, around, copyList];
}

const order: readonly RsyncPass["outcome"][] = ["complete", "vanished", "ceiling", "partial", "broken"];
const rank = ({ outcome }: RsyncPass): number => order.indexOf(outcome);

function hasRoom({ config }: Mirror, { bytes }: Scan): boolean {
  const { bavail, bsize } = statfsSync(config.target.path);
  return bytes < bavail * bsize;
}

/** Moves what has another name, and proves by its content that it is the same: size and time alone don't tell. */
async function prove(mirror: Mirror, work: Work): Promise<RsyncPass | undefined> {
  const moved = move(mirror);
  // The new name is rsync's to tell, which finds another time there.
  for (const { from } of moved) work.add(from);
  const left = required(mirror.scan, "scan").listed?.touched.filter(name => isUnproven(mirror, name)) ?? [];
  const names = [...left, ...moved.map(({ to }) => to)];
  return names.length === 0
    ? undefined
    : copyNames(mirror, work, names, ["--checksum", "--ignore-missing-args"]);
}

async function around(mirror: Mirror, work: Work): Promise<undefined> {
  for (const { name, bytes } of required(mirror.scan, "scan").large)
    if (await copyAroundHoles(mirror, name)) work.add(name, bytes);
}

async function copyList(mirror: Mirror, work: Work): Promise<RsyncPass | undefined> {
  const { changed = [] } = required(mirror.scan, "scan").listed ?? {};
  if (changed.length === 0) return undefined;
  // What took the place of a folder needs it to be gone; the folder's entries are among those that were judged.
  const force = required(mirror.scan, "scan").whole ? ["--force", ...ceiling(mirror)] : [];
  return copyNames(mirror, work, await withOtherNames(mirror, changed), ["--ignore-missing-args", ...force]);
}

/** Deletes what the source still lacks; what came back since the scan is copied. */
async function remove(mirror: Mirror, work: Work): Promise<RsyncPass | undefined> {
  const doomed = new Set(required(mirror.scan, "scan").listed?.deleted);
  const tops = [...doomed].filter(name => !doomed.has(name.slice(0, Math.max(0, name.lastIndexOf("/")))));
  return copyNames(mirror, work, tops, ["--delete-missing-args", "--force", ...ceiling(mirror)]);
}

/** Too much is new for a list, as on the first night: rsync looks at all of the tree again. */
async function copyAll(mirror: Mirror, work: Work): Promise<RsyncPass> {
  const { whole } = required(mirror.scan, "scan");
  return work.rsync(mirrorArgs(mirror, whole ? ["--delete-after", ...ceiling(mirror)] : []));
}

/** It holds also for what went since the scan. */
function ceiling({ config, scan }: Mirror): string[] {
  const { targetEntries, deletions } = required(scan, "scan");
  // More than that was judged, or is answered for.
  return [`--max-delete=${Math.max(deletions, allowedDeletions(config.maxDeletions, targetEntries))}`];
}
