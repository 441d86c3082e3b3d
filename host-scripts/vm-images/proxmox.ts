import { exitCodes, RunnerError } from "../runtime/errors";
import { run, type RunResult } from "../runtime/run";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { within } from "../runtime/within";

/** A VM of this host. */
export interface HostVm {
  readonly id: number;
  readonly name: string;
  /** "running", "stopped", "paused". */
  readonly status: string;
}

export interface ProgramOptions {
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
  readonly onStdout?: (chunk: Buffer) => void;
}

/** Name of the unit in which a program of Proxmox works for a job, and by which it is found after a kill. */
export function unitOf(job: string, program: string): string {
  return `${job}-${program}.service`;
}

/** They change a VM, go on when who waits for them is killed, and are one at a time; what only asks has a unit for each who asks. */
const changing: readonly string[] = ["vzdump", "qmrestore"];

/**
 * Runs a program of Proxmox in a unit of its own. vzdump starts a VM that is off, and that VM goes on if somebody uses it by then:
 * below the runner it would live in the runner's sandbox, and would be taken for something that a killed run has left.
 * Told to stop, or after its time, it is stopped as a unit is: vzdump then takes back its lock and what it had of an image.
 */
export async function runProgram(
  job: string,
  argv: readonly [string, ...string[]],
  { timeoutMs, stop, onStdout }: ProgramOptions,
): Promise<RunResult> {
  const [program] = argv;
  const unit = unitOf(job, changing.includes(program) ? program : `${program}-${process.pid}`);
  const cut = within(stop, timeoutMs);
  // Who waits for a unit ends with it: whoever is ended before leaves the unit at work, with its end of the pipe.
  let stopping: Promise<void> | undefined;
  const onCut = (): void => {
    stopping ??= stopUnit(unit);
  };
  cut.addEventListener("abort", onCut);
  if (cut.aborted) onCut();
  try {
    const result = await run(
      [
        ...(["systemd-run", "--quiet", "--wait", "--pipe", "--collect"] as const),
        ...[`--unit=${unit}`, "--nice=10", "--setenv=LC_ALL=C", "--", ...argv],
      ],
      { timeoutMs: timeoutMs + 2 * longestEndMs, ...(onStdout && { onStdout }) },
    );
    // All that is in it has ended then, and its name is free.
    await stopping;
    return cut.aborted ? { ...result, ended: stop.aborted ? "stopped" : "timed-out" } : result;
  } finally {
    cut.removeEventListener("abort", onCut);
  }
}

/** Until it has ended, and taken back what it had begun. */
const longestEndMs = 80_000;

/** Ends a unit and all that runs in it; one that isn't there is fine. */
export async function stopUnit(unit: string): Promise<void> {
  await run(["systemctl", "stop", unit], { timeoutMs: longestEndMs });
}

/** The VMs of this host, templates too; those of the cluster's other hosts aren't among them. @throws {RunnerError} */
export async function listVms(job: string, stop: AbortSignal): Promise<HostVm[]> {
  const result = await runProgram(job, ["qm", "list"], { timeoutMs: 120_000, stop });
  if (result.exitCode !== 0)
    throw new RunnerError(exitCodes.failed, {
      failed: `the VMs of this host can't be listed: qm list ended with ${result.exitCode ?? result.ended}: ${firstLines(result.stderr)}`,
      kept: "No image was made or removed.",
      next: shell`qm list; systemctl status pve-cluster`,
    });
  return result.stdout.split("\n").flatMap(vmOf);
}

/** A name that is longer than its column has a blank behind it all the same; a VM without one is called "VM 100". */
function vmOf(line: string): HostVm[] {
  const [, id, name, status] = /^ *(\d+) (\S.*?) +(\S+) +\d+ +[\d.]+ +\d+ *$/.exec(line) ?? [];
  return id === undefined ? [] : [{ id: Number(id), name: name ?? "", status: status ?? "" }];
}
