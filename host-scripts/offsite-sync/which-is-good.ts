import type { Leg, Offsite } from "./offsite";
import { type Sum, sumsOf } from "./sums";
import { statIn } from "../runtime/tree-path";

/** A file that has other content there than here. */
export interface Differing {
  /** Below the root of a transfer, byte by byte as latin1. */
  readonly name: string;
  /** Of the file here. */
  readonly md5: string;
  /** Its size or time is another one there, or it isn't there at all. */
  readonly isOther: boolean;
}

export interface Judged {
  /** What is here is good: it is sent. */
  readonly send: readonly string[];
  /** Those of them that were there as they are here, once: what is there has gone bad. The others are changes that nobody had named. */
  readonly repairs: ReadonlySet<string>;
  /** What is here isn't what both ends once had, or nobody knows: neither is changed. */
  readonly doubtful: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Which of two files that differ is the good one. Size and time are the same, so that nobody has changed one: a bit has flipped at one
 * of the ends, and sent the wrong way it would be at both.
 */
export function whichIsGood(run: Offsite, leg: Leg, from: string, differing: readonly Differing[]): Judged {
  const pathOf = (name: string): string => `${Buffer.from(from).toString("latin1")}/${name}`;
  const known = sumsOf(run.config, new Set(differing.map(({ name }) => pathOf(name))));
  const send: string[] = [];
  const repairs = new Set<string>();
  const doubtful: { name: string; reason: string }[] = [];
  for (const { name, md5, isOther } of differing) {
    const stat = statIn(from, name);
    if (stat === undefined) continue;
    const sum: Sum | undefined = known.get(pathOf(name));
    const isOf = sum?.size === String(stat.size) && sum.mtime === String(stat.mtimeNs);
    if (sum && isOf) {
      if (sum.md5 === md5) {
        send.push(name);
        repairs.add(name);
      } else
        doubtful.push({
          name,
          reason: "it isn't what was sent, at its old size and time: a bit may have flipped here",
        });
      // Of what changed since all of it was there, this is the newer one.
    } else if (isOther || Number(stat.ctimeMs) >= (run.memory.legs[leg.from] ?? 0)) send.push(name);
    else
      doubtful.push({
        name,
        reason: "the ends differ at one size and time, and nobody knows which is the good one",
      });
  }
  return { send, repairs, doubtful };
}
