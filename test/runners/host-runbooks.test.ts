import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { removeRunbooks, unpackRunbooks } from "../../components/host-runbooks";
import { runbookPages } from "../../components/runbooks/pages";
import { parseEstate, planOf } from "../../plan";
import { exampleEstate, exampleWith } from "../../plan/estate/example";
import { runbooksArchive } from "../../stacks/runbooks";

const stack = "organization/holdfast/home";
const plan = planOf(parseEstate(exampleEstate()));
const without = planOf(parseEstate(exampleWith(({ services }) => void delete services["books"])));
let [folder, root] = ["", ""];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-runbooks-"));
  root = join(folder, "root");
  mkdirSync(root);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const copied = (): string => join(root, ".holdfast-runbooks-example.tar");
const page = (...names: string[]): string => join(root, "holdfast-runbooks/example", ...names);

/** Runs a command as the provider would over SSH, with a /root of its own. */
async function run(command: string, input = "") {
  const script = 'mount --bind "$1" /root && umask 077 && exec sh -c "$2"';
  const { exitCode, stdout, stderr } = await execa(
    "unshare",
    ["--mount", "sh", "-c", script, "sh", root, command],
    { input, reject: false },
  );
  return { exitCode, stdout, stderr };
}

/** What a deployment does, as far as the plugin does it right. */
async function put(of = plan, meanwhile: () => void = () => undefined, by = stack) {
  const { path, sha256 } = await runbooksArchive(of, ["--stack", "home"]);
  await copyFile(path, copied());
  meanwhile();
  return run(unpackRunbooks("example", by), `${sha256}\n`);
}

const there = async (): Promise<string[]> =>
  (await run("cd /root/holdfast-runbooks && find . -mindepth 1 -printf '%P %m %U:%G\n' | sort")).stdout
    .trim()
    .split("\n");

test("puts all pages of the estate on the host, root's and readable, and says nothing", async () => {
  expect(await put()).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  const pages = runbookPages({ plan, named: ["--stack", "home"] });
  for (const { path, text } of pages) expect(readFileSync(page(path), "utf8")).toBe(text);
  const folders = new Set(pages.map(({ path }) => dirname(path)).filter(path => path !== "."));
  expect(await there()).toEqual(
    [
      ...["example 755 0:0", "example/.stack 644 0:0"],
      ...[...folders].map(path => `example/${path} 755 0:0`),
      ...pages.map(({ path }) => `example/${path} 644 0:0`),
    ].sort(),
  );
});

test("a page of what the estate has no more goes, and what a cut has left", async () => {
  await put();
  for (const name of [".example.new", ".example.old"]) mkdirSync(page("..", name, "x"), { recursive: true });
  await put(without);
  expect(existsSync(page("services/photos.md"))).toBe(true);
  expect((await there()).filter(line => /services\/books|^\./.test(line))).toEqual([]);
});

test("what came in part replaces nothing, and what to do is said", async () => {
  await put();
  const cut = await put(without, () => truncateSync(copied(), 20_000));
  expect(cut).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/came in part, .*Next: pulumi up/),
  });
  expect(existsSync(page("services/books.md"))).toBe(true);
});

test("what is removed is the estate's, and the folder with the last of them", async () => {
  await put();
  mkdirSync(page("../other"));
  writeFileSync(page("../other/README.md"), "of another estate");
  expect(await run(removeRunbooks("example", stack))).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(await there()).toEqual([expect.stringMatching(/^other /), expect.stringMatching(/^other\//)]);
  expect(existsSync(copied())).toBe(false);
  rmSync(page("../other"), { recursive: true });
  expect(await run(removeRunbooks("example", stack))).toMatchObject({ exitCode: 0 });
  expect(existsSync(join(root, "holdfast-runbooks"))).toBe(false);
});

test("pages that another stack has put there since are its own", async () => {
  await put();
  await put(without, undefined, "organization/holdfast/other");
  expect(await run(removeRunbooks("example", stack))).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(existsSync(page("README.md"))).toBe(true);
});

// As where both resources are replaced: the engine removes the pages once the archive is there.
test("an archive that came since is no part of what is removed, and its pages come", async () => {
  await put();
  const { path, sha256 } = await runbooksArchive(without, ["--stack", "home"]);
  await copyFile(path, copied());
  expect(await run(removeRunbooks("example", stack))).toMatchObject({ exitCode: 0 });
  expect(existsSync(page("README.md"))).toBe(false);
  expect(await run(unpackRunbooks("example", stack), `${sha256}\n`)).toMatchObject({ exitCode: 0 });
  expect(existsSync(page("README.md"))).toBe(true);
});
