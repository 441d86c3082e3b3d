import { exitCodes, RunnerError } from "../runtime/errors";
import { run as runCommand } from "../runtime/run";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import type { Leg, Offsite } from "./offsite";

/**
 * Whether a leg's full pass is due: its calendar came since the last one was done. What counts is what was done, so that one that
 * was missed is made up once, and one that was cut goes on. systemd reads the calendar, as it reads those of its timers.
 * @param asked what it said of this run's other legs, by the second since which was asked: most of them are compared together
 * @throws {RunnerError} when it can't
 */
export async function isFullPassDue(
  run: Offsite,
  { from }: Leg,
  asked: Map<number, boolean>,
): Promise<boolean> {
  const { memory } = run;
  const lastMs = memory.full[from];
  // Its first arrival as a whole begins the count: nothing can be gone since.
  if (lastMs === undefined) return false;
  const nowMs = Date.now();
  if (lastMs > nowMs) {
    // It was done while the clock was ahead. The calendar counts from now on, and not from each run anew, by which none would be due
    // before the clock has come so far.
    run.memory = { ...memory, full: { ...memory.full, [from]: nowMs } };
    return false;
  }
  const since = Math.floor(lastMs / 1000);
  const isDue = asked.get(since) ?? (await hasCome(run, since, nowMs));
  asked.set(since, isDue);
  return isDue;
}

async function hasCome({ config, stop }: Offsite, since: number, nowMs: number): Promise<boolean> {
  const argv = ["systemd-analyze", "calendar", `--base-time=@${since}`, config.fullPass] as const;
  const result = await runCommand([...argv], {
    ...{ timeoutMs: 30_000, stop: stop.signal },
    env: { TZ: "UTC", LC_ALL: "C" },
  });
  stop.check("owe");
  const next = /Next elapse: (?:(never)|\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d))/.exec(result.stdout);
  if (!next || result.exitCode !== 0)
    throw new RunnerError(exitCodes.failed, {
      failed: `systemd doesn't say when the full pass "${config.fullPass}" comes: ${firstLines(result.stderr || result.stdout)}`,
      kept: "Nothing was sent, and nothing is forgotten.",
      next: shell`systemd-analyze calendar ${config.fullPass}`,
    });
  return next[1] === undefined && Date.parse(`${next[2]}T${next[3]}Z`) <= nowMs;
}
