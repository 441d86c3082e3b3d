import { statSync } from "node:fs";
import type { RunnerConfig } from "../../plan/contracts/runner";
import type { Versions } from "../../plan/contracts/versions";
import { exitCodes, type Failure, Refusal, RunnerError } from "./errors";
import { lockFile } from "./job-run";
import { type Lock, takeLock } from "./lock";
import type { Log } from "./log";
import { printable } from "./quoted";
import { shell } from "./shell";
import { Stop } from "./stop";

/** What an operator may ask of the copies that a runner has made, beside a run that makes new ones. */
export interface Ways<Config extends RunnerConfig> {
  readonly list: Way<Config, ListRequest>;
  /** Each copy that is there, for a program: nothing is counted for it. Left out where it keeps none. */
  versions?(context: WayContext<Config>): Versions | Promise<Versions>;
  /** Left out, as `restore`, where it keeps no copies of its own. */
  readonly verify?: Way<Config, ListRequest>;
  readonly restore?: RestoreWay<Config>;
  /** Left out where copies go by themselves alone. */
  readonly delete?: Way<Config, DeleteRequest>;
}

/** One of them. */
export interface Way<Config extends RunnerConfig, Request> {
  /** Words that the help shows behind the verb, e.g. "[NAMESPACE/CLAIM]". */
  readonly usage: string;
  /** What it does, for the help: half a sentence. */
  readonly does: string;
  /** @throws {RunnerError} */
  run(request: Request, context: WayContext<Config>): Promise<Answer>;
}

export interface RestoreWay<Config extends RunnerConfig> extends Way<Config, RestoreRequest> {
  /** How many words name what is restored: at least and at most. */
  readonly words: readonly [least: number, most: number];
  /** Switches of this runner alone, by their names without "--", each with its line in the help. */
  readonly switches?: Readonly<Record<string, string>>;
}

export interface ListRequest {
  /** All that there is unless given. */
  readonly what?: string;
}

export interface RestoreRequest {
  readonly what: readonly string[];
  /** The newest copy that is not younger, epoch ms; the newest of all unless given. */
  readonly atMs?: number;
  /** A folder, new or empty, as an absolute path; where the data lives unless given. */
  readonly into?: string;
  readonly dryRun: boolean;
  /** Those that were given. */
  readonly switches: ReadonlySet<string>;
}

export interface DeleteRequest {
  /** At least one. */
  readonly what: readonly string[];
  readonly dryRun: boolean;
}

export interface WayContext<Config extends RunnerConfig> {
  readonly config: Config;
  readonly log: Log;
  /** Signals alone stop it: there is no budget where somebody waits. */
  readonly stop: Stop;
  /** The job's lock: held by a restore and a deletion, unless it is a dry run. */
  readonly lock?: Lock;
}

/** How one ended. */
export interface Answer {
  /** For a person, on stdout. */
  readonly text: string;
  /** For a program, with `--json`. */
  readonly result: object;
  /** What is wrong, as an exit code of 1: nothing unless given. */
  readonly failure?: Failure;
}

/** What was asked for, as the arguments have it. */
export type Asked =
  | { readonly verb: "list" | "verify"; readonly request: ListRequest }
  | { readonly verb: "versions" }
  | { readonly verb: "restore"; readonly request: RestoreRequest }
  | { readonly verb: "delete"; readonly request: DeleteRequest };

/**
 * Does what was asked of the copies. Nothing of it is told to monitoring: it says nothing of the job.
 * @returns the exit code @throws {RunnerError}
 */
export async function goWay<Config extends RunnerConfig>(
  ways: Ways<Config>,
  asked: Asked,
  { config, log, json }: { readonly config: Config; readonly log: Log; readonly json: boolean },
): Promise<number> {
  const user = process.getuid?.();
  // In a pod, the account that makes them.
  if (user !== 0 && user !== statSync(config.stateDir, { throwIfNoEntry: false })?.uid)
    throw new Refusal(
      `user ${user} can't reach copies, expected root`,
      shell`sudo ${config.job} ${asked.verb === "versions" ? "list" : asked.verb}`,
    );
  const stop = new Stop(config.job, log, againOf(asked));
  const quiet = stop.listen();
  try {
    const answer = await answered(ways, asked, { config, log, stop });
    // What came through and changed something is done, whatever came meanwhile; of what was only looked at, some may be missing.
    if (asked.verb !== "restore" && asked.verb !== "delete") stop.check(asked.verb);
    return tell(config.job, asked.verb, answer, log, json);
  } catch (fault) {
    // Whatever a command that was cut short made of it: the reason is the stop.
    throw stop.stopped ? stopped(stop, asked, fault) : fault;
  } finally {
    quiet();
  }
}

async function answered<Config extends RunnerConfig>(
  ways: Ways<Config>,
  asked: Asked,
  context: WayContext<Config>,
): Promise<Answer> {
  if (asked.verb === "versions") {
    const result = await given(ways.versions)(context);
    return { text: JSON.stringify(result), result };
  }
  if (asked.verb !== "restore" && asked.verb !== "delete")
    return given(ways[asked.verb]).run(asked.request, context);
  const act = (held: WayContext<Config>): Promise<Answer> =>
    asked.verb === "restore"
      ? given(ways.restore).run(asked.request, held)
      : given(ways.delete).run(asked.request, held);
  if (asked.request.dryRun) return act(context);
  // The job's own: no run changes or prunes what is being read.
  const lock = await takeLock(lockFile(context.config), 0, context.stop.signal);
  try {
    if (lock.leftovers.length > 0)
      context.log.warn(`ended what a killed run had left: process ${lock.leftovers.join(", ")}`);
    return await act({ ...context, lock });
  } finally {
    lock.release();
  }
}

/** The grammar takes no word that a runner has no way for. */
function given<T>(way: T | undefined): T {
  if (way === undefined) throw new Error("this runner has no such way");
  return way;
}

function tell(job: string, verb: string, { text, result, failure }: Answer, log: Log, json: boolean): number {
  const status = failure ? exitCodes.failed : exitCodes.ok;
  if (!json && text !== "") process.stdout.write(printable(text.endsWith("\n") ? text : `${text}\n`));
  if (failure) for (const line of [failure.failed, failure.kept, `Next: ${failure.next}`]) log.error(line);
  log.result({ job, command: verb, status, ...result, ...failure });
  return status;
}

/** Nothing that a unit or a CronJob starts does what a person asked for. */
function againOf(asked: Asked): string {
  // What came already is in there, and none but an empty one is taken.
  const isInto = asked.verb === "restore" && asked.request.into !== undefined;
  return `the same command again${isInto ? ", with a new folder behind --into" : ""}`;
}

/** What a stop leaves is for the handler to say, which knows it. */
function stopped(stop: Stop, asked: Asked, fault: unknown): RunnerError {
  const said = fault instanceof RunnerError ? fault : undefined;
  try {
    stop.check(asked.verb);
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    const kept = said && said.kept !== "" ? said.kept : "What was there before is there.";
    const next = said && said.next !== "" ? said.next : againOf(asked);
    return new RunnerError(error.exitCode, { failed: error.failed, kept, next }, { cause: fault });
  }
  throw fault;
}
