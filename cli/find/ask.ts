import { z } from "zod";
import { shellWord } from "../../plan/contracts/shell-word";
import { type Versions, versionsAnswer } from "../../plan/contracts/versions";
import { isHosted } from "../../plan/job";
import type { Copy } from "../../plan/graph/copies";
import { nameIn } from "../../plan/graph/restore-steps";
import type { Installed } from "../../plan/installed";
import { type Asked, askJobs, saidAs, soon } from "../ask-jobs";
import { jsonOf } from "../json";
import { dumpsIn, listDumps } from "./dumps";

/** What a host has said: of each of its jobs, and of each folder with dumps. */
export interface HostAnswer {
  readonly host: string;
  /** By the name of a job, its versions; or why it has told none. */
  readonly jobs: ReadonlyMap<string, Versions | { readonly cause: string }>;
  /** By folder, as a job would tell its own. */
  readonly dumps: ReadonlyMap<string, Versions | { readonly cause: string }>;
}

/** Which host is asked for the versions of a copy, and how; undefined where this version can't ask for them. */
export type Question =
  | { readonly host: string; readonly job: Installed; readonly called: string }
  | { readonly host: string; readonly folder: string };

/** What a database's own program makes are files of a folder, and stay so wherever a tree is copied to. */
export function questionOf(copy: Copy): Question | undefined {
  const { machine, path } = copy.location;
  if (!isHosted(firstOf(copy).job) && machine.kind === "host") return { host: machine.name, folder: path };
  const called = nameIn(copy);
  return isHosted(copy.job) && called !== undefined
    ? { host: copy.job.host, job: copy.job, called }
    : undefined;
}

function firstOf(copy: Copy): Copy {
  return copy.from ? firstOf(copy.from) : copy;
}

// A NAS that sleeps takes longer than a disk does.
const answerSoon = "timeout --kill-after=1 60";

/** One connection for a host, which changes nothing: each job's own program tells what it has. @returns why it wasn't asked */
export async function askHost(
  asked: Asked,
  host: string,
  questions: readonly Question[],
): Promise<HostAnswer | { readonly host: string; readonly cause: string }> {
  const jobs = [
    ...new Map(questions.flatMap(each => ("job" in each ? [[each.job.name, each.job] as const] : []))),
  ].map(([, job]) => job);
  const folders = [...new Set(questions.flatMap(each => ("folder" in each ? [each.folder] : [])))];
  const first = [
    "PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin",
    ...folders.map((folder, index) => `echo "dumps ${index} $({ ${listDumps(folder)}; } | base64 --wrap=0)"`),
  ].join("; ");
  const answer = await askJobs(asked, host, jobs, versionsCommand, first);
  if ("cause" in answer) return { host, cause: answer.cause };
  return {
    host,
    jobs: new Map(jobs.map(job => [job.name, versionsIn(answer.said(job))])),
    dumps: new Map(
      folders.map((folder, index) => [
        folder,
        dumpsIn(folder, saidAs(String(index), saidAs("dumps", answer.first))),
      ]),
    ),
  };
}

function versionsCommand({ name }: Installed): string {
  return `echo "versions $(${answerSoon} ${shellWord(name)} list --versions --json 2>/dev/null | tail -n 1 | base64 --wrap=0)"`;
}

const failure = z.object({ failed: z.string(), next: z.string() });

function versionsIn(lines: readonly string[]): Versions | { readonly cause: string } {
  const [encoded = ""] = saidAs("versions", lines);
  const said = jsonOf(Buffer.from(encoded, "base64").toString());
  const versions = versionsAnswer.safeParse(said);
  if (versions.success) return versions.data;
  const failed = failure.safeParse(said);
  if (failed.success) return { cause: `${failed.data.failed}. Next: ${failed.data.next}` };
  return { cause: "its program isn't there, is of an earlier release, or didn't answer in a minute" };
}

/** A path of one version on the host. */
export type PathFacts =
  | {
      readonly state: "there";
      readonly bytes: number;
      readonly modifiedMs: number;
      readonly isFolder: boolean;
    }
  | { readonly state: "absent" }
  /** @property cause follows "what there is at PATH isn't known: " */
  | { readonly state: "unknown"; readonly cause: string };

/** A path in a copy: what is above it below the root is a tenant's to name, and to make a link of. */
export interface Path {
  readonly root: string;
  readonly below: string;
}

export function pathOf({ root, below }: Path): string {
  return `${root}/${below}`;
}

/** Looks at one path of each version by one more connection. @returns by whole path */
export async function lookAt(
  asked: Asked,
  host: string,
  paths: readonly Path[],
): Promise<ReadonlyMap<string, PathFacts>> {
  const looks = paths.map(
    (path, index) =>
      `echo "look ${index} $(${soon} stat --printf='%s %Y %F\\n' -- ${downTo(path).map(shellWord).join(" ")} 2>&1 | base64 --wrap=0)"`,
  );
  const answer = await askJobs(asked, host, [], () => ":", looks.join("; ") || ":");
  const lines = "cause" in answer ? [] : saidAs("look", answer.first);
  return new Map(
    paths.map((path, index) => [
      pathOf(path),
      factsIn(saidAs(String(index), lines), downTo(path).length - 1),
    ]),
  );
}

/** Each folder above a path, below the root, and the path itself. */
function downTo({ root, below }: Path): string[] {
  const names = below.split("/");
  return names.map((_, index) => `${root}/${names.slice(0, index + 1).join("/")}`);
}

/** @param above how many folders are told before the path: `stat` itself would follow a link among them, out of the copy */
function factsIn([encoded = ""]: readonly string[], above: number): PathFacts {
  const text = Buffer.from(encoded, "base64").toString();
  const told = [...text.matchAll(/^(\d+) (-?\d+) ([a-z ]+)$/gm)];
  if (told.slice(0, above).some(([, , , kind]) => kind === "symbolic link"))
    return { state: "unknown", cause: "a symbolic link is above it, and may lead out of the copy" };
  const [, bytes, seconds, kind] = told[above] ?? [];
  if (bytes !== undefined)
    return {
      ...{ state: "there", bytes: Number(bytes), modifiedMs: Number(seconds) * 1000 },
      isFolder: kind === "directory",
    };
  if (/: (No such file or directory|Not a directory)$/m.test(text)) return { state: "absent" };
  return { state: "unknown", cause: "it couldn't be looked at" };
}
