import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { acceptCommand } from "../runtime/arguments";
import { writeDurably } from "../runtime/durable";
import { errnoOf, exitCodes, Refusal, RunnerError } from "../runtime/errors";
import { mountsBelow } from "../runtime/mounts";
import type { Phase } from "../runtime/phases";
import { noted, quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { ready, shell } from "../runtime/shell";
import { foldersAbove } from "../runtime/tree-path";
import type { Mirror, Scan } from "./mirror";

/** File systems below the source that a run has mirrored, by their path below it. */
const record = z.record(z.string(), z.string());

function recordFile(config: NfsMirrorConfig): string {
  return join(config.stateDir, "nested-mounts.json");
}

/** Compares what is mounted below the source with what the estate names and an earlier run has seen there. */
export const nested: Phase<Mirror> = {
  name: "nested",
  async run(mirror) {
    const { config, log, stop, dryRun, accepted } = mirror;
    const named = Object.fromEntries(config.nested.map(({ path, fsUuid }) => [path, fsUuid]));
    const all = { ...readRecord(config), ...named };
    const known = Object.fromEntries(Object.entries(all).filter(([path]) => !accepted.has(noted(path))));
    const found = await mountsBelow(config.source.path, stop.signal);
    mirror.missing = Object.entries(known)
      .filter(([path, uuid]) => found.get(path) !== uuid)
      .map(([path]) => path);
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

/** What lies below a file system that is away is left as it is: its folder there is empty, or another one's. */
export const holdBack: Phase<Mirror> = {
  name: "hold-back",
  async run(mirror) {
    const { missing = [], log } = mirror;
    if (missing.length === 0) return;
    const scan = required(mirror.scan, "scan");
    mirror.scan = withoutBelow(scan, missing.map(toLatin1));
    const held = scan.deletions - mirror.scan.deletions;
    log.warn(
      `${missing.map(quoted).join(", ")} is not mounted: ${held} entries of the target are not deleted`,
    );
  },
};

/** A run that left something out is no success. */
export const present: Phase<Mirror> = {
  name: "present",
  async run({ config, missing = [] }) {
    if (missing.length === 0) return;
    const paths = missing.map(path => join(config.source.path, path));
    throw new RunnerError(exitCodes.failed, {
      failed: `${paths.map(quoted).join(", ")} is not the file system that belongs there`,
      kept: "What the target has of it is left as it was. All else is mirrored.",
      next: shell`${ready(paths.map(path => shell`mount ${path}`).join("; "))}   (if it is gone for good: ${ready(acceptCommand(config.job, missing[0] ?? ""))})`,
    });
  },
};

function withoutBelow(scan: Scan, missing: readonly string[]): Scan {
  const isBelow = (name: string): boolean =>
    missing.some(path => name === path || name.startsWith(`${path}/`));
  // Without names there is no telling what a deletion is of.
  if (!scan.listed)
    return { ...scan, whole: false, deletions: 0, large: scan.large.filter(({ name }) => !isBelow(name)) };
  const { listed } = scan;
  const holders = new Set(missing.flatMap(foldersAbove));
  const isHeld = (name: string): boolean => isBelow(name) || holders.has(name);
  const kept = (names: readonly string[]): string[] => names.filter(name => !isBelow(name));
  const deleted = listed.deleted.filter(name => !isHeld(name));
  const changed = kept(listed.changed);
  return {
    ...scan,
    ...{
      changes: changed.length,
      deletions: deleted.length,
      doomed: deleted.slice(0, 5).map(name => Buffer.from(name, "latin1")),
    },
    listed: { ...listed, changed, deleted, created: kept(listed.created), touched: kept(listed.touched) },
    large: scan.large.filter(({ name }) => !isBelow(name)),
  };
}

function toLatin1(path: string): string {
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
