import { closeSync, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { openPlainFile } from "./holes";
import { inTree } from "./tree-path";

/** Two folders that have the same names. */
interface Pair {
  readonly from: string;
  readonly into: string;
}

const pieceBytes = 256 * 1024;
/** rsync's report and signals are seen to as often; a file that wasn't there yet isn't looked for again within that. */
const turnMs = 10;

/**
 * Compares files by content with those that they were copied from, while rsync copies others: what was read and written a moment ago
 * is in memory, and no disk is read for it once more.
 */
export class ComparedBehind {
  private readonly pieces = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)] as const;
  private waiting: string[] = [];
  /** What was there before may be what differs: they are looked at again at the end. */
  private readonly differed: string[] = [];
  private going: Promise<void> | undefined;
  private turnedMs = 0;
  private missedMs = 0;
  private hasEnded = false;

  constructor(
    private readonly pair: Pair,
    private readonly stop: AbortSignal,
  ) {}

  /** A file that rsync names before it sends it: it has its name once all of it is there. Byte by byte as latin1. */
  add(name: string): void {
    this.waiting.push(name);
    if (performance.now() - this.missedMs < turnMs) return;
    this.going ??= this.follow().finally(() => (this.going = undefined));
  }

  /** @returns those that are not the same, once all have been copied; not all of them after a stop */
  async others(onName: (name: string) => void): Promise<string[]> {
    await this.going;
    const others: string[] = [];
    for (const name of [...this.differed, ...this.waiting]) {
      if (this.isOver()) break;
      onName(name);
      if ((await this.look(name)) !== "same") others.push(name);
    }
    return others;
  }

  /** No more is read, and no file is open. */
  async end(): Promise<void> {
    this.hasEnded = true;
    await this.going;
  }

  private isOver(): boolean {
    return this.hasEnded || this.stop.aborted;
  }

  /** Up to the first that isn't there yet. */
  private async follow(): Promise<void> {
    let done = 0;
    for (; done < this.waiting.length && !this.isOver(); done += 1) {
      const name = this.waiting[done] ?? "";
      const seen = await this.look(name);
      if (seen === "missing") {
        this.missedMs = performance.now();
        break;
      }
      if (seen === "other") this.differed.push(name);
    }
    if (done > 0) this.waiting = this.waiting.slice(done);
  }

  private async look(name: string): Promise<"same" | "other" | "missing"> {
    const [from, into] = [this.pair.from, this.pair.into].map(root => openPlainFile(inTree(root, name)));
    try {
      if (into === undefined) return "missing";
      return from !== undefined && (await this.isSame(from, into)) ? "same" : "other";
    } catch {
      // It can't be read to its end.
      return "other";
    } finally {
      for (const file of [from, into]) if (file !== undefined) closeSync(file);
    }
  }

  private async isSame(from: number, into: number): Promise<boolean> {
    const [one, other] = this.pieces;
    for (;;) {
      if (this.isOver()) return false;
      if (performance.now() - this.turnedMs > turnMs) {
        await turn();
        this.turnedMs = performance.now();
      }
      const [length, same] = [fill(one, from), fill(other, into)];
      if (length !== same || one.compare(other, 0, same, 0, length) !== 0) return false;
      if (length < pieceBytes) return true;
    }
  }
}

/** @returns how much of it there was: less than asked for at the end alone */
function fill(piece: Buffer, file: number): number {
  let length = 0;
  for (let more = -1; more !== 0 && length < piece.length; length += more)
    more = readSync(file, piece, length, piece.length - length, null);
  return length;
}
