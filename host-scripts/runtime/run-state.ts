import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "./durable";

/** A process, and no other one that ever has its number. */
export const oneProcess = z.object({
  pid: z.int(),
  /** Ticks since boot at which the process started: a process id alone comes again. */
  startTicks: z.string(),
  bootId: z.string(),
});
type OneProcess = z.infer<typeof oneProcess>;

const running = oneProcess.extend({
  startedAt: z.string(),
  /** systemd's $INVOCATION_ID; empty for a run that was started by hand. */
  invocation: z.string(),
  phase: z.string(),
});
/** A run that has not reported its end. */
export type Running = z.infer<typeof running>;

const lastEnd = z.object({
  endedAt: z.string(),
  invocation: z.string(),
  status: z.int(),
  /** False while the Pushgateway has not taken the metrics of this end. */
  pushed: z.boolean(),
  failed: z.string().optional(),
});
export type LastEnd = z.infer<typeof lastEnd>;

/**
 * What a run leaves in its state folder for the ones that come after it. Not synced to disk: after a loss of power there
 * is no ExecStopPost that would read it, and the textfile keeps what matters.
 */
export class RunState {
  private readonly runningFile: string;
  private readonly endFile: string;

  constructor(stateDir: string) {
    this.runningFile = join(stateDir, "running.json");
    this.endFile = join(stateDir, "last-end.json");
  }

  readRunning(): Running | undefined {
    return read(this.runningFile, running);
  }

  readEnd(): LastEnd | undefined {
    return read(this.endFile, lastEnd);
  }

  enter(phase: string, startedAt: Date, invocation: string): void {
    const record: Running = { ...thisProcess(), startedAt: startedAt.toISOString(), invocation, phase };
    writeWhole(this.runningFile, `${JSON.stringify(record)}\n`);
  }

  /** @param mine false for a run that never held the lock: the other run's record stays */
  end(end: LastEnd, mine: boolean): void {
    writeWhole(this.endFile, `${JSON.stringify(end)}\n`);
    if (mine) rmSync(this.runningFile, { force: true });
  }
}

/** Whether the very process that wrote the record still runs. */
export function isAlive(record: OneProcess): boolean {
  return record.bootId === bootId() && startTicks(record.pid) === record.startTicks;
}

export function thisProcess(): OneProcess {
  return { pid: process.pid, startTicks: startTicks(process.pid) ?? "", bootId: bootId() };
}

function read<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

/** Another one after each start of the host. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** Field 22 of /proc/PID/stat (proc(5)); undefined once the process is gone or only waits to be reaped. */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
