import { countUntil } from "../ascending";
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
  for (const window of windowsOf(schedule, zone, fromMs, toMs)) addFirings(found, schedule, window);
  return found;
}

/** How many times a schedule fires in some calendar years, changes of the clock left aside. @param years as for `longestGap` */
export function firingsIn(schedule: Schedule, years: readonly number[]): number {
  const toDay = Date.UTC(Math.max(...years) + 1, 0, 1) / dayMs;
  let days = 0;
  for (let day = Date.UTC(Math.min(...years), 0, 1) / dayMs; day < toDay; day++)
    if (matchesDay(schedule, day)) days++;
  return days * schedule.secondsOfDay.length;
}

/** A span of local time with one offset from UTC, as if the local clock were UTC: [fromMs, toMs). */
interface LocalWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

/** The local times in which a schedule's own can fire in [fromMs, toMs), ascending by their instants. */
function windowsOf(schedule: Schedule, zone: string, fromMs: number, toMs: number): LocalWindow[] {
  const windows: LocalWindow[] = [];
  let latestLocalMs = Number.NEGATIVE_INFINITY;
  // A day more before it: clocks that went back just then repeat times of the span before.
  for (const span of offsetSpans(zone, fromMs - dayMs, toMs)) {
    if (span.fromMs >= toMs) break;
    const { offsetMs } = span;
    const localToMs = span.toMs + offsetMs;
    if (span.toMs > fromMs) {
      const repeatedUntilMs = schedule.dialect === "systemd" ? latestLocalMs : Number.NEGATIVE_INFINITY;
      windows.push({
        fromMs: Math.max(span.fromMs + offsetMs, fromMs + offsetMs, repeatedUntilMs),
        toMs: Math.min(localToMs, toMs + offsetMs),
        offsetMs,
      });
    }
    latestLocalMs = Math.max(latestLocalMs, localToMs);
  }
  return windows;
}

function addFirings(found: number[], schedule: Schedule, { fromMs, toMs, offsetMs }: LocalWindow): void {
  for (let day = Math.floor(fromMs / dayMs); day * dayMs < toMs; day++) {
    if (!matchesDay(schedule, day)) continue;
    for (const second of schedule.secondsOfDay) {
      const localMs = day * dayMs + second * 1000;
      if (localMs >= fromMs && localMs < toMs) found.push(localMs - offsetMs);
    }
  }
}

/** @param day days since 1 January 1970, a Thursday */
function matchesDay(schedule: Schedule, day: number): boolean {
  if (!schedule.years && !schedule.months && !schedule.days && !schedule.weekdays) return true;
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
  for (const days of windowDays)
    for (const window of windowsOf(schedule, zone, atMs, atMs + days * dayMs)) {
      const first = firstFiring(schedule, window);
      if (first !== undefined) return first;
    }
  return undefined;
}

/** The last firing before an instant, within a century. */
export function previousFiring(schedule: Schedule, zone: string, beforeMs: number): number | undefined {
  for (const days of windowDays)
    for (const window of windowsOf(schedule, zone, beforeMs - days * dayMs, beforeMs).reverse()) {
      const last = lastFiring(schedule, window);
      if (last !== undefined) return last;
    }
  return undefined;
}

// A schedule that fires each minute is asked for millions of times: within a day, its times are searched by halves.

function firstFiring(schedule: Schedule, { fromMs, toMs, offsetMs }: LocalWindow): number | undefined {
  const { secondsOfDay } = schedule;
  for (let day = Math.floor(fromMs / dayMs); day * dayMs < toMs; day++) {
    if (!matchesDay(schedule, day)) continue;
    const fromSecond = (fromMs - day * dayMs) / 1000;
    const second = secondsOfDay[countUntil(secondsOfDay, each => each < fromSecond)];
    if (second === undefined) continue;
    const localMs = day * dayMs + second * 1000;
    return localMs < toMs ? localMs - offsetMs : undefined;
  }
  return undefined;
}

function lastFiring(schedule: Schedule, { fromMs, toMs, offsetMs }: LocalWindow): number | undefined {
  const { secondsOfDay } = schedule;
  for (let day = Math.ceil(toMs / dayMs) - 1; (day + 1) * dayMs > fromMs; day--) {
    if (!matchesDay(schedule, day)) continue;
    const toSecond = (toMs - day * dayMs) / 1000;
    const second = secondsOfDay[countUntil(secondsOfDay, each => each < toSecond) - 1];
    if (second === undefined) continue;
    const localMs = day * dayMs + second * 1000;
    return localMs >= fromMs ? localMs - offsetMs : undefined;
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
  return knownGaps(schedule, zone, years).longest;
}

/** Shortest time between two firings; see {@link longestGap}. */
export function shortestGap(schedule: Schedule, zone: string, years: readonly number[]): Gap {
  return knownGaps(schedule, zone, years).shortest;
}

interface Gaps {
  readonly longest: Gap;
  readonly shortest: Gap;
}

// An estate of many hosts has few schedules, and each of its jobs asks for both.
const known = new Map<string, Gaps>();

function knownGaps(schedule: Schedule, zone: string, years: readonly number[]): Gaps {
  const key = `${schedule.dialect} ${schedule.text} ${zone} ${years.join()}`;
  const gaps = known.get(key) ?? extremeGaps(schedule, zone, years);
  known.set(key, gaps);
  return gaps;
}

/** In one walk, as an hourly schedule has tens of thousands of firings in the years of a plan. Of equal gaps, the first. */
function extremeGaps(schedule: Schedule, zone: string, years: readonly number[]): Gaps {
  const fromMs = Date.UTC(Math.min(...years), 0, 1);
  const toMs = Date.UTC(Math.max(...years) + 1, 0, 1);
  const inside = firings(schedule, zone, fromMs, toMs);
  const after = nextFiring(schedule, zone, toMs);
  if (after !== undefined) inside.push(after);
  let longest: Gap | undefined;
  let shortest: Gap | undefined;
  for (let index = 1; index < inside.length; index++) {
    const previous = inside[index - 1] ?? 0;
    const next = inside[index] ?? 0;
    const ms = next - previous;
    if (!longest || ms > longest.ms) longest = { ms, fromMs: previous, toMs: next };
    if (!shortest || ms < shortest.ms) shortest = { ms, fromMs: previous, toMs: next };
  }
  if (!longest || !shortest)
    throw new CalendarNeverFires(schedule.text, `${Math.min(...years)} to ${Math.max(...years)}`);
  return { longest, shortest };
}
