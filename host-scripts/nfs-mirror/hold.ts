import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { acceptCommand } from "../runtime/arguments";
import { writeDurably } from "../runtime/durable";
import { exitCodes, RunnerError } from "../runtime/errors";
import { openFolder } from "../runtime/open-folder";
import type { Phase } from "../runtime/phases";
import { noted, quoted, shortened } from "../runtime/quoted";
import { required } from "../runtime/required";
import { shell } from "../runtime/shell";
import { inTree, statIn } from "../runtime/tree-path";
import type { Held, Listed, Mirror } from "./mirror";
import { lostBy } from "./moves";

/**
 * Keeps deletions back that nobody can answer for: of a service, a folder at the root, that is gone as a whole or has lost all of its files, and of
 * anything in a first run, or one after a change of the config, which can't know what an earlier one made. An operator says
 * by `--accept` that they are meant. The rest of the run goes on, and it ends as a failure that names them.
 */
export const hold: Phase<Mirror> = {
  name: "hold",
  async run(mirror) {
    const { config, accepted, held, log } = mirror;
    const { listed, deletions } = required(mirror.scan, "scan");
    if (deletions === 0) return;
    const isFirst = readConfigHash(config.stateDir) !== configHash(mirror);
    if (accepted.has(".")) return;
    if (!listed) {
      const reason =
        "too much changed for a list of what goes, which the next run has once this one has copied";
      held.push({ path: ".", reason, next: shell`systemctl start ${config.job}` });
      return keepAll(mirror);
    }
    for (const service of new Set(listed.deleted.map(serviceOf))) {
      const name = Buffer.from(service, "latin1");
      if (accepted.has(noted(name))) continue;
      const reason = isFirst ? firstReason : goneReason(mirror, listed, service);
      if (reason === undefined) continue;
      held.push({ path: service, reason, next: acceptCommand(config.job, name) });
      log.warn(`${quoted(name)} keeps what it has at the target: ${reason}`);
    }
    dropHeld(mirror);
  },
};

const firstReason =
  "the source lacks some of it, and this is the first run with this config: it may be another job's";

const serviceOf = (name: string): string => name.split("/", 1)[0] ?? name;

/** A service of which most files have another name now is not gone, but renamed. */
function goneReason(mirror: Mirror, listed: Listed, service: string): string | undefined {
  const moved = new Set(
    (mirror.moves ?? []).map(({ from }) => from).filter(name => serviceOf(name) === service),
  );
  const lost = listed.deleted.filter(name => serviceOf(name) === service && !moved.has(name));
  const { source, target } = mirror.config;
  if (lost.filter(name => !isFolder(target.path, name)).length <= moved.size) return undefined;
  if (lost.includes(service))
    return isFolder(target.path, service) ? "the source lacks all of it" : undefined;
  return holdsFile(source.path, service)
    ? undefined
    : "the source has its folder, and no file in it any more";
}

function isFolder(root: string, name: string): boolean {
  return statIn(root, name)?.isDirectory() === true;
}

/** Ends at the first file. */
function holdsFile(root: string, name: string): boolean {
  const dir = openFolder(inTree(root, name));
  try {
    for (let entry = dir.next(); entry !== null; entry = dir.next())
      if (!entry.isDirectory() || holdsFile(root, `${name}/${entry.name.toString("latin1")}`)) return true;
    return false;
  } finally {
    dir.close();
  }
}

/** Takes what is held out of what the run deletes and moves. */
export function dropHeld(mirror: Mirror): void {
  const scan = required(mirror.scan, "scan");
  const { listed } = scan;
  if (mirror.held.length === 0 || !listed) return;
  const deleted = listed.deleted.filter(name => !isHeld(mirror.held, name));
  mirror.scan = { ...scan, deletions: deleted.length, listed: { ...listed, deleted } };
  if (!mirror.moves) return;
  mirror.moves = mirror.moves.filter(({ from }) => !isHeld(mirror.held, from));
  mirror.lost = lostBy(mirror, { ...listed, deleted }, mirror.moves);
}

function keepAll(mirror: Mirror): void {
  mirror.scan = { ...required(mirror.scan, "scan"), deletions: 0, whole: false };
}

function isHeld(held: readonly Held[], name: string): boolean {
  return held.some(({ path }) => name === path || name.startsWith(`${path}/`));
}

/** A run that kept something back is no success. */
export const answer: Phase<Mirror> = {
  name: "answer",
  async run({ held: all, config }) {
    const held = all.filter(({ isAnswered }) => isAnswered !== true);
    const [first] = held;
    if (!first) return;
    const names = held
      .slice(0, shown)
      .map(({ path, reason }) => `${shortened(quoted(Buffer.from(path, "latin1")))}: ${reason}`);
    throw new RunnerError(exitCodes.failed, {
      failed: `the copy of ${held.length} entries of "${config.target.path}" was kept as it is: ${names.join("; ")}${held.length > shown ? "; …" : ""}`,
      kept: "All else is mirrored.",
      next: first.next,
    });
  },
};

const shown = 5;

/** From now on deletions are those of a job that knows what it made. */
export const remember: Phase<Mirror> = {
  name: "remember",
  async run(mirror) {
    writeDurably(hashFile(mirror.config.stateDir), configHash(mirror), 0o600);
  },
};

/** Of all that says what is mirrored where. */
function configHash({ config: { source, target, excludes, keep } }: Mirror): string {
  return createHash("sha256").update(JSON.stringify({ source, target, excludes, keep })).digest("hex");
}

function hashFile(stateDir: string): string {
  return join(stateDir, "config-hash");
}

function readConfigHash(stateDir: string): string | undefined {
  try {
    return readFileSync(hashFile(stateDir), "utf8");
  } catch {
    return undefined;
  }
}
