import type { NasSnapshotsConfig } from "../../plan/contracts/nas-snapshots";
import { run } from "../runtime/run";

const hourMs = 3_600_000;

/** How far back each try looks for the last time that a snapshot was due: some are made hourly, most daily, few monthly. */
const reachesMs = [3 * hourMs, 48 * hourMs, 40 * 24 * hourMs, 400 * 24 * hourMs];

/**
 * The last instant up to one at which the NAS was to make a snapshot, by systemd's own reading of the calendar.
 * @returns undefined where there was none in a year
 */
export async function lastDue(
  { calendar, zone }: Pick<NasSnapshotsConfig, "calendar" | "zone">,
  untilMs: number,
  stop: AbortSignal,
): Promise<number | undefined> {
  for (const reach of reachesMs) {
    const last = await lastFrom(`${calendar} ${zone}`, untilMs - reach, untilMs, stop);
    if (last !== undefined) return last;
  }
  return undefined;
}

async function lastFrom(
  calendar: string,
  fromMs: number,
  untilMs: number,
  stop: AbortSignal,
): Promise<number | undefined> {
  let last: number | undefined;
  for (let from = fromMs; ; from = last ?? from) {
    const fires = await firings(calendar, from, stop);
    const before = fires.filter(atMs => atMs <= untilMs && atMs > from);
    last = before.at(-1) ?? last;
    // One that is later is listed too: there is none between.
    if (before.length === 0 || before.length < fires.length) return last;
  }
}

async function firings(calendar: string, fromMs: number, stop: AbortSignal): Promise<number[]> {
  const base = `${new Date(fromMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const { stdout } = await run(
    ["systemd-analyze", "calendar", `--base-time=${base}`, "--iterations=64", calendar],
    { timeoutMs: 30_000, stop, env: { LC_ALL: "C", TZ: "UTC" } },
  );
  return [...stdout.matchAll(/: \w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/gm)].map(([, day, time]) =>
    Date.parse(`${day}T${time}Z`),
  );
}
