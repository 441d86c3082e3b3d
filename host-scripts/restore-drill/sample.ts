import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { filesBelow } from "../backup-scrub/walk";
import type { Disk } from "../backup-scrub/paths";

/** Files of a copy, by names below it, byte by byte as latin1. */
export interface Sample {
  readonly names: readonly string[];
  readonly bytes: number;
}

export interface SampleLimits {
  readonly mostBytes: number;
  /** Other files for another number. */
  readonly seed: number;
  /** Which files may be in it; all unless given. */
  readonly isMeant?: ((name: string, stat: BigIntStats) => boolean) | undefined;
  /** Called now and then, to end it by throwing. */
  check(): void;
}

/** As many as arguments of a command hold, whatever their names. */
const mostFiles = 400;
const mostNameBytes = 64 * 1024;
const filesPerTurn = 1000;

/**
 * Some files of a large copy, chosen by chance, others each time: in one pass, those whose names' hashes are the lowest, as long as
 * they fit. One that is larger than the whole sample may be is never in it.
 */
export async function sampleOf(disk: Disk, folder: string, limits: SampleLimits): Promise<Sample> {
  const chosen: { readonly rank: string; readonly name: string; readonly size: number }[] = [];
  let [count, highest] = [0, ""];
  for (const found of filesBelow(disk, folder)) {
    count += 1;
    if (count % filesPerTurn === 0) {
      await turn();
      limits.check();
    }
    if (!("stat" in found) || Number(found.stat.size) > limits.mostBytes) continue;
    const name = found.path.slice(folder.length + 1);
    if (limits.isMeant?.(name, found.stat) === false) continue;
    const rank = createHash("sha256").update(`${limits.seed} ${name}`).digest("hex");
    if (chosen.length >= 2 * mostFiles && rank > highest) continue;
    chosen.push({ rank, name, size: Number(found.stat.size) });
    if (chosen.length < 4 * mostFiles) continue;
    chosen.sort(byRank).splice(2 * mostFiles);
    highest = chosen.at(-1)?.rank ?? "";
  }
  const names: string[] = [];
  let [bytes, nameBytes] = [0, 0];
  for (const { name, size } of chosen.sort(byRank)) {
    // As it is typed: four characters a byte at most.
    const typed = 4 * name.length;
    if (names.length >= mostFiles || bytes + size > limits.mostBytes) continue;
    if (nameBytes + typed > mostNameBytes) continue;
    names.push(name);
    bytes += size;
    nameBytes += typed;
  }
  return { names, bytes };
}

function byRank(a: { readonly rank: string }, b: { readonly rank: string }): number {
  return a.rank < b.rank ? -1 : 1;
}
