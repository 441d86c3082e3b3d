import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import { acceptedBy, isInForce } from "../../plan/contracts/accepted";
import { proveBackupDisk } from "../runtime/backup-disk";
import { momentText } from "../runtime/moment";
import { noted, shortened } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import type { Answer, ListRequest, WayContext } from "../runtime/ways";
import { bytesOf } from "./paths";
import { type RottenFile, rottenShelf, stillNames } from "./rotten";
import { readState } from "./state";

/** A file that is rotten by the last look at it. Names are as messages show them. */
interface ListedRot {
  readonly unit: string;
  readonly names: readonly string[];
  readonly found: string;
  readonly foundAt: string;
  /** Why somebody answers for it, and until when. */
  readonly accepted?: string;
}

/**
 * What is rotten now and isn't mended, by the last look at it, and what was read when. Reads no file of the disk, changes nothing and
 * takes no lock.
 * @param what a unit: a service's entry of the mirror, or FOLDER/NAMESPACE/CLAIM; all of them unless given
 */
export async function listRotten(
  { what }: ListRequest,
  { config, stop, log }: WayContext<BackupScrubConfig>,
): Promise<Answer> {
  await proveBackupDisk(config, "read", { stop, log, dryRun: true });
  const damaged: string[] = [];
  const rotten = rottenShelf
    .all(config, damaged)
    .flatMap(file => listed(config, file))
    .filter(({ unit }) => what === undefined || unit === noted(what));
  const state = readState(config.stateDir);
  const read = typeof state === "object" ? Object.entries(state.units) : [];
  const units = read
    .map(([name, { verifiedMs }]) => ({
      unit: noted(bytesOf(name)),
      ...(verifiedMs !== undefined && { read: momentText(verifiedMs) }),
    }))
    .filter(({ unit }) => what === undefined || unit === noted(what));
  return {
    text: [
      ...rotten.flatMap(linesOf),
      ...damaged.map(path => `${path} was damaged; its file is found again   (${shell`rm ${path}`})`),
      ...(rotten.length === 0 ? ["nothing is known to be rotten"] : []),
      ...units.map(({ unit, read }) => `${shortened(unit)}: read ${read ?? "never to its end"}`),
    ].join("\n"),
    result: { rotten, units, damaged },
  };
}

/** None for a file that was removed, or replaced, since. */
function listed(config: BackupScrubConfig, file: RottenFile): ListedRot[] {
  const names = stillNames(config, file.names, BigInt(file.ino)).map(name => noted(bytesOf(name)));
  if (names.length === 0) return [];
  const entry = names
    .map(name => acceptedBy(config.accepted, name))
    .find(accepted => accepted !== undefined && isInForce(accepted, Date.now()));
  return [
    {
      ...{ unit: noted(bytesOf(file.unit)), names, found: file.found, foundAt: file.foundAt },
      ...(entry && { accepted: `${entry.reason}, until ${entry.until}` }),
    },
  ];
}

function linesOf({ unit, names, found, foundAt, accepted }: ListedRot): string[] {
  return [
    `rotten: ${shortened(names[0] ?? "")} of ${shortened(unit)}, found ${momentText(Date.parse(foundAt))}: ${found}${accepted === undefined ? "" : ` (accepted: ${accepted})`}`,
    ...names.slice(1, shown).map(name => `  also ${shortened(name)}`),
    ...(names.length > shown ? [`  and ${names.length - shown} more names`] : []),
  ];
}

const shown = 5;
