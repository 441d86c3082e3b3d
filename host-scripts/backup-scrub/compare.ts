import { forgetCached } from "../runtime/forget-cached";
import { quoted } from "../runtime/quoted";
import type { Scrub } from "./backup-scrub";
import {
  bigBytes,
  type Content,
  contentOf,
  identityOf,
  type Late,
  type OpenFile,
  type Part,
} from "./content";
import type { ListedFile } from "./list";
import { bytesOf } from "./paths";
import { inodeOf, keyOf, rottenShelf, stillNames } from "./rotten";
import { isFormerOf, isOf, type SumRecord } from "./sums";
import { isInGeneration, type Unit } from "./units";

/** What is read, and until when. */
export interface Reading {
  readonly file: OpenFile;
  /** All of it unless given. */
  readonly part?: Part;
  isLate(): boolean;
}

/**
 * @param known what may be recorded of the file, or of its part
 * @returns what is on record of it from now on; undefined for one that was written to meanwhile, and "late" for one that there was no
 *   time to read
 */
export async function compareOne(
  scrub: Scrub,
  unit: Unit,
  listed: ListedFile,
  reading: Reading,
  known: readonly SumRecord[],
): Promise<Omit<SumRecord, "seenMs"> | "late" | undefined> {
  const { config, log, stop } = scrub;
  const { file, part } = reading;
  const now = identityOf(file);
  // Nobody writes to a file of a generation: one that was counts as what it was.
  const mayChange = !listed.names.some(name => isInGeneration(config, name));
  const recorded =
    known.find(record => isOf(record, now)) ??
    (mayChange ? undefined : known.find(record => isFormerOf(record, now)));
  // From the disk, and what others want to keep in memory stays there. For a small file that costs more than it brings.
  const isBig = now.size >= bigBytes;
  if (isBig) await forgetCached(file, stop);
  const read = await contentOf(file, stop, "scrub", reading.isLate, part);
  if (isBig) await forgetCached(file, stop);
  const unchanged = mayChange ? undefined : recorded;
  if (read.kind === "late") return "late";
  if (read.kind === "changed") return unchanged;
  if (read.kind === "read" && (!recorded || read.sha256.equals(recorded.sha256)))
    return { ...now, sha256: read.sha256 };
  const again = await readAnew(scrub, reading);
  if (again.kind === "late") return "late";
  if (again.kind === "changed") return unchanged;
  const names = stillNames(config, listed.names, now.ino);
  if (names.length === 0) return undefined;
  if (again.kind === "read" && (!recorded || again.sha256.equals(recorded.sha256))) {
    scrub.faults.push(
      `${quoted(bytesOf(names[0] ?? ""))} was read wrongly once, and rightly then: memory, cable or controller`,
    );
    return { ...now, sha256: again.sha256 };
  }
  const was =
    recorded && !isOf(recorded, now)
      ? { size: String(recorded.size), mtimeNs: String(recorded.mtimeNs) }
      : undefined;
  const content = again.kind === "read" ? `sha256 ${again.sha256.toString("hex")}` : again.reason;
  const at = new Date(Number(now.mtimeNs / 1_000_000n)).toISOString();
  const bytes =
    String(now.size) === was?.size
      ? `${now.size} bytes as it had, and other content`
      : `${now.size} bytes where it had ${was?.size}`;
  const where = part ? `from byte ${part.from} to ${part.to}: ${content}` : content;
  const found = was ? `${where}: it was written to at ${at}, and has ${bytes}` : where;
  const rotten = {
    ...inodeOf(unit.name, now),
    ...(was && { was }),
    ...(recorded && { sha256: recorded.sha256.toString("hex") }),
    ...(part && { part }),
    ...{ found, names, foundAt: new Date().toISOString() },
  };
  rottenShelf.keep(config, rotten);
  scrub.foundNow.add(keyOf(config, rotten));
  log.warn(`rotten: ${quoted(bytesOf(names[0] ?? ""))} of ${quoted(bytesOf(unit.name))}: ${found}`);
  return recorded;
}

/** From the disk, not from memory. */
async function readAnew({ stop }: Scrub, { file, isLate, part }: Reading): Promise<Content | Late> {
  await forgetCached(file, stop);
  return contentOf(file, stop, "scrub", isLate, part);
}
