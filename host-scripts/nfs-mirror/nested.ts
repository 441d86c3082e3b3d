import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { refuseUnknown } from "../runtime/accepted";
import { acceptCommand } from "../runtime/arguments";
import { writeDurably } from "../runtime/durable";
import { errnoOf, Refusal } from "../runtime/errors";
import { isSameMount, mountedBelow, strangersBelow } from "../runtime/mounts";
import type { Phase } from "../runtime/phases";
import { noted, quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { ready, shell } from "../runtime/shell";
import { statIn } from "../runtime/tree-path";
import { isLeftOut, isMeant, type Mirror, serviceOf } from "./mirror";
import { asideName } from "./restore/record";

/** File systems below the source that a run has mirrored, by their path below it. */
const record = z.record(z.string(), z.string());

function recordFile(config: NfsMirrorConfig): string {
  return join(config.stateDir, "nested-mounts.json");
}

/** Compares what is mounted below the source with what the estate names and an earlier run has seen there. */
export const nested: Phase<Mirror> = {
  name: "nested",
  async run(mirror) {
    const { config, log, dryRun, accepted } = mirror;
    const all = knownNested(config);
    const known = Object.fromEntries(Object.entries(all).filter(([path]) => !accepted.has(noted(path))));
    const mounted = mountedBelow(config.source.path, required(mirror.mounts, "mounts"));
    const found = new Map([...mounted].filter(([path]) => isMirrored(config, path)));
    if (accepted.size > 0)
      refuseUnknown(mirror, acceptable(config, [...Object.keys(all), ...found.keys()]), unknownName(config));
    const seen = readSeen(config);
    if (!seen && !dryRun) writeSeen(config, found);
    mirror.fresh = [...found]
      .filter(([path, is]) => seen && !isSameMount(seen[path], is))
      .map(([path]) => path);
    for (const [path, was] of Object.entries(known))
      if (!isSameMount(was, found.get(path))) holdAway(mirror, path, { was, is: found.get(path) });
    for (const [path, uuid] of strangersBelow(config.target, required(mirror.mounts, "mounts")))
      if (isMirrored(config, path)) holdCovered(mirror, path, uuid);
    const fresh = [...found].filter(([path]) => !(path in known));
    for (const [path, is] of fresh)
      log.warn(
        `${quoted(join(config.source.path, path))} is another file system (${is.replace(/\[\/\]$/, "")}), mirrored from now on`,
      );
    const exact = Object.fromEntries(
      Object.entries(known).map(([path, was]) => [path, exactly(was, found.get(path))]),
    );
    const isVague = Object.entries(known).some(([path, was]) => exact[path] !== was);
    if ((fresh.length > 0 || accepted.size > 0 || isVague) && !dryRun)
      writeDurably(
        recordFile(config),
        `${JSON.stringify({ ...Object.fromEntries(found), ...exact })}\n`,
        0o600,
      );
  },
};

/**
 * Keeps what the target has where another file system lies by now, which lacks some of it or has it older: somebody may have mounted
 * that over it, and it is still there, below. An operator says by `--accept` that it is meant to go.
 */
export function holdBelowFresh(mirror: Mirror): void {
  const { config, accepted, fresh = [], held, log, moves = [], scan } = mirror;
  if (fresh.length === 0) return;
  const moved = new Set(moves.map(({ from }) => from));
  const lost = (scan?.listed?.deleted ?? []).filter(name => !moved.has(name) && !isMeant(mirror, name));
  const older = (scan?.overwritten ?? []).filter(name => !isMeant(mirror, name) && isNewer(mirror, name));
  for (const path of fresh) {
    if (accepted.has(noted(path)) || held.some(other => other.path === latin1Of(path))) continue;
    const isBelow = (name: string): boolean => name.startsWith(`${latin1Of(path)}/`);
    const [lacks, has] = [lost.filter(isBelow).length, older.filter(isBelow).length];
    if (lacks + has === 0) continue;
    const reason = `another file system lies there than when it was mirrored, which lacks ${lacks} of its entries and has ${has} of its files older: it may have been mounted over them`;
    held.push({
      ...{ path: latin1Of(path), reason, isFrozen: has > 0 },
      next: acceptCommand(config.job, path),
    });
    log.warn(`${quoted(path)} keeps what it has at the target: ${reason}`);
  }
}

/** Whether a file of the target is newer than what would take its place. */
function isNewer({ config: { source, target } }: Mirror, name: string): boolean {
  const [before, after] = [statIn(target.path, name), statIn(source.path, name)];
  return before?.isFile() === true && after !== undefined && before.mtimeNs > after.mtimeNs;
}

/** From the first run on that loses nothing by it, what lies below the source is what belongs there. */
export function rememberSeen({ config, fresh = [], held, mounts, scan }: Mirror): void {
  // Without a list nobody knows what went.
  if (fresh.length === 0 || (!scan?.listed && scan?.deletions !== 0)) return;
  const isHeld = (path: string): boolean => held.some(other => other.path === latin1Of(path));
  const mounted = [...mountedBelow(config.source.path, required(mounts, "mounts"))];
  const confirmed = mounted.filter(([path]) => fresh.includes(path) && !isHeld(path));
  writeSeen(config, Object.entries({ ...readSeen(config), ...Object.fromEntries(confirmed) }));
}

/** What identifies the file systems that belong below the source, by their path there: the estate's, and those that a run has seen. */
export function knownNested(config: NfsMirrorConfig): Readonly<Record<string, string>> {
  const recorded = readRecord(config);
  const named = Object.fromEntries(
    config.nested.map(({ path, fsUuid }) => [path, exactly(fsUuid, recorded[path])]),
  );
  return Object.fromEntries(
    Object.entries({ ...recorded, ...named }).filter(([path]) => isMirrored(config, path)),
  );
}

/** The estate names a file system, and a run sees which folder of it is meant. */
function exactly(known: string, seen: string | undefined): string {
  return seen !== undefined && isSameMount(known, seen) ? seen : known;
}

/** What restores have put aside on file systems below the source is no data: by its path below the source. */
export function nestedAsides(config: NfsMirrorConfig): string[] {
  return Object.keys(knownNested(config)).map(path => join(path, asideName));
}

/** Services of both sides, file systems below the source, and "." for all services: as messages show them. */
function acceptable(config: NfsMirrorConfig, nestedPaths: readonly string[]): ReadonlySet<string> {
  const services = [config.source, config.target].flatMap(({ path }) =>
    readdirSync(path, { encoding: "buffer" }).filter(entry => !isLeftOut(config, entry.toString())),
  );
  return new Set([".", ...[...services, ...nestedPaths].map(noted)]);
}

function unknownName({ source, target }: NfsMirrorConfig): { none: string; next: string } {
  return {
    none: "names no service of source or target, and no file system below the source",
    next: shell`ls -la --quoting-style=escape ${source.path} ${target.path}`,
  };
}

/** What is mounted in an entry that is left out is nothing to the mirror. */
function isMirrored(config: NfsMirrorConfig, path: string): boolean {
  return !isLeftOut(config, serviceOf(path));
}

/**
 * Its folder in the source is empty then, or holds what was written while it was away. A folder that is mounted there and got another name
 * looks as another one does: an operator knows which it is.
 */
function holdAway(
  { config, held, log }: Mirror,
  path: string,
  { was, is }: { readonly was: string; readonly is: string | undefined },
): void {
  const mountPoint = join(config.source.path, path);
  const accept = ready(acceptCommand(config.job, path));
  held.push({
    path: latin1Of(path),
    ...{ isFrozen: true, isAway: true },
    reason:
      is === undefined
        ? "what lies there is not the file system that belongs there"
        : `what is mounted there is ${quoted(is)}, and ${quoted(was)} belongs there`,
    next:
      is === undefined
        ? shell`mount ${mountPoint}   (if it is gone for good: ${accept})`
        : shell`umount ${mountPoint}; mount ${mountPoint}   (if what is there now is right, as after a folder got another name: ${accept})`,
  });
  log.warn(`${quoted(mountPoint)} is away: what the target has of it is left as it is`);
}

/** Of the mirror, nobody sees there what the backup disk has. */
function holdCovered({ config, held, log }: Mirror, path: string, uuid: string): void {
  const mountPoint = join(config.target.path, path);
  held.push({
    ...{ path: latin1Of(path), isFrozen: true },
    reason: `another file system (${uuid}) is mounted there on the backup disk`,
    next: shell`umount ${mountPoint}   (what it holds belongs on the backup disk itself)`,
  });
  log.warn(`${quoted(mountPoint)} is another file system (${uuid}), and nothing is mirrored to it`);
}

/** File systems of which a run has mirrored what they hold, by their path below the source. */
function seenFile(config: NfsMirrorConfig): string {
  return join(config.stateDir, "nested-seen.json");
}

function writeSeen(config: NfsMirrorConfig, found: Iterable<readonly [string, string]>): void {
  writeDurably(seenFile(config), `${JSON.stringify(Object.fromEntries(found))}\n`, 0o600);
}

/** @returns undefined before the first run that takes it down; what can't be read says of none that it was seen */
function readSeen(config: NfsMirrorConfig): Readonly<Record<string, string>> | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(seenFile(config), "utf8")));
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? undefined : {};
  }
}

function latin1Of(path: string): string {
  return Buffer.from(path).toString("latin1");
}

function readRecord(config: NfsMirrorConfig): Readonly<Record<string, string>> {
  try {
    return record.parse(JSON.parse(readFileSync(recordFile(config), "utf8")));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return {};
    throw new Refusal(
      `the record of file systems below ${quoted(config.source.path)} can't be read: ${String(error)}`,
      shell`findmnt --submounts ${config.source.path}; rm ${recordFile(config)}   (the next run takes those that are mounted then)`,
    );
  }
}
