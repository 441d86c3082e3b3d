import { createHash } from "node:crypto";

/** A text file of a release: a unit, or the runner's config. */
export interface ReleaseFile {
  /** Its name in the release folder: letters, digits and "@._-". */
  readonly name: string;
  readonly text: string;
}

/** The runner, bundled into one file that needs nothing but Node. */
export interface RunnerBundle {
  /** Path of the file on the machine that deploys. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Folder on a host that holds everything of a job that a deployment made, apart from the units. */
export function jobFolder(job: string): string {
  return `/opt/holdfast/${checked("job", job)}`;
}

/** Puts standard input in place as the job's release.sh, whole or not at all. */
export function installScript(job: string): string {
  const folder = jobFolder(job);
  return `mkdir -p ${folder} && cat >${folder}/.release.sh.part && mv -T ${folder}/.release.sh.part ${folder}/release.sh`;
}

/**
 * Removes the job's folder, and the one above it with its last job. A live release stays: `remove` comes before this where
 * the job goes, and doesn't where the script alone is replaced.
 */
export function removeFolder(job: string): string {
  const folder = jobFolder(job);
  const live = `"${job}: release $(basename "$(readlink ${folder}/current)") is live, so ${folder} stays."`;
  return `if test -L ${folder}/current; then echo ${live}; else rm -rf ${folder} && { rmdir /opt/holdfast 2>/dev/null || true; }; fi`;
}

/** One command of the job's release.sh. Short, because a failing command is printed with its error. */
export function releaseCommand(job: string, ...words: readonly string[]): string {
  return ["sh", `${jobFolder(job)}/release.sh`, ...words.map(word => checked("file", word))].join(" ");
}

/** The same, for a host where the script may be gone: a machine that was installed anew has nothing to remove. */
export function releaseCommandIfThere(job: string, word: string): string {
  return `test ! -e ${jobFolder(job)}/release.sh || ${releaseCommand(job, word)}`;
}

/** What a release consists of, as `sha256sum` prints it. Its own hash is the release's name. */
export function manifestOf(job: string, files: readonly ReleaseFile[], bundle: RunnerBundle): string {
  const lines = files.map(file => `${sha256(file.text)}  ${checked("file", file.name)}\n`);
  return [...lines, `${bundle.sha256}  ${bundleName(job)}\n`].join("");
}

export function bundleName(job: string): string {
  return `${job}.cjs`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** These words become part of a command: nothing that a shell could take for something else. */
export function checked(kind: string, word: string): string {
  if (!/^[A-Za-z0-9@_][A-Za-z0-9@._-]*$/.test(word))
    throw new Error(`"${word}" can't be the name of a ${kind}: expected letters, digits and "@._-"`);
  return word;
}
