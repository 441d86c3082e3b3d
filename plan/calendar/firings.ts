import { CalendarNeverFires, type Schedule } from "./schedule";
import { offsetSpans } from "./time-zone";

const dayMs = 86_400_000;

/**
 * Instants at which a schedule fires in [fromMs, toMs), ascending, in epoch ms.
 *
 * When clocks go forward, a local time that doesn't exist doesn't fire, in either dialect. When they go back, systemd
 * fires a repeated time at its first pass only, a Kubernetes CronJob (robfig/cron v3) at both: seen with
 * `systemd-analyze calendar --iterations` of systemd 252, and by robfig/cron's SpecSchedule.Next, which steps in real time.
 */
export function firings(schedule: Schedule, zone: string, fromMs: number, toMs: number): number[] {
  const found: number[] = [];
  let latestLocalMs = Number.NEGATIVE_INFINITY;
  for (const span of offsetSpans(zone)) {
    if (span.fromMs >= toMs) break;
    const local = { fromMs: span.fromMs + span.offsetMs, toMs: span.toMs + span.offsetMs };
    if (span.toMs > fromMs) {
      const repeatedUntilMs = schedule.dialect === "systemd" ? latestLocalMs : Number.NEGATIVE_INFINITY;
      const windowFromMs = Math.max(local.fromMs, fromMs + span.offsetMs, repeatedUntilMs);
      const windowToMs = Math.min(local.toMs, toMs + span.offsetMs);
      for (const localMs of localFirings(schedule, windowFromMs, windowToMs))
        found.push(localMs - span.offsetMs);
    }
    latestLocalMs = Math.max(latestLocalMs, local.toMs);
  }
  return found;
}

/** Local times in [fromMs, toMs), as if the local clock were UTC. */
function* localFirings(schedule: Schedule, fromMs: number, toMs: number): Generator<number> {
  for (let midnightMs = Math.floor(fromMs / dayMs) * dayMs; midnightMs < toMs; midnightMs += dayMs) {
    if (!matchesDate(schedule, new Date(midnightMs))) continue;
    for (const second of schedule.secondsOfDay) {
      const localMs = midnightMs + second * 1000;
      if (localMs >= fromMs && localMs < toMs) yield localMs;
    }
  }
}

function matchesDate(schedule: Schedule, date: Date): boolean {
  if (schedule.years && !schedule.years.includes(date.getUTCFullYear())) return false;
  if (schedule.months && !schedule.months.includes(date.getUTCMonth() + 1)) return false;
  const weekday = schedule.weekdays?.includes(date.getUTCDay()) ?? true;
  if (!schedule.days) return weekday;
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  const monthDay = schedule.days.some(
    ({ day, fromEnd }) => date.getUTCDate() === (fromEnd ? lastDay + 1 - day : day),
  );
  return schedule.eitherDay ? weekday || monthDay : weekday && monthDay;
}

// Widening windows: most schedules fire within days, 29 February within eight years, a named year before the horizon.
const windowDays = [2, 8, 32, 128, 512, 4096, 36_525];

/** The first firing at or after an instant, within a century. */
export function nextFiring(schedule: Schedule, zone: string, atMs: number): number | undefined {
  for (const days of windowDays) {
    const [first] = firings(schedule, zone, atMs, atMs + days * dayMs);
    if (first !== undefined) return first;
  }
  return undefined;
}

/** The last firing before an instant, within a century. */
export function previousFiring(schedule: Schedule, zone: string, beforeMs: number): number | undefined {
  for (const days of windowDays) {
    const last = firings(schedule, zone, beforeMs - days * dayMs, beforeMs).at(-1);
    if (last !== undefined) return last;
  }
  return undefined;
}

/** Time between two firings that follow one another, in ms, and the two as epoch ms. */
export interface Gap {
  readonly ms: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Longest time between two firings that follow one another, of which the first lies in `years` of the schedule's own zone.
 * @param years calendar years, not empty; the span from the first to the last is walked
 * @throws {CalendarNeverFires} when there is no firing in it, or none after it
 */
export function longestGap(schedule: Schedule, zone: string, years: readonly number[]): Gap {
  return extremeGap(schedule, zone, years, (gap, best) => gap > best);
}

/** Shortest time between two firings; see {@link longestGap}. */
export function shortestGap(schedule: Schedule, zone: string, years: readonly number[]): Gap {
  return extremeGap(schedule, zone, years, (gap, best) => gap < best);
}

function extremeGap(
  schedule: Schedule,
  zone: string,
  years: readonly number[],
  better: (gap: number, best: number) => boolean,
): Gap {
  const fromMs = Date.UTC(Math.min(...years), 0, 1);
  const toMs = Date.UTC(Math.max(...years) + 1, 0, 1);
  const inside = firings(schedule, zone, fromMs, toMs);
  const after = nextFiring(schedule, zone, toMs);
  if (after !== undefined) inside.push(after);
  let best: Gap | undefined;
  for (let index = 1; index < inside.length; index++) {
    const [previous, next] = [inside[index - 1] ?? 0, inside[index] ?? 0];
    if (!best || better(next - previous, best.ms))
      best = { ms: next - previous, fromMs: previous, toMs: next };
  }
  if (!best) throw new CalendarNeverFires(schedule.text, `${Math.min(...years)} to ${Math.max(...years)}`);
  return best;
}
