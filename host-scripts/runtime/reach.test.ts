import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareRecorded } from "../backup-scrub/recorded";
import { tallyOf } from "./tally";
import { filesIn } from "./files-in";
import { reach } from "./reach";
import { Stop } from "./stop";
import { inTree, statIn } from "./tree-path";

/** Below the root nobody may name it by a path of its own: 30 folders of 200 bytes. */
const folders = Array.from({ length: 30 }, () => "d".repeat(200));
const deep = ["service", ...folders, "file"].join("/");
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-reach-"));
  mkdirSync(join(root, "service"));
  let above = openSync(join(root, "service"), constants.O_DIRECTORY);
  for (const name of folders) {
    mkdirSync(`/proc/self/fd/${above}/${name}`);
    const next = openSync(`/proc/self/fd/${above}/${name}`, constants.O_DIRECTORY);
    closeSync(above);
    above = next;
  }
  writeFileSync(`/proc/self/fd/${above}/file`, "content");
  closeSync(above);
});
// Node removes by whole paths.
afterEach(() => execFileSync("rm", ["-rf", root]));

test("a path that no call takes is looked at, listed, counted and read", async () => {
  expect(() => lstatSync(inTree(root, deep))).toThrow("ENAMETOOLONG");
  expect(statIn(root, deep)?.size).toBe(7n);
  expect([...filesIn(root, "service")]).toEqual([deep]);
  expect(await tallyOf(root, ["service"], () => undefined)).toMatchObject({ entries: 32, bytes: 7 });
  const disk = { target: { path: root, fsUuid: "" } };
  const compared = await compareRecorded(
    disk,
    "service",
    new Stop("backup-scrub", { warn: () => undefined }),
  );
  expect(compared).toMatchObject({ unrecorded: 1, bad: [], bytes: 7 });
});

test("what is done by the path that is lent is done there, and what is missing is missing", () => {
  writeFileSync(join(root, "new"), "another one");
  reach(inTree(root, deep), path => renameSync(join(root, "new"), path));
  expect(statIn(root, deep)?.size).toBe(11n);
  expect(() => reach(inTree(root, `${deep}/below`), path => lstatSync(path))).toThrow("ENOTDIR");
  expect(statIn(root, `${deep}er`)).toBeUndefined();
});
