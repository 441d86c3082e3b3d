import { acceptCommand } from "../runtime/arguments";
import { notedErrors } from "../runtime/noted-errors";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { ready, shell } from "../runtime/shell";
import { agedElsewhere, agedNext, agedReason, agedServices } from "./aged";
import {
  anotherSource,
  beganAnewReason,
  contentOf,
  goneReason,
  isUnfinished,
  lackingByService,
  lightReason,
  rewrittenReason,
} from "./collapse";
import { dropHeld, dropMovesIntoFrozen } from "./held";
import { holdFormer } from "./lacking";
import { isKnownConfig, isOtherSource, isOwnTarget, rememberConfig, rememberOwn } from "./known-config";
import { isMadeAnew } from "./made-anew";
import { type Held, isMeant, type Mirror, serviceOf } from "./mirror";
import { match } from "./moves";
import { holdBelowFresh, rememberSeen } from "./nested";
import { forgetLeftOut } from "./restores";
import { scanOthers } from "./scan";
import { holdUnlisted } from "./unlisted";

/**
 * Keeps back what nobody can answer for. Deletions: of a service, an entry at the root, that is gone as a whole or has lost most of
 * its files, and of anything in a first run, or one after a change of the config, which can't know what an earlier one made. And
 * copies over what the target has: of a service that has other content in most of its files, or older files than the target.
 * An operator says by `--accept` that they are meant, and the estate what is made anew each night. The rest of the run goes on, and it ends as a failure that names them.
 */
export const hold: Phase<Mirror> = {
  name: "hold",
  async run(mirror) {
    const { accepted, held, log } = mirror;
    const { deletions, rewritten } = required(mirror.scan, "scan");
    if ((deletions === 0 && rewritten.size === 0) || accepted.has(".")) return;
    holdBelowFresh(mirror);
    holdServices(mirror);
    if (!mirror.scan?.listed && deletions > 0 && held.some(isSeenAndFrozen)) {
      await scanOthers(mirror);
      await match.run(mirror);
      holdBelowFresh(mirror);
      holdServices(mirror);
    }
    holdFormer(
      mirror,
      held.filter(({ isFrozen }) => isFrozen === true),
    );
    await holdUnlisted(mirror);
    if (!mirror.scan?.listed && deletions > 0) holdAll(mirror);
    dropHeld(mirror);
    const left = required(mirror.scan, "scan").deletions;
    if (left < deletions) log.info(`${left} of the ${deletions} are left to delete`);
  },
};

/** Its changes are in the list, but for which there may be room for all others. */
function isSeenAndFrozen({ isFrozen, isAway }: Held): boolean {
  return isFrozen === true && isAway !== true;
}

/** What was moved into a service that is kept as it is counts as lost where it came from. */
function holdServices(mirror: Mirror): void {
  const { listed, rewritten } = required(mirror.scan, "scan");
  const services = new Set([...(listed?.deleted ?? []).map(serviceOf), ...rewritten.keys()]);
  for (const { path, isFrozen } of mirror.held) if (isFrozen === true) services.delete(path);
  do holdThose(mirror, services);
  while (dropMovesIntoFrozen(mirror));
}

function holdThose(mirror: Mirror, services: Set<string>): void {
  const reasonsOf = reasonsFor(mirror);
  for (const service of services) {
    const found = isMeant(mirror, service) ? undefined : reasonsOf(service);
    if (!found) continue;
    mirror.held.push({ path: service, ...found });
    mirror.log.warn(
      `${quoted(Buffer.from(service, "latin1"))} keeps what it has at the target: ${found.reason}`,
    );
    services.delete(service);
  }
}

/** @returns what says of a service why something of it is held back; nothing when it isn't */
function reasonsFor(mirror: Mirror): (service: string) => Omit<Held, "path"> | undefined {
  const { config } = mirror;
  const isFirst = !isOwnTarget(config);
  const isOther = !isKnownConfig(config) && isOtherSource(config);
  const repairedReason = repairedReasons[contentOf(config.source.path, repaired)];
  const damagedReason = damagedReasonOf(mirror);
  const lacking = lackingByService(mirror);
  const aged = agedServices(mirror);
  const lossReason = (service: string): string | undefined => {
    const lacks = lacking.get(service);
    if (!lacks) return undefined;
    if (isFirst && lacks.moved === 0 && lacks.lost.every(name => isUnfinished(config, name)))
      return undefined;
    if (isFirst) return firstReason;
    if (repairedReason !== undefined) return repairedReason;
    if (damagedReason !== undefined) return damagedReason;
    const gone = isMadeAnew(config, service)
      ? undefined
      : (goneReason(mirror, service, lacks) ?? lightReason(mirror, service, lacks));
    return gone ?? (aged && !aged.services.has(service) ? agedElsewhere : undefined);
  };
  const anewReason = (service: string): string | undefined =>
    isOther && !isMadeAnew(config, service)
      ? beganAnewReason(mirror, service, lacking.get(service))
      : undefined;
  const otherReason = (service: string): string | undefined => {
    if (aged?.services.has(service) === true) return agedReason(mirror, service);
    if (isMadeAnew(config, service)) return undefined;
    const lacks = lacking.get(service);
    const isSmaller = (mirror.scan?.rewritten.get(service)?.lostBytes ?? 0) > 0;
    return (
      rewrittenReason(mirror, service, lacks) ?? (isSmaller ? lightReason(mirror, service, lacks) : undefined)
    );
  };
  return service => {
    const lost = lossReason(service);
    const anew = anewReason(service);
    const other = anew ?? otherReason(service);
    if (lost === undefined && other === undefined) return undefined;
    const accept = acceptCommand(config.job, Buffer.from(service, "latin1"));
    const isByAge = aged?.services.has(service) === true || (lost === agedElsewhere && other === undefined);
    return {
      reason: [...new Set([lost, other])].filter(reason => reason !== undefined).join("; "),
      next:
        anew !== undefined
          ? shell`${config.job} restore -- ${Buffer.from(service, "latin1")}   (or, if what the source has of it is meant to be mirrored: ${ready(accept)})`
          : aged && isByAge
            ? agedNext(mirror, aged)
            : accept,
      isFrozen: other !== undefined,
    };
  };
}

const firstReason =
  "the source lacks some of it, and this is the first run with this config: it may be another job's";

/** Where e2fsck puts what it finds without a name. It isn't mirrored. */
const repaired = "lost+found";
const repairedReasons = {
  none: undefined,
  files:
    "the source lacks some of it, and its lost+found holds what a repair found without a name: put that back from here, or empty it",
  unread:
    "the source lacks some of it, and its lost+found can't be read, which may hold what a repair found without a name",
};

/** Why nothing that the source lacks counts as deleted: what a damaged folder doesn't show may well be there. */
function damagedReasonOf({ scan }: Mirror): string | undefined {
  const [place] = [...(scan?.errorsBefore ?? [])].find(([path, before]) => notedErrors(path) > before) ?? [];
  return place === undefined
    ? undefined
    : `the source lacks some of it, and the file system at ${quoted(place)} has found errors in itself while it was looked at, so that it may be there: unmount it, and let e2fsck repair it`;
}

/** Too much changed for a list of what goes: the run copies, and deletes nothing. */
function holdAll(mirror: Mirror): void {
  const reason = "too much changed for a list of what goes, which the next run has once this one has copied";
  mirror.held.push({ path: ".", reason, next: shell`systemctl start ${mirror.config.job}` });
  mirror.scan = { ...required(mirror.scan, "scan"), deletions: 0, whole: false };
}

/** What a first run copies is its own, however it ends: the source lacks some of that by the next night, and what was cut. */
export const own: Phase<Mirror> = {
  name: "own",
  async run({ config, held, scan }) {
    if (isOwnTarget(config)) return;
    const { deletions, whole } = required(scan, "scan");
    rememberOwn(config, whole && deletions === 0 && !held.some(isOpen));
  },
};

/** Whose it is isn't known. */
function isOpen({ path, reason }: Held): boolean {
  return path === "." || reason.startsWith(firstReason) || reason.startsWith(anotherSource);
}

/**
 * From now on deletions are those of a job that knows what it made: also where something else makes this run a failure, as it
 * may do every night.
 */
export const remember: Phase<Mirror> = {
  name: "remember",
  async run(mirror) {
    rememberSeen(mirror);
    forgetLeftOut(mirror);
    if (mirror.held.some(isOpen)) return;
    rememberConfig(mirror.config);
  },
};
