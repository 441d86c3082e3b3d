import { createHash, type Hash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { errnoOf, messageOf } from "../runtime/errors";
import { reach } from "../runtime/reach";
import type { Stop } from "../runtime/stop";
import type { Identity } from "./sums";

/** What became of reading a file. */
export type Content =
  | { readonly kind: "read"; readonly sha256: Buffer }
  /** It was written to meanwhile. */
  | { readonly kind: "changed" }
  /** The disk doesn't give it. */
  | { readonly kind: "unreadable"; readonly reason: string };

/** Bytes of a file, from the first to before the last one. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** There was no time to read a file to its end. */
export interface Late {
  readonly kind: "late";
}

/** A regular file, open for reading without a trace in its times. */
export interface OpenFile {
  readonly fd: number;
  readonly stat: BigIntStats;
}

/**
 * Opens a regular file by its name; never a link, a device or what waits for a writer.
 * @returns undefined when there is no regular file of that name
 */
export function openRegular(path: Buffer): OpenFile | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOATIME } = constants;
  let fd: number;
  try {
    fd = reach(path, short => openSync(short, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME));
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFile()) return { fd, stat };
  closeSync(fd);
  return undefined;
}

export const bigBytes = 8 * 2 ** 20;

const buffer = Buffer.alloc(1024 * 1024);
const buffersPerTurn = 16;

/**
 * Reads a file.
 * @param isLate asked from time to time whether to give it up
 * @param part all of it unless given
 * @param also gets the same bytes, for another checksum
 * @throws what `stop` says, once the run is told to stop
 */
export async function contentOf(
  file: OpenFile,
  stop: Stop,
  phase: string,
  isLate?: undefined,
  part?: undefined,
  also?: Hash,
): Promise<Content>;
export async function contentOf(
  file: OpenFile,
  stop: Stop,
  phase: string,
  isLate: () => boolean,
  part?: Part,
): Promise<Content | Late>;
export async function contentOf(
  file: OpenFile,
  stop: Stop,
  phase: string,
  isLate: () => boolean = () => false,
  { from, to }: Part = { from: 0, to: Number(file.stat.size) },
  also?: Hash,
): Promise<Content | Late> {
  const hash = createHash("sha256");
  for (let offset = from, buffers = 1; offset < to; buffers += 1) {
    let got: number;
    try {
      got = readSync(file.fd, buffer, 0, Math.min(buffer.length, to - offset), offset);
    } catch (error) {
      return { kind: "unreadable", reason: messageOf(error) };
    }
    if (got === 0) break;
    hash.update(buffer.subarray(0, got));
    also?.update(buffer.subarray(0, got));
    offset += got;
    if (buffers % buffersPerTurn !== 0) continue;
    await turn();
    stop.check(phase);
    if (isLate()) return { kind: "late" };
  }
  const { size, mtimeNs } = fstatSync(file.fd, { bigint: true });
  if (size !== file.stat.size || mtimeNs !== file.stat.mtimeNs) return { kind: "changed" };
  return { kind: "read", sha256: hash.digest() };
}

export function identityOf({ stat }: OpenFile): Identity {
  return { ino: stat.ino, birthNs: stat.birthtimeNs, size: stat.size, mtimeNs: stat.mtimeNs };
}
