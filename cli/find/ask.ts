import { z } from "zod";
import { shellWord } from "../../plan/contracts/shell-word";
import { type Versions, versionsAnswer } from "../../plan/contracts/versions";
import { isHosted } from "../../plan/job";
import type { Copy } from "../../plan/graph/copies";
import { calledOf } from "../../plan/graph/restore-steps";
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
  // The claim of a database's volume, or of one of many that are counted, is the cluster's to say.
  const { kind, count } = copy.dataset;
  const isOfVolumes = copy.flow.source.kind === "volumes" || copy.flow.source.kind === "copies-of";
  if (isOfVolumes && (kind !== "volume" || count !== 1)) return undefined;
  const called = calledOf(copy);
  // All of a tree is many things to its program, each of a time of its own.
  return isHosted(copy.job) && called !== undefined && called !== "."
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
  | { readonly state: "unknown" };

/** Looks at one path of each version by one more connection. */
export async function lookAt(
  asked: Asked,
  host: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, PathFacts>> {
  const looks = paths.map(
    (path, index) =>
      `echo "look ${index} $(${soon} stat --printf='%s %Y %F' -- ${shellWord(path)} 2>&1 | base64 --wrap=0)"`,
  );
  const answer = await askJobs(asked, host, [], () => ":", looks.join("; ") || ":");
  const lines = "cause" in answer ? [] : saidAs("look", answer.first);
  return new Map(paths.map((path, index) => [path, factsIn(saidAs(String(index), lines))]));
}

function factsIn([encoded = ""]: readonly string[]): PathFacts {
  const text = Buffer.from(encoded, "base64").toString();
  const [, bytes, seconds, kind] = /^(\d+) (-?\d+) ([a-z ]+)$/.exec(text) ?? [];
  if (bytes !== undefined)
    return {
      ...{ state: "there", bytes: Number(bytes), modifiedMs: Number(seconds) * 1000 },
      isFolder: kind === "directory",
    };
  return { state: /: (No such file|Not a directory)/.test(text) ? "absent" : "unknown" };
}
