import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesAfter } from "./files-after";
import type { Leg } from "./offsite";

const root = mkdtempSync(join(tmpdir(), "holdfast-files-after-"));
afterAll(() => rmSync(root, { recursive: true }));

test("a pass goes on behind any file, and leaves out what is never sent", () => {
  for (const path of [
    "a/b/c",
    "a/b.d",
    "a-b",
    "a/z",
    "z",
    "b/.part/0/x",
    "b/2026-22/x",
    "out/x",
    ".holdfast/x",
    "z\xff",
  ]) {
    const file = Buffer.from(join(root, path), "latin1");
    mkdirSync(Buffer.from(join(root, path, ".."), "latin1"), { recursive: true });
    writeFileSync(file, "x");
  }
  const leg = {
    ...{ from: root, to: "there", mount: { path: root, fsUuid: "1" }, excludes: ["out"], journals: [] },
    generations: [{ folder: "b", keeps: 1 }],
  } satisfies Leg;
  const after = (name: string) => [...filesAfter(leg, name, () => undefined)].map(file => file.name);
  const all = after("");
  expect(all).toEqual(["a/b/c", "a/b.d", "a/z", "a-b", "b/2026-22/x", "z", "z\xff"]);
  for (const [index, name] of all.entries()) expect(after(name)).toEqual(all.slice(index + 1));
  expect(after("a/gone")).toEqual(all.slice(2));
});
