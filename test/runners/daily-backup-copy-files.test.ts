import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa, execaSync } from "execa";
import { copyFiles, type CopiedFiles } from "../../host-scripts/daily-backup/copy-files";
import { rsyncProgram, useRsyncTools } from "./support/rsync-tools";
import { differences, type Place, type Snapshot, snapshot } from "./support/tree";

const place: Place = {
  outside: path => path,
  inside: async (program, ...args) => (await execa(program, args)).stdout,
};
let folder: string;
let restoreEnvironment: () => void;
let source: string;

beforeEach(async () => {
  folder = mkdtempSync("/dev/shm/holdfast-copy-files-");
  source = join(folder, "source");
  for (const path of [
    "bin",
    "outside",
    "source",
    "source/app",
    "source/app/deep",
    "source/old",
    "source/databases",
    "one",
    "two",
  ])
    mkdirSync(join(folder, path));
  restoreEnvironment = await useRsyncTools(join(folder, "bin"));
  cpIs('exec REAL "$@"');
  for (const path of ["app/file", "app/other", "app/deep/file", "old/first", "old/second", "linked"])
    writeFileSync(join(source, path), `content of ${path}`);
  for (const end of ["", "-journal", "-wal", "-shm"])
    writeFileSync(join(source, `databases/file${end}`), end);
  command("touch", "-d", "2026-05-26 00:00:00.000000000", join(source, "app/file"));
  linkSync(join(source, "linked"), join(source, "app/linked-too"));
  writeFileSync(join(folder, "outside/file"), "stays");
  symlinkSync(join(folder, "outside"), join(source, "link"));
});
afterEach(() => {
  restoreEnvironment();
  rmSync(folder, { recursive: true, force: true });
});

/** Takes cp's place on the runner's PATH; `REAL` is the real one. */
function cpIs(script: string): void {
  const text = `#!/bin/sh\ntouch ${folder}/linked\n${script.replace("REAL", "/bin/cp")}\n`;
  writeFileSync(join(folder, "bin/cp"), text, { mode: 0o755 });
}

const isLinkedAsAWhole = (): boolean => existsSync(join(folder, "linked"));
const treeOf = (name: string): Promise<Snapshot> => snapshot(place, join(folder, name), { shared: true });
const inodeOf = (path: string): number => lstatSync(join(folder, path)).ino;

function copy(into: string, base?: string, baseHasLinks?: boolean): Promise<CopiedFiles> {
  return copyFiles({
    ...{ source, into: join(folder, into), base: base && join(folder, base), baseHasLinks, lockFd: 2 },
    ...{ timeoutMs: 30_000, stop: new AbortController().signal },
  });
}

/** Copies twice, with a change in between: both are what the source was, and share what is the same. */
async function copyAfter(change: () => void): Promise<readonly string[]> {
  await copy("one");
  const before = await treeOf("one");
  expect(differences(await treeOf("source"), before)).toEqual([]);
  change();
  const { changed = [] } = await copy("two", "one");
  expect(differences(await treeOf("source"), await treeOf("two"))).toEqual([]);
  expect(differences(before, await treeOf("one"))).toEqual([]);
  expect(inodeOf("two/app/other")).toBe(inodeOf("one/app/other"));
  return changed.map(String).sort();
}

const at = (path: string): string => join(source, path);
const command = (program: string, ...args: string[]): unknown => execaSync(program, args);

interface Change {
  readonly what: string;
  readonly change: () => unknown;
  readonly changed: readonly string[];
}

test.each<Change>([
  { what: "nothing", change: () => undefined, changed: [] },
  { what: "content", change: () => writeFileSync(at("app/file"), "other"), changed: ["app/file"] },
  { what: "a time alone", change: () => utimesSync(at("app/file"), 1, 1), changed: ["app/file"] },
  {
    what: "content of the same size, a nanosecond later",
    change: () => {
      writeFileSync(at("app/file"), "CONTENT of app/file");
      command("touch", "-d", "2026-05-26 00:00:00.000000001", at("app/file"));
    },
    changed: ["app/file"],
  },
  { what: "a file that is gone", change: () => rmSync(at("old/first")), changed: [] },
  {
    what: "a database's journal and log that are gone",
    change: () => ["file-journal", "file-wal", "file-shm"].forEach(name => rmSync(at(`databases/${name}`))),
    changed: ["databases/file-journal", "databases/file-shm", "databases/file-wal"],
  },
  { what: "a folder that is gone", change: () => rmSync(at("old"), { recursive: true }), changed: [] },
  {
    what: "a new folder",
    change: () => {
      mkdirSync(at("new"));
      writeFileSync(at("new/file"), "new");
    },
    changed: ["new/file"],
  },
  {
    what: "a file that became a folder",
    change: () => {
      rmSync(at("app/file"));
      mkdirSync(at("app/file"));
      writeFileSync(at("app/file/inner"), "new");
    },
    changed: ["app/file/inner"],
  },
  {
    what: "a folder that became a file",
    change: () => {
      rmSync(at("app/deep"), { recursive: true });
      writeFileSync(at("app/deep"), "new");
    },
    changed: ["app/deep"],
  },
  {
    what: "a link out of the tree that became a folder",
    change: () => {
      rmSync(at("link"));
      mkdirSync(at("link"));
      writeFileSync(at("link/file"), "new");
    },
    changed: ["link/file"],
  },
  {
    what: "a link that leads elsewhere",
    change: () => {
      rmSync(at("link"));
      symlinkSync("nowhere", at("link"));
    },
    changed: ["link"],
  },
  {
    what: "a folder's mode, owner, ACL and attribute",
    change: () => {
      chmodSync(at("app"), 0o700);
      chownSync(at("app"), 7, 7);
      command("setfacl", "-m", "u:daemon:rx", at("app/deep"));
      command("setfattr", "-n", "trusted.colour", "-v", "green", at("app/deep"));
    },
    changed: [],
  },
])("$what changed: the base is linked as a whole", async ({ change, changed }) => {
  expect(await copyAfter(change)).toEqual(changed);
  expect(isLinkedAsAWhole()).toBe(true);
  expect(readFileSync(join(folder, "outside/file"), "utf8")).toBe("stays");
});

test.each<Change>([
  { what: "mode", change: () => chmodSync(at("app/file"), 0o600), changed: ["app/file"] },
  { what: "owner", change: () => chownSync(at("app/file"), 7, 7), changed: ["app/file"] },
  {
    what: "ACL",
    change: () => command("setfacl", "-m", "u:daemon:r", at("app/file")),
    changed: ["app/file"],
  },
  {
    what: "attribute",
    change: () => command("setfattr", "-n", "trusted.colour", "-v", "green", at("app/file")),
    changed: ["app/file"],
  },
  {
    what: "a new name",
    change: () => linkSync(at("app/file"), at("app/file-too")),
    changed: ["app/file-too"],
  },
  {
    what: "content of a file with two names",
    change: () => writeFileSync(at("linked"), "other"),
    changed: ["app/linked-too", "linked"],
  },
  {
    what: "mode of a file with two names",
    change: () => chmodSync(at("linked"), 0o600),
    changed: ["app/linked-too", "linked"],
  },
])("$what changed: no file that generations share is written to", async ({ change, changed }) => {
  expect(await copyAfter(change)).toEqual(changed);
  expect(isLinkedAsAWhole()).toBe(false);
});

test("what can't be linked as a whole is seen to by rsync", async () => {
  cpIs(`mkdir -p ${folder}/two/app; ln ${folder}/one/app/other ${folder}/two/app/; exit 1`);
  await copyAfter(() => writeFileSync(at("app/file"), "other"));
  expect(isLinkedAsAWhole()).toBe(true);
  expect(inodeOf("two/old/first")).toBe(inodeOf("one/old/first"));
});

test("a file of several names that can't be opened keeps nothing else from being copied, and each of its names is told", async () => {
  // Root without its right to read what is others'.
  const real = await rsyncProgram();
  const script = `#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search ${real} "$@"\n`;
  writeFileSync(join(folder, "bin/rsync"), script, { mode: 0o755 });
  // More than rsync takes into its first lists.
  for (let folders = 0; folders < 60; folders += 1) {
    mkdirSync(at(`many/${folders}/deep`), { recursive: true });
    for (let files = 0; files < 30; files += 1) writeFileSync(at(`many/${folders}/deep/${files}`), "");
  }
  const names = ["many/1/deep/secret", "many/2/secret", "many/30/deep/secret", "many/59/deep/secret"];
  const [first = ""] = names;
  writeFileSync(at(first), "nobody's to read");
  for (const name of names.slice(1)) linkSync(at(first), at(name));
  chmodSync(at(first), 0);
  chownSync(at(first), 65_534, 65_534);
  const { lacked } = await copy("one");
  expect(lacked.map(({ path }) => path.toString()).sort()).toEqual(names);
  const all = await treeOf("source");
  const left = new Map([...all].filter(([name]) => !names.includes(name)));
  expect(differences(left, await treeOf("one"))).toEqual([]);
});

interface Parting {
  readonly what: string;
  readonly change: () => unknown;
}

/** The second name gets a file of its own, with the same content, times, owner and mode. */
function part(): void {
  command("cp", "--preserve=all", at("app/linked-too"), at("new"));
  renameSync(at("new"), at("app/linked-too"));
}

test.each<Parting>([
  { what: "and are the same in all else", change: part },
  {
    what: "while a file's mode changed",
    change: () => {
      part();
      chmodSync(at("app/file"), 0o600);
    },
  },
  {
    what: "while one of them found another",
    change: () => {
      part();
      rmSync(at("old/first"));
      linkSync(at("linked"), at("old/first"));
    },
  },
  {
    what: "but two of three",
    change: () => {
      part();
      linkSync(at("linked"), at("zoe"));
    },
  },
])("two names of one file are two files now, $what: they are two in the copy too", async ({ change }) => {
  await copyAfter(change);
  expect(inodeOf("two/linked")).not.toBe(inodeOf("two/app/linked-too"));
});

test("two names that parted unseen have the owner and mode of each, the next night and the one after", async () => {
  await copyAfter(part);
  chmodSync(at("app/linked-too"), 0o600);
  mkdirSync(join(folder, "three"));
  await copy("three", "two");
  expect(differences(await treeOf("source"), await treeOf("three"))).toEqual([]);
});

test("no name is removed through a folder that became a link out of the tree", async () => {
  linkSync(at("linked"), at("old/inner"));
  writeFileSync(join(folder, "outside/inner"), "stays");
  await copyAfter(() => {
    part();
    chmodSync(at("app/file"), 0o600);
    rmSync(at("old"), { recursive: true });
    symlinkSync(join(folder, "outside"), at("old"));
  });
  expect(readFileSync(join(folder, "outside/inner"), "utf8")).toBe("stays");
});

test("whether files have several names is known after the first copy, and told when the first one gets them", async () => {
  rmSync(at("app/linked-too"));
  expect(await copy("one")).toMatchObject({ hasLinks: false });
  linkSync(at("linked"), at("app/linked-too"));
  expect(await copy("two", "one", false)).toMatchObject({ hasLinks: true });
  mkdirSync(join(folder, "three"));
  part();
  expect(await copy("three", "two", true)).toMatchObject({ hasLinks: true });
  expect(differences(await treeOf("source"), await treeOf("three"))).toEqual([]);
});
