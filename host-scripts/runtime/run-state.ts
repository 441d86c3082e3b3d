import { closeSync, constants, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeAll, writeWhole } from "./durable";

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
  private written: { readonly process: OneProcess; readonly bytes: number } | undefined;

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

  /**
   * A run's later phases are written over its first one: a file that takes another's place costs ext4 a write to the disk, and a
   * run has twenty phases (measured: 16 ms for twenty, against 0.3).
   */
  enter(phase: string, startedAt: Date, invocation: string): void {
    const process = this.written?.process ?? thisProcess();
    const record: Running = { ...process, startedAt: startedAt.toISOString(), invocation, phase };
    const text = `${JSON.stringify(record).padEnd((this.written?.bytes ?? 0) - 1)}\n`;
    if (this.written) writeOver(this.runningFile, text);
    else writeWhole(this.runningFile, text);
    this.written = { process, bytes: Math.max(text.length, this.written?.bytes ?? 0) };
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

/** Of a process that is killed, all of a text this short is written, or nothing. */
function writeOver(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT);
  try {
    writeAll(file, Buffer.from(text));
  } finally {
    closeSync(file);
  }
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
