import { createHash } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { errnoOf } from "../runtime/errors";

/** What was read of one file, by its inode: names come and go, and a generation shares inodes with the one before. */
export interface SumRecord {
  readonly ino: bigint;
  /** An inode's number comes again; its birth doesn't. Ns since the epoch, as the times below. */
  readonly birthNs: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly sha256: Buffer;
  /** When the pass began that saw it last, epoch ms. */
  readonly seenMs: number;
}

/** What tells a file from all others, and from what it was. */
export type Identity = Omit<SumRecord, "sha256" | "seenMs">;

/** Whether a record is of this very file as it is now, content aside. */
export function isOf(record: Identity, file: Identity): boolean {
  return (
    record.ino === file.ino &&
    record.birthNs === file.birthNs &&
    record.size === file.size &&
    record.mtimeNs === file.mtimeNs
  );
}

/** Whether a record is of a file that was written to since; never where the file system keeps no birth of an inode. */
export function isFormerOf(record: Identity, file: Identity): boolean {
  return (
    record.ino === file.ino && record.birthNs === file.birthNs && record.birthNs !== 0n && !isOf(record, file)
  );
}

/*
 * A file of sums holds records of one length, in ascending order of inodes, so that a pass is one walk over two sorted
 * streams, whatever the number of files. Each record carries a checksum of itself, salted by its unit; the last one is a
 * trailer with their number, so that a lost piece is seen too. A first version had no time in a record: the file's own counts.
 */
interface Layout {
  readonly bodyBytes: number;
  readonly recordBytes: number;
}
const [layout, firstLayout] = [72, 64].map(bodyBytes => ({ bodyBytes, recordBytes: bodyBytes + 8 })) as [
  Layout,
  Layout,
];
const trailerIno = 0xffff_ffff_ffff_ffffn;

function encode(salt: string, { ino, birthNs, size, mtimeNs, sha256, seenMs }: SumRecord): Buffer {
  const record = Buffer.alloc(layout.recordBytes);
  record.writeBigUInt64BE(ino, 0);
  record.writeBigInt64BE(birthNs, 8);
  record.writeBigUInt64BE(size, 16);
  record.writeBigInt64BE(mtimeNs, 24);
  sha256.copy(record, 32);
  record.writeBigUInt64BE(BigInt(seenMs), 64);
  checkOf(salt, record, layout).copy(record, layout.bodyBytes);
  return record;
}

/** @param writtenMs when its file was, which says when a record of the first version was seen */
function decode(
  salt: string,
  record: Buffer,
  { bodyBytes, recordBytes }: Layout,
  writtenMs = 0,
): SumRecord | undefined {
  const check = record.subarray(bodyBytes, recordBytes);
  if (!checkOf(salt, record, { bodyBytes, recordBytes }).equals(check)) return undefined;
  return {
    ino: record.readBigUInt64BE(0),
    birthNs: record.readBigInt64BE(8),
    size: record.readBigUInt64BE(16),
    mtimeNs: record.readBigInt64BE(24),
    sha256: Buffer.from(record.subarray(32, 64)),
    seenMs: bodyBytes === layout.bodyBytes ? Number(record.readBigUInt64BE(64)) : writtenMs,
  };
}

function checkOf(salt: string, record: Buffer, { bodyBytes }: Layout): Buffer {
  return createHash("sha256").update(salt).update(record.subarray(0, bodyBytes)).digest().subarray(0, 8);
}

function* recordsIn(fd: number, { recordBytes }: Layout): Generator<Buffer> {
  const chunk = Buffer.alloc(recordBytes * 1024);
  for (let offset = 0; ;) {
    const got = readSync(fd, chunk, 0, chunk.length, offset);
    for (let at = 0; at + recordBytes <= got; at += recordBytes) yield chunk.subarray(at, at + recordBytes);
    offset += got - (got % recordBytes);
    if (got < recordBytes) return;
  }
}

/** The trailer of a whole file, in its layout. */
function trailerOf(fd: number, salt: string, of: Layout): SumRecord | undefined {
  const { size } = fstatSync(fd);
  const { recordBytes } = of;
  if (size < recordBytes) return undefined;
  const bytes = Buffer.alloc(recordBytes);
  readSync(fd, bytes, 0, recordBytes, size - recordBytes);
  const record = decode(salt, bytes, of);
  return record?.ino === trailerIno ? record : undefined;
}

/** What is wrong with a file of sums, filled while it is read. */
export interface Damage {
  /** Records that aren't what was written, or pieces that are gone; 0 for a sound file once it was read to its end. */
  count: number;
}

/** Records of a whole pass; those that are damaged are passed over. None when there is no such file. */
export function* readSums(path: string, salt: string, damage: Damage): Generator<SumRecord> {
  const fd = openOrNot(path);
  if (fd === undefined) return;
  try {
    let [last, seen, told] = [-1n, 0n, -1n];
    const of = trailerOf(fd, salt, firstLayout) ? firstLayout : layout;
    const { mtimeMs } = fstatSync(fd);
    for (const bytes of recordsIn(fd, of)) {
      const record = decode(salt, bytes, of, Math.floor(mtimeMs));
      if (!record || record.ino <= last) damage.count += 1;
      else if (record.ino === trailerIno) told = record.size;
      else yield record;
      if (record) last = record.ino;
      if (record?.ino !== trailerIno) seen += 1n;
    }
    if (told !== seen) damage.count += 1;
  } finally {
    closeSync(fd);
  }
}

/** When the last pass that saw everything began, epoch ms, 0 for none; undefined where there is none, or it isn't whole. */
export function passOf(path: string, salt: string): number | undefined {
  const fd = openOrNot(path);
  if (fd === undefined) return undefined;
  try {
    const trailer = trailerOf(fd, salt, layout) ?? trailerOf(fd, salt, firstLayout);
    return trailer && Number(trailer.mtimeNs / 1_000_000n);
  } finally {
    closeSync(fd);
  }
}

/** A pass' file of sums that is being written. */
export interface SumWriter {
  /** The last inode that is in it; -1 for none. Ascending order is the caller's. */
  readonly last: bigint;
  add(record: SumRecord): void;
  /** What was added survives a loss of power. */
  sync(): void;
  /** Adds the trailer and makes the whole durable. @param verifiedMs when the last pass that saw everything began, 0 for none */
  finish(verifiedMs: number): void;
  close(): void;
}

const bufferedRecords = 64;

/** Goes on with a file of sums behind the last record that is whole, or begins one. */
export function continueSums(path: string, salt: string): SumWriter {
  const fd = openSync(path, "a+", 0o600);
  let [last, count] = [-1n, 0];
  for (const bytes of recordsIn(fd, layout)) {
    const record = decode(salt, bytes, layout);
    if (!record || record.ino <= last || record.ino === trailerIno) break;
    last = record.ino;
    count += 1;
  }
  ftruncateSync(fd, count * layout.recordBytes);
  let pending: Buffer[] = [];
  const flush = (): void => {
    const whole = Buffer.concat(pending);
    for (let done = 0; done < whole.length;) done += writeSync(fd, whole, done);
    pending = [];
  };
  const sync = (): void => {
    flush();
    fsyncSync(fd);
  };
  const add = (record: SumRecord): void => {
    pending.push(encode(salt, record));
    count += 1;
    if (pending.length >= bufferedRecords) flush();
  };
  return {
    last,
    add,
    sync,
    finish(verifiedMs) {
      const sha256 = Buffer.alloc(32);
      const mtimeNs = BigInt(verifiedMs) * 1_000_000n;
      add({ ino: trailerIno, birthNs: 0n, size: BigInt(count), mtimeNs, sha256, seenMs: 0 });
      sync();
    },
    close: () => closeSync(fd),
  };
}

function openOrNot(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
