import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { continueSums, passOf, readSums } from "./sums";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-sums-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const salt = "books";
const sha256 = createHash("sha256").update("content").digest();
const writtenMs = Date.parse("2026-05-20T03:00:00Z");

/** As the first version wrote it: without the time at which the file was seen. */
function formerRecord(ino: bigint, size: bigint, mtimeNs: bigint, hash: Buffer): Buffer {
  const body = Buffer.alloc(64);
  body.writeBigUInt64BE(ino, 0);
  body.writeBigUInt64BE(size, 16);
  body.writeBigInt64BE(mtimeNs, 24);
  hash.copy(body, 32);
  return Buffer.concat([body, createHash("sha256").update(salt).update(body).digest().subarray(0, 8)]);
}

test("a catalogue of the first version counts, and what it has was seen when it was written", () => {
  const file = join(folder, "sums");
  const trailer = formerRecord(
    0xffff_ffff_ffff_ffffn,
    2n,
    BigInt(writtenMs - 1_000) * 1_000_000n,
    Buffer.alloc(32),
  );
  writeFileSync(
    file,
    Buffer.concat([formerRecord(11n, 7n, 5n, sha256), formerRecord(12n, 7n, 6n, sha256), trailer]),
  );
  utimesSync(file, writtenMs / 1_000, writtenMs / 1_000);
  const damage = { count: 0 };
  const of = { birthNs: 0n, size: 7n, sha256, seenMs: writtenMs };
  expect([...readSums(file, salt, damage)]).toEqual([
    { ino: 11n, mtimeNs: 5n, ...of },
    { ino: 12n, mtimeNs: 6n, ...of },
  ]);
  expect(damage.count).toBe(0);
  expect(passOf(file, salt)).toBe(writtenMs - 1_000);
});

test("a pass that an earlier version began starts anew", () => {
  const file = join(folder, "part");
  writeFileSync(file, formerRecord(11n, 7n, 5n, sha256));
  const writer = continueSums(file, salt);
  expect(writer.last).toBe(-1n);
  writer.finish(writtenMs);
  writer.close();
  expect([...readSums(file, salt, { count: 0 })]).toEqual([]);
  expect(passOf(file, salt)).toBe(writtenMs);
});
