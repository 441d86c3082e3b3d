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
  // A day more before it: clocks that went back just then repeat times of the span before.
  for (const span of offsetSpans(zone, fromMs - dayMs, toMs)) {
    if (span.fromMs >= toMs) break;
    const localToMs = span.toMs + span.offsetMs;
    if (span.toMs > fromMs) {
      const repeatedUntilMs = schedule.dialect === "systemd" ? latestLocalMs : Number.NEGATIVE_INFINITY;
      const windowFromMs = Math.max(span.fromMs + span.offsetMs, fromMs + span.offsetMs, repeatedUntilMs);
      const windowToMs = Math.min(localToMs, toMs + span.offsetMs);
      addLocalFirings(found, schedule, windowFromMs, windowToMs, span.offsetMs);
    }
    latestLocalMs = Math.max(latestLocalMs, localToMs);
  }
  return found;
}

/** Adds the firings at local times in [fromMs, toMs), as if the local clock were UTC, as instants. */
function addLocalFirings(
  found: number[],
  schedule: Schedule,
  fromMs: number,
  toMs: number,
  offsetMs: number,
): void {
  const { secondsOfDay } = schedule;
  const anyDay = !schedule.years && !schedule.months && !schedule.days && !schedule.weekdays;
  for (let day = Math.floor(fromMs / dayMs); day * dayMs < toMs; day++) {
    if (!anyDay && !matchesDay(schedule, day)) continue;
    for (const second of secondsOfDay) {
      const localMs = day * dayMs + second * 1000;
      if (localMs >= fromMs && localMs < toMs) found.push(localMs - offsetMs);
    }
  }
}

/** @param day days since 1 January 1970, a Thursday */
function matchesDay(schedule: Schedule, day: number): boolean {
  const weekday = schedule.weekdays?.includes((((day + 4) % 7) + 7) % 7) ?? true;
  if (!schedule.years && !schedule.months && !schedule.days) return weekday;
  if (!weekday && !schedule.eitherDay) return false;
  const date = new Date(day * dayMs);
  const [year, month, monthDay] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (schedule.years && !schedule.years.includes(year)) return false;
  if (schedule.months && !schedule.months.includes(month + 1)) return false;
  if (!schedule.days) return weekday;
  if (schedule.eitherDay && weekday) return true;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return schedule.days.some(wanted => monthDay === (wanted.fromEnd ? lastDay + 1 - wanted.day : wanted.day));
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
  const key = `${schedule.dialect} ${schedule.text} ${zone} ${years.join()}`;
  const known = longestGaps.get(key) ?? extremeGap(schedule, zone, years, (gap, best) => gap > best);
  longestGaps.set(key, known);
  return known;
}

// An estate of many hosts has few schedules, and each of its jobs asks for this.
const longestGaps = new Map<string, Gap>();

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
