import { ownPrefix } from "../runtime/closed-folder";
import { inTree, statIn } from "../runtime/tree-path";
import type { Leg } from "./offsite";
import { isSent } from "./owe";
import { unfinished } from "./transfer";
import { entriesOf } from "../runtime/open-folder";

export interface SentFile {
  /** Below the leg, byte by byte as latin1. */
  readonly name: string;
  readonly bytes: number;
}

/**
 * The files of a leg that are sent, in one order that stays, behind a name: what is made or removed meanwhile moves nothing else.
 * @param after "" for all
 * @param onUnread told of each folder that can't be read
 */
export function* filesAfter(
  leg: Leg,
  after: string,
  onUnread: (folder: string) => void,
): Generator<SentFile, void, undefined> {
  const device = statIn(leg.from, ".")?.dev;
  const skipped = new Set(
    leg.generations.flatMap(({ folder }) => unfinished.map(name => `${folder}/${name}`)),
  );
  yield* below("", after === "" ? [] : after.split("/"));

  function* below(folder: string, behind: readonly string[]): Generator<SentFile, void, undefined> {
    const [first] = behind;
    for (const entry of entriesIn(folder)) {
      if (first !== undefined && entry < first) continue;
      const name = folder === "" ? entry : `${folder}/${entry}`;
      if (skipped.has(name) || entry.startsWith(`${ownPrefix}-`) || !isSent(name, leg)) continue;
      const stat = statIn(leg.from, name);
      if (stat?.dev !== device || stat === undefined) continue;
      if (stat.isDirectory()) yield* below(name, entry === first ? behind.slice(1) : []);
      else if (stat.isFile() && !(entry === first && behind.length === 1))
        yield { name, bytes: Number(stat.size) };
    }
  }

  function entriesIn(folder: string): string[] {
    try {
      return entriesOf(inTree(leg.from, folder)).sort();
    } catch {
      onUnread(folder);
      return [];
    }
  }
}
