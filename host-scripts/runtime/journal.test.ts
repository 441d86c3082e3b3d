import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { longestJournalBytes, openSegment, recover } from "./journal";
import { unsealed } from "./journal-seal";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const segments = (): string[] => readdirSync(folder).filter(name => name !== "last-number");
const read = (name: string): string | undefined => unsealed(readFileSync(join(folder, name), "latin1"));

test("hands over paths byte by byte, each ended by NUL", () => {
  const segment = openSegment(folder);
  segment.add(Buffer.from("a\nb"));
  segment.add(Buffer.from([0xff, 0xfe]));
  expect(segments()).toEqual(["000000000001.open"]);
  expect(segment.promote()).toBe("000000000001.paths");
  expect(segments()).toEqual(["000000000001.paths"]);
  expect(read("000000000001.paths")).toBe("a\nb\0\xff\xfe\0\0");
});

test("a run that changed nothing leaves no gap in the numbers", () => {
  expect(openSegment(folder).promote()).toBeUndefined();
  expect(segments()).toEqual(["000000000001.paths"]);
  expect(read("000000000001.paths")).toBe("\0");
});

test("gives no number twice, also when a consumer has taken every segment", () => {
  const first = openSegment(folder);
  first.add(Buffer.from("a"));
  first.promote();
  rmSync(join(folder, "000000000001.paths"));
  const second = openSegment(folder);
  second.add(Buffer.from("b"));
  expect(second.promote()).toBe("000000000002.paths");
});

test("hands over the whole tree for a segment that a killed run left open", () => {
  openSegment(folder).add(Buffer.from("lost with the run"));
  expect(recover(folder)).toEqual(["000000000001.reconcile"]);
  expect(read("000000000001.reconcile")).toBe(".\0\0");
  expect(segments()).toEqual(["000000000001.reconcile"]);
});

test("hands over the whole tree for what a run left that found no room to replace its journal", () => {
  writeFileSync(join(folder, "000000000004.part"), "");
  const next = openSegment(folder);
  next.add(Buffer.from("a"));
  next.promote();
  expect(segments()).toEqual(["000000000004.reconcile", "000000000005.paths"]);
});

test("hands over the whole tree for a pass that ended early", () => {
  const segment = openSegment(folder);
  segment.add(Buffer.from("a"));
  expect(segment.abandon()).toBe("000000000001.reconcile");
  expect(segments()).toEqual(["000000000001.reconcile"]);
});

test("replaces a journal that grew too long by the whole tree", () => {
  const old = openSegment(folder);
  old.add(Buffer.from("a"));
  old.promote();
  writeFileSync(join(folder, "000000000002.paths"), "");
  truncateSync(join(folder, "000000000002.paths"), longestJournalBytes + 1);
  const next = openSegment(folder);
  next.add(Buffer.from("b"));
  next.promote();
  expect(segments()).toEqual(["000000000002.reconcile", "000000000003.paths"]);
});
