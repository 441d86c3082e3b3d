import { isUtf8 } from "node:buffer";
import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import type { Versions } from "../../plan/contracts/versions";
import { proveBackupDisk } from "../runtime/backup-disk";
import { momentText } from "../runtime/moment";
import { notedName, shortened } from "../runtime/quoted";
import { ready, shell } from "../runtime/shell";
import type { Answer, ListRequest, WayContext } from "../runtime/ways";
import { knownNested } from "./nested";
import { asOfService, heldOf, type Mirrored, readMirrored } from "./mirrored";
import {
  asideOf,
  isInPlace,
  isThere,
  isUnfinished,
  readRestores,
  restoreCommand,
  type RestoreRecord,
  servicesOf,
  unknownAside,
  unreadText,
  wantedText,
} from "./restore/record";
import { nextOfUnread } from "./restore/unread";
import { mirroredServices, serviceTyped } from "./restore/resolve";
import { tallyOf } from "../runtime/tally";
import { cutText, keptText } from "./restores";

/** A service on the mirror, for a program. Names are as messages show them, times are ISO 8601. */
interface ListedService {
  readonly service: string;
  /** When the run began that mirrored it; absent where that isn't known. */
  readonly asOf?: string;
  readonly entries: number;
  readonly bytes: number;
  /** Why its copy is kept as it is. */
  readonly frozen?: string;
  /** What in it the mirror lacks, or keeps though the source has it no more. */
  readonly lacks: readonly { readonly path: string; readonly reason: string }[];
  /** What to type about that. */
  readonly next?: string;
}

/** What there is on the mirror, and what restores have left. Changes nothing and takes no lock. */
export async function list({ what }: ListRequest, context: WayContext<NfsMirrorConfig>): Promise<Answer> {
  const { config } = context;
  await proveBackupDisk(config, "read", { ...context, dryRun: true });
  const only = what === undefined ? undefined : serviceTyped(config, what);
  const mirrored = readMirrored(config);
  const known = readRestores(config);
  const { records } = known;
  const services: ListedService[] = [];
  for (const service of only === undefined ? mirroredServices(config) : [only])
    services.push(await listed(context, service, mirrored, records));
  const left = restoresLeft(
    config,
    records.filter(record => only === undefined || servicesOf(record).includes(only)),
  );
  const unknown = only === undefined ? unknownAside(config, known, Object.keys(knownNested(config))) : [];
  return {
    text: [
      ...services.flatMap(serviceLines),
      ...known.unread.map(unread => `${unreadText(unread)}\n  ${nextOfUnread(config, unread)}`),
      ...left.map(({ text, next }) => `${text}\n  ${next}`),
      ...unknown.map(
        folder =>
          `of a restore that isn't on record any more there is ${folder}\n  ${shell`rm -rf --one-file-system -- ${folder}`}`,
      ),
    ].join("\n"),
    result: { services, restores: left, unread: known.unread.map(({ file }) => file), unknown },
  };
}

/** Each service as its last run has left it: of what it holds nothing is looked at. */
export async function versions(context: WayContext<NfsMirrorConfig>): Promise<Versions> {
  const { config } = context;
  await proveBackupDisk(config, "read", { ...context, dryRun: true });
  const mirrored = readMirrored(config);
  const services = mirroredServices(config);
  const isText = (service: string): boolean => isUtf8(Buffer.from(service, "latin1"));
  const noText = services.filter(service => !isText(service)).map(notedName);
  const versions = services.filter(isText).map(service => {
    const asOf = asOfService(mirrored, service);
    const held = mirrored ? heldOf(mirrored, service) : [];
    const name = Buffer.from(service, "latin1").toString();
    return {
      of: name,
      ...(asOf !== undefined && { at: momentText(Date.parse(asOf)) }),
      path: join(config.target.path, name),
      lacks: held.slice(0, shown).map(({ path, reason }) => `${notedName(path)}: ${reason}`),
      pick: [],
    };
  });
  return { versions, ...(noText.length > 0 && { noText }) };
}

async function listed(
  { config, stop }: WayContext<NfsMirrorConfig>,
  service: string,
  mirrored: Mirrored | undefined,
  records: readonly RestoreRecord[],
): Promise<ListedService> {
  const tally = await tallyOf(config.target.path, [service], () => stop.check("list"));
  const asOf = asOfService(mirrored, service);
  const held = mirrored ? heldOf(mirrored, service) : [];
  const cut = records.find(
    record => isUnfinished(record) && isInPlace(record, config) && servicesOf(record).includes(service),
  );
  const frozen = cut ? cutText(cut) : held.find(({ path, isFrozen }) => isFrozen && path === service)?.reason;
  const next = cut ? restoreCommand(config, cut, "resume") : held[0]?.next;
  return {
    service: notedName(service),
    ...(asOf !== undefined && { asOf: momentText(Date.parse(asOf)) }),
    ...{ entries: tally.entries, bytes: tally.bytes },
    ...(frozen !== undefined && { frozen }),
    lacks: held
      .filter(({ path, isFrozen }) => !(isFrozen && path === service))
      .map(({ path, reason }) => ({ path: notedName(path), reason }))
      .concat(tally.unread === undefined ? [] : [{ path: notedName(service), reason: tally.unread }]),
    ...(next !== undefined && { next }),
  };
}

function serviceLines({ service, asOf, entries, bytes, frozen, lacks, next }: ListedService): string[] {
  return [
    `${shortened(service)}: ${entries} entries, ${bytes} bytes, mirrored ${asOf ?? "at a time that isn't known"}`,
    ...(frozen === undefined ? [] : [`  kept as it is: ${frozen}`]),
    ...lacks.slice(0, shown).map(({ path, reason }) => `  ${shortened(path)}: ${reason}`),
    ...(lacks.length > shown ? [`  and ${lacks.length - shown} more`] : []),
    ...(next === undefined ? [] : [`  ${next}`]),
  ];
}

const shown = 5;

interface LeftRestore {
  readonly text: string;
  readonly state: RestoreRecord["state"];
  readonly folder: string;
  readonly next: string;
}

function restoresLeft(config: NfsMirrorConfig, records: readonly RestoreRecord[]): LeftRestore[] {
  return records
    .filter(record => isUnfinished(record) || isThere(asideOf(record)))
    .map(record => {
      const folder = asideOf(record);
      const undo = restoreCommand(config, record, "rollback");
      const remove = shell`rm -rf --one-file-system -- ${folder}`;
      const base = { state: record.state, folder };
      if (isUnfinished(record))
        return {
          ...base,
          text: `a restore of ${wantedText(record)} into ${record.root} was cut, or goes on (${record.state})`,
          next: shell`${ready(restoreCommand(config, record, "resume"))}   (or give it up: ${ready(undo)})`,
        };
      return {
        ...base,
        text: `${keptText(record)} ${folder}`,
        next:
          record.state === "placed"
            ? shell`${ready(undo)}   (or, when nobody needs it: ${ready(remove)})`
            : remove,
      };
    });
}
