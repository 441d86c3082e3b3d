import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { makeFolder } from "../../components/host-folder";

let [root, fsUuid] = ["", ""];
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "holdfast-folder-"));
  const argv = ["--noheadings", "--output", "UUID", "--target", root];
  fsUuid = (await execa("findmnt", argv)).stdout.trim();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** As the provider would over SSH. */
async function make(path: string, more: { fsUuid?: string } = {}) {
  const command = makeFolder({ path, fsUuid, uid: 70, ...more });
  const { exitCode, stderr } = await execa("sh", ["-c", command], { reject: false });
  return { exitCode, stderr };
}

const ownerAndMode = (path: string): [number, number] => {
  const { uid, mode } = lstatSync(path);
  return [uid, mode & 0o7777];
};

test("is made with all above it, closed to all but its account, and again as it was", async () => {
  const path = join(root, "dumps/postgresql");
  expect(await make(path)).toEqual({ exitCode: 0, stderr: "" });
  writeFileSync(join(path, "dump"), "");
  chownSync(join(path, "dump"), 70, 70);
  expect(await make(path)).toEqual({ exitCode: 0, stderr: "" });
  expect(ownerAndMode(path)).toEqual([70, 0o700]);
});

test("takes an empty folder that root has made", async () => {
  const path = join(root, "dumps");
  mkdirSync(path);
  expect(await make(path)).toMatchObject({ exitCode: 0 });
  expect(ownerAndMode(path)).toEqual([70, 0o700]);
});

test.each([
  ["a service's data", (path: string) => chownSync(path, 33, 33), 33],
  ["root's own files", (path: string) => writeFileSync(join(path, "file"), ""), 0],
])("leaves a folder with %s as it is", async (_, fill, uid) => {
  const path = join(root, "media");
  mkdirSync(path, { mode: 0o755 });
  fill(path);
  const refused = await make(path);
  expect(refused).toEqual({ exitCode: 3, stderr: expect.stringContaining(`${path} is there already`) });
  expect(refused.stderr).toContain(`belongs to the account ${uid} and not to 70`);
  expect(ownerAndMode(path)).toEqual([uid, 0o755]);
});

test("what it says to type next can be typed, also for a path with blanks and what a shell reads as its own", async () => {
  const path = join(root, "the $(touch dumps)'s");
  mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(path, "file"), "");
  const { stderr } = await make(path);
  const [, look = "", own = ""] = /Next: (ls -la .*); if it is meant: (chown -R .*); then/.exec(stderr) ?? [];
  expect((await execa("sh", ["-c", look])).stdout).toContain("file");
  await execa("sh", ["-c", own]);
  expect(await make(path)).toEqual({ exitCode: 0, stderr: "" });
  const elsewhere = await make(path, { fsUuid: "5f0c" });
  expect(elsewhere.stderr).toContain(`file system with the UUID "${fsUuid}", and the estate has 5f0c`);
  const [, find = ""] = /Next: (findmnt \S+) /.exec(elsewhere.stderr) ?? [];
  expect(await execa("sh", ["-c", find], { reject: false })).toMatchObject({ exitCode: 1, stdout: "" });
});

test("leaves what a link leads to as it is", async () => {
  const [data, path] = [join(root, "data"), join(root, "dumps")];
  mkdirSync(data, { mode: 0o755 });
  symlinkSync(data, path);
  expect(await make(path)).toMatchObject({ exitCode: 3 });
  expect(ownerAndMode(data)).toEqual([0, 0o755]);
});

test("makes nothing where another file system is mounted", async () => {
  const path = join(root, "dumps");
  expect(await make(path, { fsUuid: "5f0c" })).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining("nothing was made"),
  });
  expect(existsSync(path)).toBe(false);
});
