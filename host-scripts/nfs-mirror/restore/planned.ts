import { dirname, join } from "node:path";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { proveBackupDisk } from "../../runtime/backup-disk";
import { Refusal } from "../../runtime/errors";
import { roomOf } from "../../runtime/free-room";
import { intoFolder } from "../../runtime/into-folder";
import { momentText } from "../../runtime/moment";
import { mountsBelow } from "../../runtime/mounts";
import { notedName, quoted } from "../../runtime/quoted";
import { ready, shell } from "../../runtime/shell";
import { inTree, statIn } from "../../runtime/tree-path";
import type { Answer, RestoreRequest, WayContext } from "../../runtime/ways";
import { serviceOf } from "../mirror";
import { asOfService, heldOf, readMirrored } from "../mirrored";
import { partsOf } from "./parts";
import { itemsOf, placesOf } from "./place";
import {
  isInPlace,
  isThere,
  isUnfinished,
  mirrorRoot,
  newId,
  readRestores,
  restoreCommand,
  type RestoreRecord,
  servicesOf,
  shownNames,
  unreadText,
  wantedText,
} from "./record";
import { wantedTyped } from "./resolve";
import { type Tally, tallyOf } from "../../runtime/tally";
import { nextOfUnread, servicesOfUnread } from "./unread";

/** A restore that may begin. */
export interface Planned {
  readonly record: RestoreRecord;
  readonly tally: Tally;
  /** What somebody should know before. */
  readonly notes: readonly string[];
}

/** All that can be told, and refused, before anything is changed: of each file system on which something comes back. */
export async function planned(
  run: WayContext<NfsMirrorConfig>,
  { what, into, atMs, dryRun }: RestoreRequest,
): Promise<Planned[]> {
  const { config, stop } = run;
  await verifyPlaces(run, into === undefined);
  const names = wantedTyped(config, what);
  if (names.length === 0)
    throw new Refusal(
      `the mirror ${quoted(config.target.path)} holds no service`,
      shell`ls -la ${config.target.path}`,
    );
  if (atMs !== undefined) refuseYounger(config, names, atMs);
  const isAll = what[0] === ".";
  const mounted = await mountsBelow(config.source.path, stop.signal);
  const whole = { below: "", wanted: names, isAll };
  const parts = into === undefined ? partsOf(config, names, { mounted, isAll }) : [whole];
  // Last: it makes the folder.
  const looks = { disk: config.target.path, stop: stop.signal, dryRun };
  const folder = into === undefined ? undefined : (await intoFolder(into, looks)).path;
  const all: Planned[] = [];
  for (const part of parts) {
    const root = folder ?? join(config.source.path, Buffer.from(part.below, "latin1").toString());
    const taken = all.map(({ record }) => record.id);
    const id = newId(config, root, new Date(), taken);
    const record: RestoreRecord = {
      ...{ id, first: taken[0] ?? id, state: "copying", root, below: part.below },
      asked: isAll ? "." : serviceOf(names[0] ?? ""),
      ...{ wanted: [...part.wanted], isAll: part.isAll, items: itemsOf(root, part.wanted) },
      lacked: [],
    };
    if (folder === undefined) refuseWhileCut(config, record);
    const tally = await tallyOf(mirrorRoot(config, record), record.wanted, () => stop.check("look"));
    all.push({ record, tally, notes: notesOn(config, record) });
  }
  return all;
}

function notesOn(config: NfsMirrorConfig, record: RestoreRecord): string[] {
  const mirrored = readMirrored(config);
  return servicesOf(record).flatMap(service => {
    const shown = notedName(service);
    const held = mirrored ? heldOf(mirrored, service) : [];
    return [
      `the mirror has ${shown} as of ${asOfService(mirrored, service) ?? "a time that isn't known"}`,
      ...held.map(({ path, reason }) => `of ${notedName(path)} the mirror lacks what is new: ${reason}`),
    ];
  });
}

/** Of two restores of a service, nobody could say what was there before. */
function refuseWhileCut(config: NfsMirrorConfig, fresh: RestoreRecord): void {
  const services = new Set(servicesOf(fresh));
  const { records, unread } = readRestores(config);
  if (isInPlace(fresh, config))
    for (const each of unread)
      if (servicesOfUnread(config, each)?.some(name => services.has(name)) !== false)
        throw new Refusal(unreadText(each), nextOfUnread(config, each));
  const other = records.find(
    record =>
      isUnfinished(record) &&
      record.root === fresh.root &&
      servicesOf(record).some(name => services.has(name)),
  );
  if (!other) return;
  throw new Refusal(
    `a restore of ${wantedText(other)} was cut while it was ${other.state}`,
    shell`${ready(restoreCommand(config, other, "resume"))}   (or give it up: ${ready(restoreCommand(config, other, "rollback"))})`,
  );
}

/** A mirror has one state of each service. */
function refuseYounger(config: NfsMirrorConfig, wanted: readonly string[], atMs: number): void {
  const mirrored = readMirrored(config);
  for (const service of new Set(wanted.map(serviceOf))) {
    const asOf = asOfService(mirrored, service);
    if (asOf !== undefined && Date.parse(asOf) <= atMs) continue;
    throw new Refusal(
      `the mirror has ${quoted(Buffer.from(service, "latin1"))} as of ${asOf ?? "a time that isn't known"} alone, which is not before ${momentText(atMs)}`,
      shell`${config.job} list`,
    );
  }
}

/** What is there stays beside what comes: nothing is removed to make room. */
export function refuseWithoutRoom({ blockBytes, entries }: Tally, root: string): void {
  const { free } = roomOf(root);
  if (blockBytes <= free.bytes && entries <= free.inodes) return;
  throw new Refusal(
    `${quoted(root)} has room for ${free.bytes} bytes and ${free.inodes} entries, and ${blockBytes} bytes and ${entries} entries come: what is there is kept until somebody removes it`,
    shell`df -h ${root}; df -i ${root}   (make room, restore paths of it, or restore --into a folder on another disk)`,
  );
}

/** Proves that the disks are those of the estate: what comes back to an empty mount point would fill the host's own. */
export async function verifyPlaces(
  { config, stop, log }: WayContext<NfsMirrorConfig>,
  isInPlace: boolean,
): Promise<void> {
  const source = { role: "source", access: "read", ...config.source } as const;
  await proveBackupDisk(config, "read", { stop, log, dryRun: true }, isInPlace ? [source] : []);
}

/** What a restore would do. */
export function previewOf({ record, tally, notes }: Planned): Answer {
  const { root } = record;
  const folder = isThere(root) ? root : dirname(root);
  refuseWithoutRoom(tally, folder);
  const items = placesOf(record).map(({ path, isGone }) => {
    const place = quoted(inTree(root, path));
    if (isGone) return `would put aside ${place}`;
    return statIn(root, path) ? `would replace ${place}, and keep what is there` : `would make ${place}`;
  });
  const { entries, bytes } = tally;
  return {
    text: [
      ...notes,
      ...items,
      `${entries} entries, ${bytes} bytes; ${roomOf(folder).free.bytes} are free there`,
    ].join("\n"),
    result: { root, what: shownNames(record), entries, bytes },
  };
}
