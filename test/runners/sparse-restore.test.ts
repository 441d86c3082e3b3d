import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../host-scripts/runtime/log";
import { restoreTree, type RestoredTree } from "../../host-scripts/runtime/restore-tree";
import { useRsyncTools } from "./support/rsync-tools";

/** No program is through with reading the holes of such a file before a test's time is up. */
const size = 2 ** 42;
const time = 1_700_000_000;

/** Programs that take the place of others. */
const bin = mkdtempSync(join(tmpdir(), "holdfast-bin-"));
let putBack: () => void;
beforeAll(async () => {
  putBack = await useRsyncTools(bin);
});
afterAll(() => {
  putBack();
  rmSync(bin, { recursive: true });
});

let folder: string;
let lock: number;
const inFolder = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-sparse-"));
  for (const name of ["from/deep", "into"]) mkdirSync(inFolder(name), { recursive: true });
  lock = openSync(inFolder("lock"), "w");
});
afterEach(() => {
  closeSync(lock);
  rmSync(folder, { recursive: true });
});

const restore = (into = inFolder("into")): Promise<RestoredTree> =>
  restoreTree({
    ...{ from: inFolder("from"), into, deletes: true, stateDir: inFolder("state") },
    ...{
      lockFd: lock,
      log: createLog("test", { json: true, progress: false }),
      stop: new AbortController().signal,
    },
  });

/** A file of that size with some bytes here and there, all else a hole. */
function makeSparse(name: string, bytes: Readonly<Record<number, string>>): void {
  const file = openSync(inFolder(name), "w");
  ftruncateSync(file, size);
  for (const [at, text] of Object.entries(bytes)) writeSync(file, text, Number(at));
  closeSync(file);
  utimesSync(inFolder(name), time, time);
}

function textAt(name: string, at: number, length: number): string {
  const file = openSync(inFolder(name), "r");
  const read = Buffer.alloc(length);
  readSync(file, read, 0, length, at);
  closeSync(file);
  return read.toString("latin1");
}

const written = { 0: "begin", [2 ** 41 + 5]: "middle", [size - 3]: "end" };

test("a file's holes are neither read nor filled, and its names stay one file", async () => {
  makeSparse("from/deep/image", written);
  linkSync(inFolder("from/deep/image"), inFolder("from/name"));
  writeFileSync(inFolder("from/text"), "text");
  utimesSync(inFolder("from/deep"), time, time);
  expect(await restore()).toEqual({ entries: 5, bytes: 2 * size + 4 });
  const [one, other, original] = ["into/deep/image", "into/name", "from/name"].map(name =>
    lstatSync(inFolder(name)),
  );
  expect(one).toMatchObject({ size, mtimeMs: time * 1000, nlink: 2, ino: other?.ino, mode: original?.mode });
  expect(one?.blocks).toBeLessThan(1000);
  for (const [at, text] of Object.entries(written))
    expect(textAt("into/name", Number(at), text.length)).toBe(text);
  expect(lstatSync(inFolder("into/deep")).mtimeMs).toBe(time * 1000);
});

test("small holes stay holes, and where no file has any, zeros that take room take it again", async () => {
  const zeros = 2 ** 20;
  writeFileSync(inFolder("from/zeros"), Buffer.alloc(zeros));
  const blocksOf = (name: string): number => lstatSync(inFolder(name)).blocks;
  await restore();
  expect(blocksOf("into/zeros") * 512).toBeGreaterThanOrEqual(zeros);
  const file = openSync(inFolder("from/deep/holes"), "w");
  ftruncateSync(file, zeros);
  closeSync(file);
  await restore();
  expect([lstatSync(inFolder("into/deep/holes")).size, blocksOf("into/deep/holes")]).toEqual([zeros, 0]);
});

test.each([
  ["another byte in its data", { ...written, 0: "began" }],
  ["data where the copy has a hole", { ...written, [2 ** 30]: "strange" }],
  ["a hole where the copy has data", { 0: "begin" }],
])("a file of the same size and time with %s becomes what the copy is", async (_, there) => {
  makeSparse("from/deep/image", written);
  mkdirSync(inFolder("into/deep"));
  makeSparse("into/deep/image", there);
  await restore();
  for (const [at, text] of Object.entries(written))
    expect(textAt("into/deep/image", Number(at), text.length)).toBe(text);
  expect(textAt("into/deep/image", 2 ** 30, 7)).toBe("\0".repeat(7));
});

test("a file that is the same but for zeros in the place of holes isn't written anew", async () => {
  makeSparse("from/image", written);
  makeSparse("into/image", { ...written, [2 ** 30]: "\0".repeat(4096) });
  const { ino } = lstatSync(inFolder("into/image"));
  await restore();
  expect(lstatSync(inFolder("into/image")).ino).toBe(ino);
});

test("a folder in the place of such a file goes, and nothing is left of what was made on the way", async () => {
  const file = openSync(inFolder("from/image"), "w");
  ftruncateSync(file, 2 ** 27);
  closeSync(file);
  mkdirSync(inFolder("into/image/full"), { recursive: true });
  expect(await restore()).toMatchObject({ entries: 3 });
  expect(lstatSync(inFolder("into/image")).size).toBe(2 ** 27);
});

test("what fsck has put into an empty volume is compared by content", async () => {
  const [copy, there] = ["from", "into"].map(name => inFolder(`${name}/lost+found`));
  for (const [at, text] of [
    [copy, "good"],
    [there, "evil"],
  ] as const) {
    mkdirSync(`${at}`);
    writeFileSync(`${at}/#12`, text);
    utimesSync(`${at}/#12`, time, time);
  }
  await restore();
  expect(textAt("into/lost+found/#12", 0, 4)).toBe("good");
});

test("one that was copied as something else, at its size and time, is told", async () => {
  makeSparse("from/image", written);
  writeFileSync(
    join(bin, "cp"),
    '#!/bin/sh\nfor into; do :; done\nPATH=${PATH#*:} cp "$@" || exit\nprintf x | dd of="$into" conv=notrunc status=none\ntouch -d @1700000000 "$into"\n',
    { mode: 0o755 },
  );
  await expect(restore()).rejects.toMatchObject({
    failed: expect.stringMatching(/^1 entries .* are not what the copy has, the first is "image"/),
  });
});

test("a file whose path no call takes as a whole comes back, and is compared", async () => {
  const script = 'for i in $(seq 16); do mkdir "$0" && cd "$0" || exit; done; echo text >file';
  execFileSync("bash", ["-c", script, "a".repeat(249)], { cwd: inFolder("from") });
  const into = inFolder("b".repeat(200));
  mkdirSync(into);
  try {
    expect(await restore(into)).toMatchObject({ bytes: 5 });
  } finally {
    // Node's own removal takes none of it.
    execFileSync("rm", ["-r", into]);
  }
});
