import type * as fs from "node:fs";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeDurably } from "./durable";
import { discard, firstGeneration, freshGeneration, promote } from "./generations";
import { openSegment } from "./journal";

/*
 * What a host finds after a loss of power can't be seen on a host that stays up. What can is the order in which a file is
 * written, made durable and renamed.
 */
const mockCalls: string[] = [];

jest.mock("node:fs", () => {
  const real = jest.requireActual<typeof fs>("node:fs");
  const paths = new Map<number, string>();
  return {
    ...real,
    openSync(...args: Parameters<typeof real.openSync>) {
      const fd = real.openSync(...args);
      paths.set(fd, String(args[0]));
      return fd;
    },
    writeSync(fd: number, bytes: Buffer, from: number) {
      mockCalls.push(`write ${paths.get(fd)}`);
      return real.writeSync(fd, bytes, from);
    },
    fsyncSync(fd: number) {
      mockCalls.push(`sync ${paths.get(fd)}`);
      real.fsyncSync(fd);
    },
    renameSync(from: string, to: string) {
      mockCalls.push(`rename ${from} ${to}`);
      real.renameSync(from, to);
    },
  };
});

/** Nobody else waits for it. */
const lockFd = 1;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-power-"));
  mockCalls.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Calls since the last time, below the folder. */
function calls(): string[] {
  return mockCalls.splice(0).map(call => call.replaceAll(`${folder}/`, "").replaceAll(folder, "."));
}

test("a record's text is on disk before its name is, and its name when the call returns", () => {
  const part = `record.${process.pid}.part`;
  writeDurably(join(folder, "record"), "text");
  expect(calls()).toEqual([`write ${part}`, `sync ${part}`, `rename ${part} record`, "sync ."]);
});

test("a subtree is named on disk before anything in it changes", () => {
  const segment = openSegment(folder, "reconcile");
  calls();
  segment.add(Buffer.from("books"));
  expect(calls()).toEqual(["write 000000000001.open", "sync 000000000001.open"]);
});

test("a generation has its place on disk before the one that it replaced leaves its own", async () => {
  for (const text of ["earlier", "later"]) {
    const fresh = freshGeneration(folder, "2026-22", "ns/claim");
    writeFileSync(join(fresh.folder, text), text);
    calls();
    await promote(fresh, new AbortController().signal, lockFd);
  }
  const made = calls();
  const thrown = made.findIndex(call => call.startsWith("rename .part/"));
  expect(made[thrown]).toBe("rename .part/0 .trash/0");
  expect(made.slice(0, thrown)).toEqual(["sync 2026-22/ns", "sync .part"]);
  expect(existsSync(join(folder, "2026-22/ns/claim/later"))).toBe(true);
});

test("a first generation has its place on disk when it is told", async () => {
  const fresh = freshGeneration(folder, "2026-22", "ns/claim");
  mkdirSync(join(fresh.folder, "sub"));
  calls();
  await promote(fresh, new AbortController().signal, lockFd);
  const made = calls();
  expect(made.slice(made.indexOf("rename .part/0 2026-22/ns/claim"))).toEqual([
    "rename .part/0 2026-22/ns/claim",
    "sync 2026-22/ns",
    "sync .part",
  ]);
});

// What comes of it is tested in test/runners: nfs-mirror-written, and daily-backup-ways.
test("a generation's file system is held from before its first write until all is on disk, or it is given up", async () => {
  const isHeld = (path: string): boolean =>
    readdirSync("/proc/self/fd").some(fd => existsSync(`/proc/self/fd/${fd}`) && linkOf(fd) === path);
  const linkOf = (fd: string): string => readlinkSync(`/proc/self/fd/${fd}`);
  for (const begin of [freshGeneration, firstGeneration]) {
    const fresh = begin(folder, "2026-22", "ns/claim");
    expect(isHeld(fresh.folder)).toBe(true);
    const { folder: promoted } = await promote(fresh, new AbortController().signal, lockFd);
    expect([fresh.folder, promoted].filter(isHeld)).toEqual([]);
  }
  const fresh = freshGeneration(folder, "2026-23", "ns/claim");
  discard(fresh);
  expect([fresh.folder, `${folder}/.trash/2`].filter(isHeld)).toEqual([]);
});
