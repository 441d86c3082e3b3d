import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { labDir, logsDir } from "./places";

/** A program that runs on after the command that started it. */
export interface Daemon {
  name: string;
  argv: readonly [string, ...string[]];
  /** Files that it reads at its start: when their text changes, it is started anew. */
  files: readonly string[];
  /** Says why it doesn't serve yet, or nothing when it does. */
  trouble: () => Promise<string | undefined>;
}

const record = z.strictObject({
  pid: z.number().int().positive(),
  /** Start time in clock ticks since boot, from /proc/PID/stat: a process id alone is reused. */
  born: z.string(),
  /** Network namespace, such as "net:[4026532281]": a lab that was thrown away took its network along. */
  network: z.string(),
  fingerprint: z.string(),
});
type Record = z.infer<typeof record>;

const runDir = join(labDir, "run");
const recordFile = (name: string): string => join(runDir, `${name}.json`);

/** The process id of a daemon that runs now, in whatever network. */
export function runningPid(name: string): number | undefined {
  return running(name)?.pid;
}

/**
 * Starts a daemon unless it already runs with the same arguments, files and network, and waits until it serves.
 * @param patienceMs how long it may take until it serves
 * @returns whether it was started (true) or was found running (false)
 * @throws with the end of its log when it ends or doesn't serve in time
 */
export async function startDaemon(daemon: Daemon, patienceMs = 60_000): Promise<boolean> {
  const before = running(daemon.name);
  const print = fingerprint(daemon);
  const reusable = before?.fingerprint === print && before.network === networkOf("self");
  if (before && !reusable) await stopDaemon(daemon.name);
  if (!reusable) launch(daemon, print);
  await untilServing(daemon, patienceMs);
  return !reusable;
}

/** Ends a daemon by SIGTERM, after 10 s by SIGKILL. Does nothing when it doesn't run. */
export async function stopDaemon(name: string): Promise<void> {
  const pid = running(name)?.pid;
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    for (let waited = 0; running(name) && waited < 10_000; waited += 50) await sleep(50);
    if (running(name)) process.kill(pid, "SIGKILL");
    for (let waited = 0; running(name) && waited < 2_000; waited += 50) await sleep(50);
  }
  rmSync(recordFile(name), { force: true });
}

function launch(daemon: Daemon, print: string): void {
  mkdirSync(runDir, { recursive: true });
  mkdirSync(logsDir, { recursive: true });
  const [program, ...args] = daemon.argv;
  const log = openSync(join(logsDir, `${daemon.name}.log`), "a");
  try {
    const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log], cwd: labDir });
    // Without a listener, a program that isn't there would end this process too; the missing pid is reported below.
    child.on("error", () => undefined);
    if (child.pid === undefined)
      throw new Error(`${daemon.name}: ${JSON.stringify(program)} can't be started`);
    child.unref();
    const born = birth(child.pid) ?? "gone";
    const now: Record = { pid: child.pid, born, network: networkOf("self"), fingerprint: print };
    writeFileSync(recordFile(daemon.name), JSON.stringify(now));
  } finally {
    closeSync(log);
  }
}

async function untilServing(daemon: Daemon, patienceMs: number): Promise<void> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const trouble = await daemon.trouble();
    if (trouble === undefined) return;
    if (!running(daemon.name))
      throw new Error(`${daemon.name} ended right after its start.${logTail(daemon.name)}`);
    if (Date.now() > end)
      throw new Error(
        `${daemon.name} doesn't serve after ${patienceMs / 1000} s: ${trouble}.${logTail(daemon.name)}`,
      );
    await sleep(60);
  }
}

function running(name: string): Record | undefined {
  if (!existsSync(recordFile(name))) return undefined;
  const parsed = record.safeParse(JSON.parse(readFileSync(recordFile(name), "utf8") || "{}"));
  if (!parsed.success || birth(parsed.data.pid) !== parsed.data.born) return undefined;
  return parsed.data;
}

/** Start time of a live process; a zombie counts as gone. */
function birth(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the program's name in parentheses, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function networkOf(pid: string): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

function fingerprint(daemon: Daemon): string {
  const hash = createHash("sha256").update(JSON.stringify(daemon.argv));
  for (const file of daemon.files) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

function logTail(name: string): string {
  const file = join(logsDir, `${name}.log`);
  if (!existsSync(file)) return "";
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(-8);
  return ` The end of ${file}:\n${lines.map(line => `  ${line}`).join("\n")}`;
}
