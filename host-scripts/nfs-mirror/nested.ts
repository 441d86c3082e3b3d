import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { refuseUnknown } from "../runtime/accepted";
import { acceptCommand } from "../runtime/arguments";
import { writeDurably } from "../runtime/durable";
import { errnoOf, Refusal } from "../runtime/errors";
import { mountedBelow } from "../runtime/mounts";
import type { Phase } from "../runtime/phases";
import { noted, quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { ready, shell } from "../runtime/shell";
import { isLeftOut, type Mirror, serviceOf } from "./mirror";

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
    if (accepted.size > 0) refuseUnknown(mirror, acceptable(config, Object.keys(all)), unknownName(config));
    const known = Object.fromEntries(Object.entries(all).filter(([path]) => !accepted.has(noted(path))));
    const mounted = mountedBelow(config.source.path, required(mirror.mounts, "mounts"));
    const found = new Map([...mounted].filter(([path]) => isMirrored(config, path)));
    for (const [path, uuid] of Object.entries(known)) if (found.get(path) !== uuid) holdAway(mirror, path);
    const fresh = [...found].filter(([path]) => !(path in known));
    for (const [path, uuid] of fresh)
      log.warn(
        `${quoted(join(config.source.path, path))} is another file system (${uuid}), mirrored from now on`,
      );
    if ((fresh.length > 0 || accepted.size > 0) && !dryRun)
      writeDurably(
        recordFile(config),
        `${JSON.stringify({ ...Object.fromEntries(found), ...known })}\n`,
        0o600,
      );
  },
};

/** UUIDs of the file systems that belong below the source, by their path there: the estate's, and those that a run has seen. */
export function knownNested(config: NfsMirrorConfig): Readonly<Record<string, string>> {
  const named = Object.fromEntries(config.nested.map(({ path, fsUuid }) => [path, fsUuid]));
  return Object.fromEntries(
    Object.entries({ ...readRecord(config), ...named }).filter(([path]) => isMirrored(config, path)),
  );
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

/** Its folder in the source is empty then, or holds what was written while it was away. */
function holdAway({ config, held, log }: Mirror, path: string): void {
  const mountPoint = join(config.source.path, path);
  held.push({
    path: latin1Of(path),
    ...{ isFrozen: true, isAway: true },
    reason: "what lies there is not the file system that belongs there",
    next: shell`mount ${mountPoint}   (if it is gone for good: ${ready(acceptCommand(config.job, path))})`,
  });
  log.warn(`${quoted(mountPoint)} is away: what the target has of it is left as it is`);
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
