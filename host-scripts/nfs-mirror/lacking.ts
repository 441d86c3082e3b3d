import type { BigIntStats } from "node:fs";
import { acceptedBy, isInForce } from "../../plan/contracts/accepted";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { acceptedPart } from "../runtime/accepted";
import { notedName, quoted, shortened } from "../runtime/quoted";
import type { RsyncPass } from "../runtime/rsync";
import { shell } from "../runtime/shell";
import { statIn } from "../runtime/tree-path";
import { holderIn } from "./held";
import type { Held, Mirror } from "./mirror";
import { hiddenByKeep } from "./verify";

/**
 * Holds deletions back at and below what a pass of rsync could not read or write, and only there: a bad sector, an attribute
 * that is too large for the target, a file that may not be changed.
 * @returns false when it isn't known what all of that is: then nothing may be deleted
 */
export function holdLacking(mirror: Mirror, { lacked: { entries, unnamed } }: RsyncPass): boolean {
  const found = entries.filter(({ hasVanished }) => hasVanished !== true);
  const known = found.map(({ path, reason }) => {
    const own = namesOf(mirror.config, path.toString("latin1"));
    for (const name of own) holdEntry(mirror, name, reason);
    return own;
  });
  const names = new Set(known.flat());
  holdFormer(
    mirror,
    mirror.held.filter(({ path }) => names.has(path)),
  );
  return unnamed.length === 0 && known.length > 0 && known.every(names => names.length > 0);
}

/** @returns names below the source that a scan has left out, with all that may lie below them */
export function unlistedBy(mirror: Mirror, { outcome, lacked }: RsyncPass): readonly string[] {
  const { source, target } = mirror.config;
  const left = [
    ...mirror.held.filter(({ isFrozen }) => isFrozen === true).map(({ path }) => path),
    ...hiddenByKeep(mirror).map(name => Buffer.from(name).toString("latin1")),
  ];
  if (outcome !== "partial") return left;
  const told = lacked.entries
    .filter(({ hasVanished }) => hasVanished !== true)
    .map(({ path }) => path.toString("latin1"));
  const ofSource = told.filter(name => !name.startsWith(`${target.path}/`));
  return [...left, ...ofSource.flatMap(name => namesOf({ source, target }, name))];
}

/** @returns what the estate accepts as a whole, below the root, and an entry of rsync's messages is or lies in */
export function acceptedIn({
  source,
  target,
  accepted,
}: Pick<NfsMirrorConfig, "source" | "target" | "accepted">): (told: Buffer) => Buffer | undefined {
  const entries = accepted.filter(entry => isInForce(entry, Date.now()));
  return told => {
    for (const name of namesOf({ source, target }, told.toString("latin1"))) {
      const part = acceptedPart(entries, name);
      if (part !== undefined) return Buffer.from(part, "latin1");
    }
    return undefined;
  };
}

function holdEntry({ config, held, notes, log }: Mirror, path: string, reason: string): void {
  if (held.some(other => other.path === path)) return;
  const name = notedName(path);
  const entry = acceptedBy(config.accepted, name);
  const isAnswered = entry !== undefined && isInForce(entry, Date.now());
  const text = `${shortened(name)} can't be read or written: ${reason}`;
  if (isAnswered) notes.push(`accepted until ${entry.until} (${entry.reason}): ${text}`);
  else log.warn(text);
  held.push({
    ...{ path, reason: `it can't be read or written (${reason})`, isAnswered },
    next: shell`dmesg --level err,warn | tail; df -h ${config.target.path}; df -i ${config.target.path}   (mend or remove it, or accept it in the estate)`,
  });
}

/**
 * What goes, or is replaced, may be what isn't copied under its new name, and then the last copy of it: a file that has size and
 * time of one that can't be read, or lies in what is frozen, is held with it.
 */
export function holdFormer(mirror: Mirror, lacking: readonly Held[]): void {
  if (lacking.length === 0) return;
  const { held } = mirror;
  const overwritten = new Set(mirror.scan?.overwritten);
  const [lackedBy, keptBy] = [holderIn(lacking), holderIn(held)];
  for (const [path, [name = ""]] of formerNames(mirror, name => lackedBy(name) !== undefined)) {
    const holder = lackedBy(name);
    if (!holder || keptBy(path)) continue;
    const { next, isAnswered = false } = holder;
    const reason = `it may be the last copy of ${shown(name)}`;
    // Something else has its name by now, which isn't mirrored then: not for the sake of what nobody misses.
    if (!overwritten.has(path)) held.push({ path, reason, next, isAnswered });
    else if (!isAnswered) held.push({ path, reason, next, isFrozen: true });
  }
}

/**
 * @param isAsked whether a new name is asked for
 * @returns names that go or are overwritten, each with new ones of the same size and time, or under which it was found: what it may be now
 */
export function formerNames(
  { config, scan, moves = [], held }: Mirror,
  isAsked: (name: string) => boolean,
): ReadonlyMap<string, readonly string[]> {
  const { deleted = [] } = scan?.listed ?? {};
  // Without a list there is no more to ask for than what is held.
  const created = scan?.listed?.created ?? held.map(({ path }) => path);
  const fresh = new Map<string, string[]>();
  const found = new Map<string, readonly string[]>();
  for (const name of created) {
    const key = isAsked(name) ? keyOf(statIn(config.source.path, name)) : undefined;
    const names = key === undefined ? undefined : fresh.get(key);
    if (names) names.push(name);
    else if (key !== undefined) fresh.set(key, [name]);
  }
  // One that was to be renamed may have lost its time by that.
  for (const { from, to } of moves) if (isAsked(to)) found.set(from, [to]);
  if (fresh.size === 0) return found;
  for (const path of [...deleted, ...(scan?.overwritten ?? [])]) {
    const key = keyOf(statIn(config.target.path, path));
    const names = key === undefined ? undefined : fresh.get(key);
    if (names) found.set(path, names);
  }
  return found;
}

/** What a file or a link has in common with its earlier name. @returns undefined of what has no content */
export function keyOf(stat: BigIntStats | undefined): string | undefined {
  if (!stat || stat.size === 0n || !(stat.isFile() || stat.isSymbolicLink())) return undefined;
  return `${stat.isFile() ? "file" : "link"} ${stat.size} ${stat.mtimeNs}`;
}

export function shown(path: string): string {
  return shortened(quoted(Buffer.from(path, "latin1")));
}

/**
 * The name below the source that a message of rsync means: it tells of the target by whole paths, and of a file that is being
 * written by the name that it has until it is complete, where one that begins with a dot gets no second one.
 * @returns both where it may be either; none for what lies in neither tree, and for a root: all could be missing there
 */
export function namesOf(
  { source, target }: Pick<NfsMirrorConfig, "source" | "target">,
  told: string,
): readonly string[] {
  const root = `${Buffer.from(target.path).toString("latin1")}/`;
  const name = told.startsWith(root) ? told.slice(root.length) : told;
  if (name.startsWith("/") || name === ".") return [];
  const [, folder = "", base] = /^(.*\/)?\.([^/]+)\.[A-Za-z0-9]{6}$/s.exec(name) ?? [];
  if (base === undefined || statIn(source.path, name)) return [name];
  const own = [base, `.${base}`].map(end => folder + end).filter(end => statIn(source.path, end));
  return own.length > 0 ? own : [name];
}
