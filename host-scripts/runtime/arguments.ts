import { parseArgs } from "node:util";
import { exitCodes, messageOf, RunnerError } from "./errors";
import { noted, notedOfTyped } from "./quoted";
import { ready, shell } from "./shell";

/** Arguments of a runner that does one thing. */
export interface RunArguments {
  readonly config: string;
  readonly mode: "run" | "dry-run" | "check-config" | "report-end";
  readonly progress: boolean;
  readonly json: boolean;
  /** What an operator says is meant to be so, in this run: names as messages show them. */
  readonly accept: readonly string[];
}

/** What `--accept` of a runner names, for its help. */
export interface Accepts {
  /** e.g. "NAMESPACE/CLAIM" */
  readonly what: string;
  readonly why: string;
}

/** What `--help` prints. @param does one sentence about the job @param accepts left out where there is nothing to accept */
export function runHelp(job: string, does: string, accepts?: Accepts): string {
  const accept = accepts ? ` [--accept=${accepts.what}]...` : "";
  const acceptLine = accepts
    ? `  --accept=${accepts.what}\n                   in this run, ${accepts.why}\n`
    : "";
  return `Usage: ${job} --config FILE [--dry-run | --check-config | --report-end]${accept} [--progress] [--json]

${does}

  --config FILE    the release's config.json
  --dry-run        say what would be done; change nothing, report nothing
  --check-config   validate the config and end
  --report-end     for the unit's ExecStopPost: report a run that could not do it itself
${acceptLine}  --progress       show how far a run is
  --json           one JSON object on stdout at the end; all lines go to stderr
  --help           this text

${exitCodesHelp}`;
}

export const exitCodesHelp = `Exit codes, which are also the value of the status metric:
  0    success
  1    failed; the message says what is kept
  2    wrong arguments or config; nothing was changed
  3    refused by a guard; nothing was changed
  75   another run holds the lock; nothing was changed
  124  stopped by its own budget
  129, 130, 143  stopped by SIGHUP, SIGINT, SIGTERM
  137  killed (from --report-end only)
`;

/** @returns undefined when help was asked for. @throws {RunnerError} on wrong usage */
export function parseRunArguments(
  job: string,
  argv: readonly string[],
  accepts?: Accepts,
): RunArguments | undefined {
  return orUsageError(job, () => {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: "string" },
        "dry-run": { type: "boolean" },
        "check-config": { type: "boolean" },
        "report-end": { type: "boolean" },
        progress: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        accept: { type: "string", multiple: true },
        help: { type: "boolean" },
      },
    });
    if (values.help) return undefined;
    const modes = (["dry-run", "check-config", "report-end"] as const).filter(mode => values[mode]);
    if (modes.length > 1) throw new Error(`--${modes.join(" and --")} can't be given together`);
    const { accept } = values;
    if (accept && !accepts) throw new Error("Unknown option '--accept'");
    if (accept && modes.length > 0) throw new Error(`--accept can't be given with --${modes[0]}`);
    if (values.config === undefined) throw new Error("--config FILE is missing");
    return {
      config: values.config,
      mode: modes[0] ?? "run",
      progress: values.progress ?? false,
      json: values.json ?? false,
      accept: (accept ?? []).map(notedOfTyped),
    };
  });
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
