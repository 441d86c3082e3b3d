import { dirname } from "node:path";
import { errnoOf, exitCodes, messageOf, pathOf, RunnerError } from "./errors";
import type { Log } from "./log";
import { tell } from "./report";
import { saidWhere } from "./said-where";
import { shell } from "./shell";

/**
 * A runner's program: runs it, and ends the process with its exit code.
 * @param log for what goes wrong before or outside of a run that reports itself
 */
export function startProgram(job: string, log: Log, main: () => Promise<number>): void {
  // A turn later: the entry's own module has been evaluated to its end by then.
  void Promise.resolve()
    .then(main)
    .catch((fault: unknown) => {
      const error = asRunnerError(fault, job);
      tell(log, error);
      log.result({ job, status: error.exitCode, failed: error.failed, kept: error.kept, next: error.next });
      return error.exitCode;
    })
    .then(status => {
      process.exitCode = status;
    });
}

/** What tells more of a disk that is full, is read-only by now or doesn't give what is on it. */
function nextOf(error: unknown): string | undefined {
  switch (errnoOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return roomOf(pathOf(error));
    case "EROFS":
      return "dmesg --level err,warn | tail; findmnt --options ro   (a file system that has found errors is read-only until fsck has mended it and it is mounted anew)";
    case "EIO":
      return "dmesg --level err,warn | tail";
    default:
      return undefined;
  }
}

/** Of the folder: what could not be written is gone by now. */
function roomOf(path: string | undefined): string {
  if (path === undefined) return "df -h; df -i";
  const folder = dirname(path);
  return shell`df -h ${folder}; df -i ${folder}   (then make room there)`;
}

/** Any fault as a runner's end. A system call's error is the host's matter, such as a full disk; any other is ours, and its stack helps. */
export function asRunnerError(error: unknown, job: string): RunnerError {
  if (error instanceof RunnerError) return error;
  const failed =
    error instanceof Error && errnoOf(error) === undefined
      ? `fault in the runner: ${error.stack ?? error.message}`
      : messageOf(error);
  const next = nextOf(error) ?? saidWhere(job);
  return new RunnerError(
    exitCodes.failed,
    { failed, kept: "What was done so far is kept.", next },
    { cause: error },
  );
}
