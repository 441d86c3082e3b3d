import { parseArgs } from "node:util";
import { exitCodes, messageOf, RunnerError } from "./errors";
import { parseMoment } from "./moment";
import { noted, notedOfTyped } from "./quoted";
import { ready, shell } from "./shell";
import type { Asked, RestoreRequest, Ways } from "./ways";

/** Arguments of a run. */
export interface RunArguments {
  readonly config: string;
  readonly mode: "run" | "dry-run" | "check-config" | "report-end" | "unfinished";
  readonly progress: boolean;
  readonly json: boolean;
  /** What an operator says is meant to be so, in this run: names as messages show them. */
  readonly accept: readonly string[];
  /** What alone is asked for, as the runner names it; all that has its turn unless given. */
  readonly only: readonly string[];
}

/** What `--accept` of a runner names, for its help. */
export interface Accepts {
  /** e.g. "NAMESPACE/CLAIM" */
  readonly what: string;
  readonly why: string;
  /** Whether a dry run says what comes of it. */
  readonly inDryRun?: boolean;
}

/** What `--only` of a runner names, for its help. Such a run is nobody's success or failure: monitoring isn't told of it. */
export interface Only {
  /** e.g. "NAMESPACE/CLAIM" */
  readonly what: string;
  readonly why: string;
}

/** What a runner's command takes, beside what every run takes. */
export interface Grammar {
  /** Left out where there is nothing to accept. */
  readonly accepts?: Accepts | undefined;
  /** Left out where a run is always of all. */
  readonly only?: Only | undefined;
  /** Left out where it keeps no copies. */
  readonly ways?: Ways<never> | undefined;
}

/** What `--help` prints. @param does one sentence about the job */
export function runHelp(job: string, does: string, { accepts, only, ways }: Grammar): string {
  const accept = `${accepts ? ` [--accept=${accepts.what}]...` : ""}${only ? ` [--only=${only.what}]...` : ""}`;
  const onlyLine = only
    ? `  --only=${only.what}\n                   with run: ${only.why}; monitoring isn't told how it ended\n`
    : "";
  const acceptLine = accepts
    ? `  --accept=${accepts.what}\n                   with run: ${accepts.why}\n`
    : "";
  return `Usage: ${job} [run] [--dry-run | --check-config | --report-end | --unfinished]${accept} [--progress] [--json]
${ways ? waysUsage(job, ways) : ""}
${does} On a host, the command has its config already.

  run              make new copies; without a word too
${ways ? waysHelp(ways) : ""}
  --dry-run        say what would be done; change nothing, report nothing
  --check-config   with run: validate the config and end
  --report-end     with run, for the unit's ExecStopPost: report a run that could not do it itself
  --unfinished     with run, for a release: name what has begun and not ended, a line each
${acceptLine}${onlyLine}${ways ? restoreFlagsHelp(ways) : ""}${ways?.versions ? "  --versions       with list: each copy that is there, for a program; counts nothing\n" : ""}  --progress       show how far it is
  --json           one JSON object on stdout at the end; all lines go to stderr
  --config FILE    the release's config.json
  --help           this text

${exitCodesHelp}`;
}

function waysUsage(job: string, { list, verify, restore, delete: remove }: Ways<never>): string {
  const switches = Object.keys(restore?.switches ?? {}).map(name => ` [--${name}]`);
  return [
    `       ${job} list ${list.usage} [--json]\n`,
    ...(verify ? [`       ${job} verify ${verify.usage} [--json]\n`] : []),
    ...(restore
      ? [
          `       ${job} restore ${restore.usage} [--at TIME] [--into DIR]${switches.join("")} [--dry-run] [--json]\n`,
        ]
      : []),
    ...(remove ? [`       ${job} delete ${remove.usage} [--dry-run] [--json]\n`] : []),
  ].join("");
}

function waysHelp({ list, verify, restore, delete: remove }: Ways<never>): string {
  const ways = { list, verify, restore, delete: remove };
  return Object.entries(ways)
    .flatMap(([name, way]) => (way ? [`  ${name.padEnd(16)} ${way.does}\n`] : []))
    .join("");
}

function restoreFlagsHelp({ restore }: Ways<never>): string {
  if (!restore) return "";
  const switches = Object.entries(restore.switches ?? {}).map(
    ([name, does]) => `  ${`--${name}`.padEnd(16)} with restore: ${does}\n`,
  );
  return `  --at TIME        with restore: the newest copy that is not younger, e.g. 2026-05-26T03:00:00Z, "2026-05-26 03:00" by this
                   host's clock, or 2026-05-26 for the end of that day
  --into DIR       with restore: into this folder, new or empty, in place of where the data lives
${switches.join("")}`;
}

export const exitCodesHelp = `Exit codes, which are also the value of a run's status metric:
  0    success
  1    failed; the message says what is kept
  2    wrong arguments or config; nothing was changed
  3    refused by a guard; nothing was changed
  75   another run holds the lock; nothing was changed
  124  stopped by its own budget
  129, 130, 143  stopped by SIGHUP, SIGINT, SIGTERM
  137  killed (from --report-end only)
`;

const verbs = ["run", "list", "verify", "restore", "delete"] as const;
type Verb = (typeof verbs)[number];

const flags = {
  config: { type: "string" },
  "dry-run": { type: "boolean" },
  "check-config": { type: "boolean" },
  "report-end": { type: "boolean" },
  unfinished: { type: "boolean" },
  progress: { type: "boolean" },
  json: { type: "boolean" },
  accept: { type: "string", multiple: true },
  only: { type: "string", multiple: true },
  at: { type: "string" },
  into: { type: "string" },
  versions: { type: "boolean" },
  help: { type: "boolean" },
} as const;
type Flag = keyof typeof flags;

const everywhere: readonly Flag[] = ["config", "json", "progress", "help"];
const taken: Readonly<Record<Verb, readonly Flag[]>> = {
  run: [...everywhere, "dry-run", "check-config", "report-end", "unfinished", "accept", "only"],
  list: [...everywhere, "versions"],
  verify: everywhere,
  restore: [...everywhere, "dry-run", "at", "into"],
  delete: [...everywhere, "dry-run"],
};

/** What a command asks for: a run, or something of the copies that are there. */
export type RunnerArguments = RunArguments | WayArguments;

export interface WayArguments {
  readonly config: string;
  readonly mode: "way";
  readonly asked: Asked;
  readonly json: boolean;
}

/** @returns undefined when help was asked for. @throws {RunnerError} on wrong usage */
export function parseRunnerArguments(
  job: string,
  argv: readonly string[],
  { accepts, only, ways }: Grammar = {},
): RunnerArguments | undefined {
  return orUsageError(job, () => {
    const switches = Object.keys(ways?.restore?.switches ?? {});
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...flags,
        ...Object.fromEntries(switches.map(name => [name, { type: "boolean" as const }])),
      },
    });
    if (values.help) return undefined;
    const [verb, ...words] = [verbOf(positionals[0], ways), ...positionals.slice(1)];
    const given = Object.keys(values);
    refuseFlags(verb, given, switches, { accepts, only, ways });
    const { config, json = false } = values;
    const rest = { config: config ?? "", json };
    if (verb === "run") {
      if (words.length > 0) throw new Error(`run takes no "${words.join(" ")}"`);
      const run = runArguments(values, accepts);
      if (config === undefined) throw new Error("--config FILE is missing");
      return { ...rest, ...run, progress: values.progress ?? false };
    }
    if (config === undefined) throw new Error("--config FILE is missing");
    if (verb === "restore" && ways?.restore) {
      const request = {
        ...restoreRequest(words, ways.restore, values),
        switches: new Set(switches.filter(name => given.includes(name))),
      };
      return { ...rest, mode: "way", asked: { verb, request } };
    }
    if (verb === "delete" && ways?.delete) {
      if (words.length === 0) throw new Error(`delete needs ${ways.delete.usage}; see: list`);
      const request = { what: words, dryRun: values["dry-run"] ?? false };
      return { ...rest, mode: "way", asked: { verb, request } };
    }
    const [what, ...more] = words;
    if (more.length > 0) throw new Error(`${verb} takes no "${more.join(" ")}"`);
    if (values.versions) {
      if (what !== undefined) throw new Error(`list --versions takes no "${what}"`);
      return { ...rest, mode: "way", asked: { verb: "versions" } };
    }
    const request = what === undefined ? {} : { what };
    return { ...rest, mode: "way", asked: { verb: verb === "verify" ? verb : "list", request } };
  });
}

function verbOf(word: string | undefined, ways: Grammar["ways"]): Verb {
  const allowed = verbsOf(ways);
  const verb = allowed.find(name => name === (word ?? "run"));
  if (verb === undefined)
    throw new Error(
      `there is no "${word}"; expected ${allowed.length > 1 ? `${allowed.slice(0, -1).join(", ")} or ` : ""}${allowed.at(-1)}`,
    );
  return verb;
}

function verbsOf(ways: Grammar["ways"]): Verb[] {
  return verbs.filter(verb => verb === "run" || ways?.[verb] !== undefined);
}

function refuseFlags(
  verb: Verb,
  given: readonly string[],
  switches: readonly string[],
  { accepts, only, ways }: Grammar,
): void {
  if (given.includes("accept") && !accepts) throw new Error("Unknown option '--accept'");
  if (given.includes("only") && !only) throw new Error("Unknown option '--only'");
  if (given.includes("versions") && !ways?.versions) throw new Error("Unknown option '--versions'");
  const own: readonly string[] = [...taken[verb], ...(verb === "restore" ? switches : [])];
  const wrong = given.find(flag => !own.includes(flag));
  if (wrong === undefined) return;
  const goes = verbsOf(ways).filter(name => (taken[name] as readonly string[]).includes(wrong));
  throw new Error(`--${wrong} goes with ${goes.length > 0 ? goes.join(" or ") : "restore"} alone`);
}

interface Values {
  readonly "dry-run"?: boolean | undefined;
  readonly "check-config"?: boolean | undefined;
  readonly "report-end"?: boolean | undefined;
  readonly unfinished?: boolean | undefined;
  readonly accept?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  readonly at?: string | undefined;
  readonly into?: string | undefined;
}

function runArguments(
  values: Values,
  accepts: Grammar["accepts"],
): Pick<RunArguments, "mode" | "accept" | "only"> {
  const modes = (["dry-run", "check-config", "report-end", "unfinished"] as const).filter(
    mode => values[mode],
  );
  if (modes.length > 1) throw new Error(`--${modes.join(" and --")} can't be given together`);
  const { accept, only = [] } = values;
  const isTold = accepts?.inDryRun === true && modes[0] === "dry-run";
  if (accept && modes.length > 0 && !isTold) throw new Error(`--accept can't be given with --${modes[0]}`);
  if (only.length > 0 && (modes[0] ?? "dry-run") !== "dry-run")
    throw new Error(`--only can't be given with --${modes[0]}`);
  return { mode: modes[0] ?? "run", accept: (accept ?? []).map(notedOfTyped), only };
}

function restoreRequest(
  what: readonly string[],
  { usage, words: [least, most] }: NonNullable<Ways<never>["restore"]>,
  values: Values,
): Omit<RestoreRequest, "switches"> {
  if (what.length < least) throw new Error(`restore needs ${usage}; see: list`);
  if (what.length > most) throw new Error(`restore takes no "${what.slice(most).join(" ")}"`);
  const { at, into } = values;
  if (into !== undefined && !into.startsWith("/"))
    throw new Error(`--into is "${into}", expected an absolute path`);
  return {
    what,
    dryRun: values["dry-run"] ?? false,
    ...(at === undefined ? {} : { atMs: parseMoment(at) }),
    ...(into === undefined ? {} : { into: into.replace(/(?<=.)\/+$/, "") }),
  };
}

/**
 * What an operator types when what names stand for is meant to be so: the job's command, with a mount table of its own
 * as its unit has.
 */
export function acceptCommand(job: string, ...names: readonly (string | Buffer)[]): string {
  const accepts = names.map(name => shell`--accept=${noted(name)}`).join(" ");
  return shell`unshare --mount --propagation private ${job} ${ready(accepts)}`;
}

/** @throws {RunnerError} that names the fault of the usage */
export function orUsageError<T>(job: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new RunnerError(exitCodes.usage, {
      failed: messageOf(error),
      kept: "Nothing was changed.",
      next: shell`${job} --help`,
    });
  }
}
