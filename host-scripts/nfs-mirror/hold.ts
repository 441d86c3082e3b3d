import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { acceptCommand } from "../runtime/arguments";
import { writeDurably } from "../runtime/durable";
import { openFolder } from "../runtime/open-folder";
import type { Phase } from "../runtime/phases";
import { noted, quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { shell } from "../runtime/shell";
import { inTree, isFolderIn } from "../runtime/tree-path";
import { dropHeld } from "./held";
import type { Listed, Mirror } from "./mirror";

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
    if (deletions === 0 || accepted.has(".")) return;
    if (!listed) {
      const reason =
        "too much changed for a list of what goes, which the next run has once this one has copied";
      held.push({ path: ".", reason, next: shell`systemctl start ${config.job}` });
      mirror.scan = { ...required(mirror.scan, "scan"), deletions: 0, whole: false };
      return;
    }
    const isFirst = readConfigHash(config.stateDir) !== configHash(mirror);
    const isRepaired = holdsFile(config.source.path, repaired);
    for (const service of new Set(listed.deleted.map(serviceOf))) {
      const name = Buffer.from(service, "latin1");
      if (accepted.has(noted(name))) continue;
      const reason = isFirst
        ? firstReason
        : isRepaired
          ? repairedReason
          : goneReason(mirror, listed, service);
      if (reason === undefined) continue;
      held.push({ path: service, reason, next: acceptCommand(config.job, name) });
      log.warn(`${quoted(name)} keeps what it has at the target: ${reason}`);
    }
    dropHeld(mirror);
    const left = required(mirror.scan, "scan").deletions;
    if (left < deletions) log.info(`${left} of the ${deletions} are left to delete`);
  },
};

const firstReason =
  "the source lacks some of it, and this is the first run with this config: it may be another job's";

/** Where e2fsck puts what it finds without a name. It isn't mirrored. */
const repaired = "lost+found";
const repairedReason =
  "the source lacks some of it, and its lost+found holds what a repair found without a name: put that back from here, or empty it";

const serviceOf = (name: string): string => name.split("/", 1)[0] ?? name;

/** A service of which most files have another name now is not gone, but renamed. */
function goneReason(mirror: Mirror, listed: Listed, service: string): string | undefined {
  const moved = new Set(
    (mirror.moves ?? []).map(({ from }) => from).filter(name => serviceOf(name) === service),
  );
  const lost = listed.deleted.filter(name => serviceOf(name) === service && !moved.has(name));
  const { source, target } = mirror.config;
  const files = lost.filter(name => !isFolderIn(target.path, name)).length;
  if (files <= moved.size) return undefined;
  if (lost.includes(service))
    return isFolderIn(target.path, service) ? "the source lacks all of it" : undefined;
  if (!isFolderIn(source.path, service)) return "the source has something else of that name, no folder";
  if (!holdsFile(source.path, service)) return "the source has its folder, and no file in it any more";
  return files >= leastLost && !hasMoreFiles(target.path, service, files / mostLost)
    ? `the source lacks ${files} of its files, most of all that it has`
    : undefined;
}

/** A service that keeps a few files, such as those that it makes when it begins anew, has lost the others all the same. */
const mostLost = 0.8;
/** Of a small service, most files may well go in a night. */
const leastLost = 20;

/** Ends as soon as there are more. */
function hasMoreFiles(root: string, name: string, count: number): boolean {
  let found = 0;
  const look = (folder: string): boolean => {
    const dir = openFolder(inTree(root, folder));
    try {
      for (let entry = dir.next(); entry !== null; entry = dir.next()) {
        const isFull = entry.isDirectory()
          ? look(`${folder}/${entry.name.toString("latin1")}`)
          : (found += 1) > count;
        if (isFull) return true;
      }
      return false;
    } finally {
      dir.close();
    }
  };
  return look(name);
}

/** Ends at the first file. */
function holdsFile(root: string, name: string): boolean {
  if (!isFolderIn(root, name)) return false;
  const dir = openFolder(inTree(root, name));
  try {
    for (let entry = dir.next(); entry !== null; entry = dir.next())
      if (!entry.isDirectory() || holdsFile(root, `${name}/${entry.name.toString("latin1")}`)) return true;
    return false;
  } finally {
    dir.close();
  }
}

/**
 * From now on deletions are those of a job that knows what it made: also where something else makes this run a failure, as it
 * may do every night.
 */
export const remember: Phase<Mirror> = {
  name: "remember",
  async run(mirror) {
    if (mirror.held.some(({ path, reason }) => path === "." || reason === firstReason)) return;
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
