import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export { projectRoot, stateDir } from "../stacks/project";

/** Heavy builds, shared by all checkouts of one user: `$XDG_CACHE_HOME/holdfast`, by default `~/.cache/holdfast`. */
export function cacheDir(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "holdfast");
}

/**
 * Folder with a build's result, made once per set of inputs.
 * @param name what is built, e.g. "pulumi"; the folder is `<name>-<hash of inputs>`
 * @param inputs everything that the result depends on: versions, texts of the build's own files
 * @param build fills the folder that it is given; if it throws, nothing is kept
 */
export async function cached(
  name: string,
  inputs: readonly string[],
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = folderOf(name, inputs);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheDir(), { recursive: true });
  removeLeftParts(cacheDir());
  const part = mkdtempSync(`${folder}.part-${process.pid}-`);
  try {
    await build(part);
    promote(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return folder;
}

/** Whether `cached` would build nothing. */
export const isCached = (name: string, inputs: readonly string[]): boolean =>
  existsSync(folderOf(name, inputs));

function folderOf(name: string, inputs: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
  return join(cacheDir(), `${name}-${hash}`);
}

/** Two builds of one thing may race: the first one to finish stays. */
function promote(part: string, folder: string): void {
  try {
    renameSync(part, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

/** A build that was killed leaves its part, of gigabytes: its name, `<folder>.part-<process>-…`, says whose it was. */
export function removeLeftParts(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /\.part-(\d+)(-\w+)?$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}
