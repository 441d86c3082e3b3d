import type { BigIntStats } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { messageOf } from "./errors";
import { openFolder, type OpenFolder } from "./open-folder";
import { inTree, statAt } from "./tree-path";

/** What there is at and below some names of a tree. */
export interface Tally {
  readonly entries: number;
  /** Of all files, each once however many names it has. */
  readonly bytes: number;
  /** What they take of a disk, holes left out. */
  readonly blockBytes: number;
  /** The first name that can't be looked at, and why. */
  readonly unread?: string;
}

/** One entry after the other, each folder before what it holds; names are byte by byte as latin1, below the root. */
export function* entriesBelow(
  root: string,
  name: string,
): Generator<{ readonly name: string; readonly stat: BigIntStats } | { readonly fault: string }> {
  let stat: BigIntStats;
  try {
    stat = statAt(inTree(root, name));
  } catch (error) {
    yield { fault: messageOf(error) };
    return;
  }
  yield { name, stat };
  if (!stat.isDirectory()) return;
  let dir: OpenFolder | undefined;
  try {
    dir = openFolder(inTree(root, name));
    for (let entry = dir.next(); entry !== null; entry = dir.next())
      yield* entriesBelow(root, `${name}/${entry.name.toString("latin1")}`);
  } catch (error) {
    yield { fault: messageOf(error) };
  } finally {
    dir?.close();
  }
}

const entriesPerTurn = 1000;

/** @param check called now and then, to end it by throwing */
export async function tallyOf(root: string, names: readonly string[], check: () => void): Promise<Tally> {
  const tally: { -readonly [Name in keyof Tally]: Tally[Name] } = { entries: 0, bytes: 0, blockBytes: 0 };
  const linked = new Set<bigint>();
  for (const name of names)
    for (const entry of entriesBelow(root, name)) {
      if ("fault" in entry) {
        tally.unread ??= entry.fault;
        continue;
      }
      tally.entries += 1;
      if (tally.entries % entriesPerTurn === 0) {
        await turn();
        check();
      }
      const { stat } = entry;
      if (!stat.isDirectory() && stat.nlink > 1n) {
        if (linked.has(stat.ino)) continue;
        linked.add(stat.ino);
      }
      if (stat.isFile()) tally.bytes += Number(stat.size);
      tally.blockBytes += Number(stat.blocks) * 512;
    }
  return tally;
}
