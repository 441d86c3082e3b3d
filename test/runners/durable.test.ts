import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeDurably } from "../../host-scripts/runtime/durable";
import { openSegment } from "../../host-scripts/runtime/journal";
import { type MountNamespace, mountNamespace } from "./support/namespace";

let folder: string;
let namespace: MountNamespace;
/** A file system that takes a part of what doesn't fit, as write(2) does where a disk gets full. */
let small: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-durable-"));
  namespace = await mountNamespace();
  mkdirSync(join(folder, "small"));
  await namespace.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", join(folder, "small"));
  small = namespace.outside(join(folder, "small"));
});
afterEach(async () => {
  await namespace.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a file that doesn't fit is an error: the old text stays, and nothing half-made", () => {
  writeDurably(join(small, "manifest.json"), "old");
  expect(() => writeDurably(join(small, "manifest.json"), "x".repeat(100_000))).toThrow(/ENOSPC/);
  expect(readFileSync(join(small, "manifest.json"), "utf8")).toBe("old");
  expect(readdirSync(small)).toEqual(["manifest.json"]);
});

test("a link in the place of what is written leads nowhere", () => {
  const other = join(folder, "other");
  writeFileSync(other, "another's");
  symlinkSync(other, join(folder, `job.prom.${process.pid}.part`));
  writeDurably(join(folder, "job.prom"), "value 1\n");
  expect([readFileSync(other, "utf8"), readFileSync(join(folder, "job.prom"), "utf8")]).toEqual([
    "another's",
    "value 1\n",
  ]);
});

test("a hand-over of the whole tree that doesn't fit is an error, and the segment stays open", () => {
  const segment = openSegment(join(small, "journal"));
  writeFileSync(join(small, "ballast"), Buffer.alloc(44 * 1024));
  expect(() => {
    for (let index = 0; index < 3; index += 1) segment.add(Buffer.alloc(30_000, 1));
    segment.promote();
  }).toThrow(/ENOSPC/);
  expect(existsSync(join(small, "journal/000000000001.open"))).toBe(true);
});
