import { printable } from "./quoted";

/** What a runner has begun and not ended, and what its next run takes care of as it has a record of it. */
export interface Unfinished {
  /** The record's file: by it another version of the runner is asked whether it knows of this. */
  readonly record: string;
  /** e.g. "a restore of paperless that was cut" */
  readonly what: string;
  /** What ends it, to be typed. */
  readonly next: string;
}

/** For release.sh: a line each, with tabs between. */
export function unfinishedLines(all: readonly Unfinished[]): string {
  return all.map(({ record, what, next }) => `${[record, what, next].map(oneLine).join("\t")}\n`).join("");
}

function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, " ");
}
