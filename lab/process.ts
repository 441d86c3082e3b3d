import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { labDir } from "./facts";

const recordSchema = z.object({ pid: z.int().positive(), startTicks: z.string(), argv: z.array(z.string()) });

/** A process that the lab started: its id alone could be another process's by now, so its start time is kept too. */
export type ProcessRecord = z.infer<typeof recordSchema>;

export type ProcessOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
};

/** File that a process started under this name writes its output to; kept over restarts. */
export function logFile(name: string): string {
  return join(labDir, "logs", `${name}.log`);
}

function recordFile(name: string): string {
  return join(labDir, "run", `${name}.json`);
}

/**
 * Starts a program that outlives this one, as the leader of a session of its own. One that runs already under this name
 * is left as it is.
 */
export async function startProcess(
  name: string,
  argv: readonly string[],
  options: ProcessOptions = {},
): Promise<void> {
  if (isRunning(name)) return;
  const [program, ...args] = argv;
  if (program === undefined) throw new Error(`${name}: nothing to start`);
  mkdirSync(join(labDir, "logs"), { recursive: true });
  mkdirSync(join(labDir, "run"), { recursive: true });
  const log = openSync(logFile(name), "a");
  try {
    const child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    await once(child, "spawn");
    const startTicks = child.pid === undefined ? undefined : readStat(child.pid)?.startTicks;
    if (child.pid === undefined || startTicks === undefined)
      throw new Error(`${name}: "${program}" ended at once; its log is ${logFile(name)}`);
    const record: ProcessRecord = { pid: child.pid, startTicks, argv: [...argv] };
    writeFileSync(recordFile(name), JSON.stringify(record));
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** The process started under this name, if that very process still runs. */
export function runningProcess(name: string): ProcessRecord | undefined {
  const record = readRecord(name);
  const stat = record && readStat(record.pid);
  return stat && stat.startTicks === record.startTicks && stat.state !== "Z" ? record : undefined;
}

export function isRunning(name: string): boolean {
  return runningProcess(name) !== undefined;
}

/**
 * Ends the process started under this name and all of its session: SIGTERM, then SIGKILL.
 * @param graceMs time between the two signals; 0 for a power cut
 */
export async function stopProcess(name: string, graceMs = 120_000): Promise<void> {
  const record = readRecord(name);
  if (record && graceMs > 0 && isRunning(name)) {
    signal(record.pid, "SIGTERM");
    await until(() => !isRunning(name), graceMs);
  }
  if (record && belongsToUs(record)) {
    // The leader first: a guest's kernel must write nothing once its power is cut.
    if (isRunning(name)) signal(record.pid, "SIGKILL");
    const gone = await until(() => {
      const members = sessionMembers(record);
      for (const pid of members) signal(pid, "SIGKILL");
      return members.length === 0;
    }, 600_000);
    if (!gone)
      throw new Error(
        `${name}: processes ${sessionMembers(record).join(", ")} are still there 600 s after SIGKILL`,
      );
  }
  rmSync(recordFile(name), { force: true });
}

/** Names of all processes that have a record, running or not. */
export function recordedProcesses(): string[] {
  try {
    return readdirSync(join(labDir, "run"))
      .filter(file => file.endsWith(".json"))
      .map(file => file.slice(0, -".json".length))
      .sort();
  } catch {
    return [];
  }
}

/** PATH with the folders of an administrator's programs, which a user's own lacks. */
export const adminPath = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/** Polls `done` until it holds; false when `timeoutMs` has passed before that. */
export async function until(
  done: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!(await done())) {
    if (performance.now() >= end) return false;
    await sleep(everyMs);
  }
  return true;
}

function readRecord(name: string): ProcessRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(recordFile(name), "utf8")));
  } catch {
    return undefined;
  }
}

/** A leader's id stays taken while its session has members; if another process has it now, the session is not ours. */
function belongsToUs(record: ProcessRecord): boolean {
  const stat = readStat(record.pid);
  return stat === undefined || stat.startTicks === record.startTicks;
}

function sessionMembers(record: ProcessRecord): number[] {
  return readdirSync("/proc")
    .filter(entry => /^\d+$/.test(entry))
    .map(Number)
    .filter(pid => {
      const stat = readStat(pid);
      return (
        stat?.session === record.pid &&
        stat.state !== "Z" &&
        Number(stat.startTicks) >= Number(record.startTicks)
      );
    });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Start time of a live process in clock ticks since boot; with its id, it names the process for good. */
export function startTicksOf(pid: number): string | undefined {
  const stat = readStat(pid);
  return stat?.state === "Z" ? undefined : stat?.startTicks;
}

export function parentOf(pid: number): number | undefined {
  return readStat(pid)?.parent;
}

/** Sends SIGKILL to a process, which may be gone already. */
export function endProcess(pid: number): void {
  signal(pid, "SIGKILL");
}

type Stat = {
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  readonly startTicks: string;
};

function readStat(pid: number): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads a line of /proc/PID/stat (proc(5)); the name in parentheses may itself hold spaces and parentheses. */
export function parseStat(line: string): Stat | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state, parent, , session] = fields;
  const startTicks = fields[19];
  if (state === undefined || session === undefined || startTicks === undefined) return undefined;
  return { state, parent: Number(parent), session: Number(session), startTicks };
}
