import { acceptCommand } from "../runtime/arguments";
import type { Phase } from "../runtime/phases";
import { ready, shell } from "../runtime/shell";
import { isMeant, type Mirror, serviceOf } from "./mirror";
import { shown } from "./lacking";
import { knownNested } from "./nested";
import { leftOutOf } from "./restore/left-out";
import {
  asideOf,
  dropRestore,
  isInPlace,
  isThere,
  isUnfinished,
  readRestores,
  restoreCommand,
  type RestoreRecord,
  servicesOf,
  unknownAside,
  wantedText,
  writeRestore,
} from "./restore/record";

/**
 * A service of which a restore was cut keeps its copy as it is, as its source may be half of one and half of another, or what
 * somebody wanted to get rid of. And what restores have put aside is told, as long as it is there.
 */
export const restores: Phase<Mirror> = {
  name: "restores",
  async run(mirror) {
    const { config, dryRun, notes } = mirror;
    const records = readRestores(config);
    for (const record of records) {
      if (isUnfinished(record)) {
        holdCut(mirror, record);
        continue;
      }
      const isWhole = holdLeftOut(mirror, record);
      if (isThere(asideOf(record)))
        notes.push(
          shell`${ready(keptText(record))} ${asideOf(record)}   (when nobody needs it: rm -rf --one-file-system -- ${asideOf(record)})`,
        );
      else if (!dryRun && isWhole) dropRestore(config, record);
    }
    for (const folder of unknownAside(config, records, Object.keys(knownNested(config))))
      notes.push(
        shell`of a restore that isn't on record any more there is ${folder}   (when nobody needs it: rm -rf --one-file-system -- ${folder})`,
      );
  },
};

/** What a restore has left out stays on the mirror as it is, until it is back as it was, or somebody answers for it. @returns whether there is none */
function holdLeftOut(mirror: Mirror, record: RestoreRecord): boolean {
  const { config, held, log } = mirror;
  const left = leftOutOf(config, record);
  for (const { path } of left) {
    if (isGivenUp(mirror, path) || held.some(other => other.path === path)) continue;
    const reason = "a restore has left it out, and what the mirror has of it is all that there is";
    const accept = acceptCommand(config.job, Buffer.from(serviceOf(path), "latin1"));
    held.push({
      ...{ path, reason, isFrozen: true },
      next: shell`${config.job} restore -- ${Buffer.from(serviceOf(path), "latin1")}   (once the disk can be read there; or if nobody needs it: ${ready(accept)})`,
    });
    log.warn(`${shown(path)} keeps what it has at the target: ${reason}`);
  }
  return left.length === 0;
}

function isGivenUp(mirror: Mirror, path: string): boolean {
  return mirror.accepted.has(".") || isMeant(mirror, path);
}

/** From then on it is the source's as all else. */
export function forgetLeftOut(mirror: Mirror): void {
  const { config } = mirror;
  for (const record of readRestores(config)) {
    if (isUnfinished(record) || record.lacked.length === 0) continue;
    const left = leftOutOf(config, record).filter(({ path }) => !isGivenUp(mirror, path));
    const lacked = left.map(({ name }) => name);
    if (lacked.length === 0 && !isThere(asideOf(record))) dropRestore(config, record);
    else if (lacked.length < record.lacked.length) writeRestore(config, { ...record, lacked });
  }
}

/** What lies in a restore's own folder, in words that end before its path. */
export function keptText(record: RestoreRecord): string {
  return record.state === "undone"
    ? `what a restore of ${wantedText(record)} had brought, and was taken back, is kept in`
    : `what was there before a restore of ${wantedText(record)} is kept in`;
}

/** What somebody has to know of one that has not ended. */
export function cutText(record: RestoreRecord): string {
  const done: Partial<Record<RestoreRecord["state"], string>> = {
    copying: "nothing of it has been replaced",
    placing: "some of it may be replaced",
    undoing: "some of it may be given back",
  };
  return `a restore of it was cut: ${done[record.state] ?? record.state}`;
}

function holdCut({ config, held, log }: Mirror, record: RestoreRecord): void {
  const [resume, rollback] = [
    restoreCommand(config, record, "resume"),
    restoreCommand(config, record, "rollback"),
  ];
  if (!isInPlace(record, config)) {
    log.warn(
      `a restore of ${wantedText(record)} into ${record.root} was cut: ${resume}   (or give it up: ${rollback})`,
    );
    return;
  }
  for (const path of servicesOf(record))
    held.push({
      ...{ path, isFrozen: true, reason: cutText(record) },
      next: shell`${ready(resume)}   (or what was there before: ${ready(rollback)})`,
    });
}
