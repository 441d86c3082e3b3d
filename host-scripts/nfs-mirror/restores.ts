import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { acceptCommand } from "../runtime/arguments";
import { Refusal } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { ready, shell } from "../runtime/shell";
import type { Unfinished } from "../runtime/unfinished";
import { isMeant, type Mirror, serviceOf } from "./mirror";
import { shown } from "./lacking";
import { knownNested } from "./nested";
import { leftOutOf } from "./restore/left-out";
import {
  asideOf,
  dropRestore,
  fileOf,
  isInPlace,
  isThere,
  isUnfinished,
  readRestores,
  restoreCommand,
  type RestoreRecord,
  servicesOf,
  unknownAside,
  type UnreadRestore,
  unreadText,
  wantedText,
  writeRestore,
} from "./restore/record";
import { nextOfUnread, servicesOfUnread } from "./restore/unread";

/**
 * A service of which a restore was cut keeps its copy as it is, as its source may be half of one and half of another, or what
 * somebody wanted to get rid of. And what restores have put aside is told, as long as it is there.
 */
export const restores: Phase<Mirror> = {
  name: "restores",
  async run(mirror) {
    const { config, dryRun, notes } = mirror;
    const known = readRestores(config);
    for (const unread of known.unread) holdUnread(mirror, unread);
    for (const record of known.records) {
      if (isUnfinished(record)) {
        if (isGone(config, record)) {
          if (!dryRun) dropRestore(config, record);
        } else holdCut(mirror, record);
        continue;
      }
      const isWhole = holdLeftOut(mirror, record);
      if (isThere(asideOf(record)))
        notes.push(
          shell`${ready(keptText(record))} ${asideOf(record)}   (when nobody needs it: rm -rf --one-file-system -- ${asideOf(record)})`,
        );
      else if (!dryRun && isWhole) dropRestore(config, record);
    }
    for (const folder of unknownAside(config, known, Object.keys(knownNested(config))))
      notes.push(
        shell`of a restore that isn't on record any more there is ${folder}   (when nobody needs it: rm -rf --one-file-system -- ${folder})`,
      );
  },
};

/** A restore that was cut, into a folder of its own that somebody has removed since: nothing of it is left to go on with. */
function isGone(config: NfsMirrorConfig, record: RestoreRecord): boolean {
  return !isInPlace(record, config) && !isThere(record.root);
}

/** A record that isn't one of this version says of no other service that it may be cut. */
function holdUnread({ config, held, log }: Mirror, unread: UnreadRestore): void {
  const reason = unreadText(unread);
  const next = nextOfUnread(config, unread);
  const services = servicesOfUnread(config, unread);
  if (services === undefined) throw new Refusal(`${reason}, and nothing tells which service it is of`, next);
  if (services.length === 0)
    log.warn(`${reason}; it is of no service that it may have left in part: ${next}`);
  for (const path of services) held.push({ path, reason, next, isFrozen: true });
}

/** What a release that knows nothing of restores would take for data. */
export function unfinishedRestores(config: NfsMirrorConfig): Unfinished[] {
  const { records, unread } = readRestores(config);
  const cut = records.filter(record => isUnfinished(record) && isInPlace(record, config));
  return [
    ...unread.map(each => ({
      ...{ record: each.file, what: unreadText(each), next: nextOfUnread(config, each) },
    })),
    ...cut.map(record => ({
      record: fileOf(config, record),
      what: `a restore of ${wantedText(record)} that was cut, or goes on`,
      next: waysOut(config, record),
    })),
  ];
}

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
  for (const record of readRestores(config).records) {
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
  if (!isInPlace(record, config)) {
    log.warn(
      `a restore of ${wantedText(record)} into ${record.root} was cut: ${restoreCommand(config, record, "resume")}   (or give it up: ${restoreCommand(config, record, "rollback")})`,
    );
    return;
  }
  for (const path of servicesOf(record))
    held.push({ ...{ path, isFrozen: true, reason: cutText(record) }, next: waysOut(config, record) });
}

function waysOut(config: NfsMirrorConfig, record: RestoreRecord): string {
  const [resume, rollback] = [
    restoreCommand(config, record, "resume"),
    restoreCommand(config, record, "rollback"),
  ];
  return shell`${ready(resume)}   (or what was there before: ${ready(rollback)})`;
}
