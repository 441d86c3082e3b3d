import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join, normalize, relative, resolve } from "node:path";
import { execa } from "execa";
import { BadInput } from "./bad-input";
import { withTemporaryFolder } from "./temporary-folder";

/** A file as a git revision has it, among all the others of that revision. */
export interface Checkout {
  readonly file: string;
  /** A text of a program, with what lies in the checkout named as the revision's. */
  named(text: string): string;
}

/** What names a file of a git revision, as in `git show main:estate.ts`; undefined where that can't be one. */
export function revisionIn(word: string): { revision: string; path: string } | undefined {
  // A time in braces has colons too, as in "main@{yesterday 12:00}:estate.ts".
  const [, revision, path] = /^((?:[^:{]|\{[^}]*\})+):(.+)$/.exec(word) ?? [];
  return revision === undefined || path === undefined ? undefined : { revision, path };
}

/**
 * Writes a revision's files into a folder for temporary files while `use` runs, as a TypeScript estate may import any of them; packages
 * are those that are installed now. Repository, index and working folder stay as they are.
 * @param flag whose word it is
 * @throws {BadInput} where git has no such revision, or that no such file
 */
export async function withRevision<Result>(
  flag: string,
  word: string,
  folder: string,
  use: (checkout: Checkout) => Promise<Result>,
): Promise<Result> {
  const { revision, path } = revisionIn(word) ?? { revision: word, path: "" };
  if (revision.startsWith("-")) throw new BadInput(`${flag}: "${revision}" is no revision of git.`);
  const top = await git(flag, word, folder, "rev-parse", "--show-toplevel");
  const commit = await git(flag, word, folder, "rev-parse", "--verify", `${revision}^{commit}`);
  const at = /^\.\.?\//.test(path) ? relative(top, resolve(folder, path)) : normalize(path);
  await git(flag, word, folder, "cat-file", "-e", `${commit}:${at}`);
  return withTemporaryFolder("revision", async made => {
    const tree = join(made, "tree");
    const env = { GIT_INDEX_FILE: join(made, "index") };
    for (const words of [
      ["read-tree", commit],
      ["checkout-index", "--all", `--prefix=${tree}/`],
    ]) {
      const said = await gitSays(top, words, env);
      if ("why" in said)
        throw new BadInput(
          `${flag}: the files of "${word}" can't be written to ${made}: ${said.why}. Next: make room there, or the same with TMPDIR=FOLDER.`,
        );
    }
    linkPackages(dirname(at), top, tree);
    return use({ file: join(tree, at), named: text => text.replaceAll(`${tree}/`, `${revision}:`) });
  });
}

async function git(flag: string, word: string, folder: string, ...words: readonly string[]): Promise<string> {
  const said = await gitSays(folder, words);
  if ("stdout" in said) return said.stdout.trim();
  throw new BadInput(
    `${flag}: there is no file "${word}", and git has no such one either: ${said.why}. Expected FILE, or REVISION:PATH with the path from the repository's top, or with ./ in front from here.`,
  );
}

async function gitSays(
  folder: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly stdout: string } | { readonly why: string }> {
  const ended = await execa("git", ["-C", folder, ...words], { reject: false, stdin: "ignore", env });
  if (ended.exitCode === 0) return { stdout: ended.stdout };
  if (ended.code === "ENOENT") return { why: "there is no git on this machine" };
  // Of whose repository it is, the last line alone would say no word.
  const said = ended.stderr?.trim().replace(/\s+/g, " ").slice(0, 500);
  return { why: said || (ended.shortMessage ?? "it said nothing") };
}

/** Of each folder between the estate and the repository's top. */
function linkPackages(from: string, top: string, tree: string): void {
  for (let folder = from; ; folder = dirname(folder)) {
    const [installed, wanted] = [join(top, folder, "node_modules"), join(tree, folder, "node_modules")];
    if (existsSync(installed) && !existsSync(wanted)) {
      mkdirSync(dirname(wanted), { recursive: true });
      symlinkSync(installed, wanted);
    }
    if (folder === ".") return;
  }
}
