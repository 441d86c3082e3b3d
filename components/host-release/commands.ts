import { createHash } from "node:crypto";
import { manifestLines } from "../../plan/contracts/release-manifest";

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

/** A job on a host, and the stack that deploys it: "organization/project/stack". */
export interface OwnedJob {
  readonly job: string;
  readonly stack: string;
}

/**
 * Makes the job this stack's, and puts standard input in place as its release.sh, whole or not at all. Refused where the
 * job is another stack's, and where one is live that nobody's name is on.
 */
export function installScript(owned: OwnedJob, script: string): string {
  const unnamed = `${owned.job}: a release is live here, and no stack's name is on it; nothing was changed. ${handOver(owned)}`;
  const refusal = `{ test -s $d/owner || test ! -L $d/current; } || { echo "${unnamed}" >&2; exit 1; }`;
  return [enter(owned), refusal, ...claimAndInstall(owned, script)].join("; ");
}

/** The same for a script that this stack has installed before. A version that wrote no names may have done it. */
export function updateScript(owned: OwnedJob, script: string): string {
  return [enter(owned), ...claimAndInstall(owned, script)].join("; ");
}

function enter({ job }: OwnedJob): string {
  return `set -eu; d=${jobFolder(job)}; mkdir -p $d`;
}

/** A connection that breaks ends the input early, and half a script does nothing and says that it did. */
function claimAndInstall(owned: OwnedJob, script: string): string[] {
  const sum = createHash("sha256").update(script).digest("hex");
  const failed = `${owned.job}: release.sh came in part, and wasn't changed. Next: pulumi up`;
  return [
    // A link is made by one of two stacks that come at the same time. An empty file is what a loss of power left of a name.
    `echo ${stackWord(owned)} >$d/.owner.$$; sync $d/.owner.$$; test -s $d/owner || rm -f $d/owner`,
    "ln $d/.owner.$$ $d/owner 2>/dev/null || true; rm -f $d/.owner.$$",
    refuseOtherStack(owned),
    "p=$d/.release.sh.part; cat >$p",
    `[ "$(sha256sum <$p)" = "${sum}  -" ] || { rm -f $p; echo "${failed}" >&2; exit 1; }`,
    "sync $p; mv -T $p $d/release.sh",
  ];
}

/** Ends a command before it changes anything of a job that is another stack's. */
export function refuseOtherStack(owned: OwnedJob): string {
  const { job } = owned;
  const stack = stackWord(owned);
  const other = `${job}: this host's ${job} belongs to stack $o, and this is stack ${stack}; nothing was changed. ${handOver(owned)}`;
  return `o=$(cat ${jobFolder(job)}/owner 2>/dev/null || true); [ -n "$o" ] || o="(none)"; [ "$o" = ${stack} ] || { echo "${other}" >&2; exit 1; }`;
}

function handOver(owned: OwnedJob): string {
  const file = `${jobFolder(owned.job)}/owner`;
  return `Next: pulumi destroy there; or, to take it over as it runs, on the host: echo ${stackWord(owned)} >${file}; then pulumi up`;
}

/** Condition, for \`if\`: whether the job was handed to another stack, \`$o\`, since this one deployed it. */
export function belongsToAnother(owned: OwnedJob): string {
  return `o=$(cat ${jobFolder(owned.job)}/owner 2>/dev/null) && [ -n "$o" ] && [ "$o" != ${stackWord(owned)} ]`;
}

/**
 * Removes the job's folder, and the one above it with its last job. A live release stays: `remove` comes before this where
 * the job goes, and doesn't where the script alone is replaced. So does what was handed to another stack. To the engine, what
 * a refused replacement has put back isn't there any more: it calls no `remove` of it, so that this does.
 */
export function removeFolder(owned: OwnedJob): string {
  const { job } = owned;
  const folder = jobFolder(job);
  const live = `"${job}: release $(basename "$(readlink ${folder}/current)") is live, so ${folder} stays."`;
  return [
    // The old script comes by standard input again, and nobody else would read it.
    "cat >/dev/null",
    `if ${belongsToAnother(owned)}; then echo "${job}: it belongs to stack $o now, so ${folder} stays."`,
    `elif test -L ${folder}/current && test ! -e ${folder}/put-back; then echo ${live}`,
    `else { test ! -L ${folder}/current || ${releaseCommand(owned, "remove")}; } && rm -rf ${folder} && { rmdir /opt/holdfast 2>/dev/null || true; }`,
    "fi",
  ].join("; ");
}

/** One command of the job's release.sh. Short, because a failing command is printed with its error. */
export function releaseCommand(owned: OwnedJob, ...words: readonly string[]): string {
  const script = `${jobFolder(owned.job)}/release.sh --stack=${stackWord(owned)}`;
  return ["sh", script, ...words.map(word => checked("file", word))].join(" ");
}

/** The same, for a host where the script may be gone: a machine that was installed anew has nothing to remove. */
export function releaseCommandIfThere(owned: OwnedJob, word: string): string {
  return `test ! -e ${jobFolder(owned.job)}/release.sh || ${releaseCommand(owned, word)}`;
}

/** Its name as a word of a shell command. */
export function stackWord({ stack }: Pick<OwnedJob, "stack">): string {
  return stack
    .split("/")
    .map(part => checked("stack", part))
    .join("/");
}

/** What a release consists of, as `sha256sum` prints it. Its own hash is the release's name. */
export function manifestOf(job: string, files: readonly ReleaseFile[], bundle: RunnerBundle): string {
  const named = files.map(({ name, text }) => ({ name: checked("file", name), text }));
  return `${manifestLines(named)}${bundle.sha256}  ${bundleName(job)}\n`;
}

export function bundleName(job: string): string {
  return `${job}.cjs`;
}

/** These words become part of a command: nothing that a shell could take for something else. */
export function checked(kind: string, word: string): string {
  if (!/^[A-Za-z0-9@_][A-Za-z0-9@._-]*$/.test(word))
    throw new Error(`"${word}" can't be the name of a ${kind}: expected letters, digits and "@._-"`);
  return word;
}
