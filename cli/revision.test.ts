import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { projectRoot } from "../stacks/project";
import { exampleEstate } from "../plan/estate/example";
import { readOther } from "./estate-source";
import { evaluate } from "./evaluate.mjs";
import { revisionIn, withRevision } from "./revision";

/* A real repository, and estates evaluated by the process that the command uses. */
let folder: string;
const git = (...words: string[]): string =>
  execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.example", ...words], {
    encoding: "utf8",
  });
const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-git-"));
  git("init", "--quiet", "--initial-branch=main");
  mkdirSync(join(folder, "house", "node_modules", "names"), { recursive: true });
  write("house/node_modules/names/index.js", 'exports.called = name => name + " of today";');
  write(".gitignore", "node_modules\n");
  write("name.ts", 'export const name = "committed";');
  write("house/sound.json", JSON.stringify(exampleEstate()));
  write(
    "house/estate.ts",
    'import { called } from "names";\nimport { name } from "../name";\nimport sound from "./sound.json";\nexport const estate = { ...sound, name: called(name).replaceAll(" ", "-") };',
  );
  write("house/faulty.ts", "export const estate = { zone: 3 };");
  write(
    "house/waits.ts",
    'import { writeFileSync } from "node:fs";\nwriteFileSync(process.env["BEGUN"] ?? "", "");\nexport const estate = new Promise(() => setInterval(() => undefined, 1000));',
  );
  write("house/throws.ts", 'throw new Error("no estate in " + __filename);');
  git("add", "--all");
  git("commit", "--quiet", "--message=first");
  git("tag", "v1");
  write("name.ts", 'export const name = "edited";');
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (word: string, from = folder): ReturnType<typeof readOther> =>
  readOther("OLD", word, { evaluate, folder: from });

test("an estate of a revision is evaluated with the files of that revision and the packages that are installed", async () => {
  const before = git("status", "--porcelain");
  expect(await read("v1:house/estate.ts")).toMatchObject({ name: "committed-of-today" });
  expect(await read("house/estate.ts")).toMatchObject({ name: "edited-of-today" });
  expect(await read("HEAD:./estate.ts", join(folder, "house"))).toMatchObject({ name: "committed-of-today" });
  expect(await read("main:house/sound.json")).toMatchObject({ name: "example" });
  expect(git("status", "--porcelain")).toBe(before);
  expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
}, 300_000);

test("a fault is told of the revision's file, and not of where it lay for a moment", async () => {
  await expect(read("v1:house/faulty.ts")).rejects.toThrow(/^The estate in "v1:house\/faulty\.ts" has /);
  await expect(read("v1:house/throws.ts")).rejects.toThrow(/^"v1:house\/throws\.ts" can't be loaded: /);
}, 300_000);

test("a revision by its time has its colons in braces", () => {
  expect(revisionIn("main@{2026-11-28 12:00}:house/estate.ts")).toEqual({
    ...{ revision: "main@{2026-11-28 12:00}", path: "house/estate.ts" },
  });
});

test("files that can't be written out are told so, and not as a revision that isn't there", async () => {
  git("checkout", "--quiet", "-b", "holes");
  write("lost.txt", "lost");
  git("add", "lost.txt");
  git("commit", "--quiet", "--message=lost");
  const object = git("rev-parse", "HEAD:lost.txt").trim();
  rmSync(join(folder, ".git", "objects", object.slice(0, 2), object.slice(2)));
  await expect(read("holes:house/sound.json")).rejects.toThrow(
    /^OLD: the files of "holes:house\/sound\.json" can't be written to .*: error: .*TMPDIR=FOLDER/,
  );
});

test("nothing of a revision is left, however it ends", async () => {
  const used: string[] = [];
  const ended = withRevision("OLD", "v1:house/estate.ts", folder, ({ file }) => {
    used.push(file);
    expect(existsSync(file)).toBe(true);
    return Promise.reject(new Error("no"));
  });
  await expect(ended).rejects.toThrow("no");
  expect(used.map(file => existsSync(join(file, "..", "..")))).toEqual([false]);
});

test.each(["v2:house/estate.ts", "v1:house/none.ts", "v1:../estate.ts", "--upload-pack=x:y", "nowhere.ts"])(
  "%s is refused with what is expected",
  async word => {
    await expect(read(word)).rejects.toThrow(/^OLD: /);
  },
);

/** Command lines of processes that name a path. */
function running(path: string): string[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8")];
      } catch {
        // It has just ended.
        return [];
      }
    })
    .filter(line => line.includes(path));
}

test("a command that a signal ends leaves nothing of the revision behind", async () => {
  const temporary = mkdtempSync(join(tmpdir(), "holdfast-left-"));
  const command = join(projectRoot, "cli", "holdfast.mjs");
  const begun = join(temporary, "begun");
  const env = { TMPDIR: temporary, BEGUN: begun };
  const child = execa(process.execPath, [command, "diff", "main:house/waits.ts", "house/estate.ts"], {
    ...{ cwd: folder, env, reject: false },
  });
  while (!existsSync(begun)) await sleep(50);
  child.kill("SIGINT");
  expect(await child).toMatchObject({ signal: "SIGINT" });
  expect(readdirSync(temporary)).toEqual(["begun"]);
  // Nor what evaluated it.
  while (running(`${temporary}/`).length > 0) await sleep(50);
  rmSync(temporary, { recursive: true });
}, 1_200_000);
