import { instantsOf, localTime } from "./time-zone";

const dayMs = 86_400_000;
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Text that isn't an instant, or a local time that clocks skip. */
export class InstantError extends Error {
  constructor(text: string, problem: string) {
    super(
      `"${text}" ${problem}. Expected "Sun 05:59", "05:59", "now", "yesterday 03:00", "last friday 08:00", "2026-12-01 05:59" in the estate's zone, or "2026-12-01T03:59:00Z"`,
    );
    this.name = "InstantError";
  }
}

/**
 * The instant that an operator names, as epoch ms.
 *
 * "Sun 05:59" and "05:59" are the next such local time at or after `nowMs`; "2026-12-01 05:59" is a local time too, and an
 * ISO 8601 text with `Z` or an offset is what it says. Where clocks repeat a local time, the first pass is meant; a
 * weekly or daily one that clocks skip is looked for a week or a day later. "now", "today 03:00", "yesterday 03:00", "tomorrow 03:00" and "last friday 08:00", which is
 * never today's, are counted from `nowMs`.
 * @param zone IANA zone of the local forms, usually the estate's
 * @throws {InstantError} for any other text, for dates that don't exist, and for a date's local time that clocks skip
 */
export function parseInstant(text: string, zone: string, nowMs: number): number {
  const trimmed = text.trim();
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(trimmed)) return parseIso(text, trimmed);
  const [, year, month, day, hour, minute, second = "0"] =
    /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?$/.exec(trimmed) ?? [];
  if (year !== undefined) {
    const midnightMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
    if (new Date(midnightMs).toISOString().slice(0, 10) !== trimmed.slice(0, 10))
      throw new InstantError(text, "has a date that doesn't exist");
    const [first] = instantsOf(midnightMs + timeOfDay(text, hour, minute, second), zone);
    if (first === undefined) throw new InstantError(text, `is a time that clocks in ${zone} skip`);
    return first;
  }
  return parseFromToday(text, trimmed, zone, nowMs) ?? parseNext(text, trimmed, zone, nowMs);
}

/**
 * The same, but "Sun 05:59" and "05:59" are the last such local time at or before `nowMs`: a day of clocks that change has more hours
 * than another, or fewer.
 */
export function parseLastInstant(text: string, zone: string, nowMs: number): number {
  const named = parseFromToday(text, text.trim(), zone, nowMs);
  if (named !== undefined) return named;
  // Two weeks: clocks may skip the time once.
  let last = parseInstant(text, zone, nowMs - 15 * dayMs);
  for (;;) {
    const next = parseInstant(text, zone, last + 1);
    if (next <= last || next > nowMs) return last;
    last = next;
  }
}

/** A day that is named by today; undefined for any other text. */
function parseFromToday(text: string, trimmed: string, zone: string, nowMs: number): number | undefined {
  if (/^now$/i.test(trimmed)) return nowMs;
  const [, day, name = "", hour, minute, second = "0"] =
    /^(today|yesterday|tomorrow|last ([a-z]+)) (\d\d):(\d\d)(?::(\d\d))?$/i.exec(trimmed) ?? [];
  if (day === undefined) return undefined;
  const today = Math.floor(localTime(nowMs, zone) / dayMs);
  const back = { today: 0, yesterday: 1, tomorrow: -1 }[day.toLowerCase()];
  const daysAgo = back ?? ((today + 4 - weekdayOf(text, name) + 6) % 7) + 1;
  const [first] = instantsOf((today - daysAgo) * dayMs + timeOfDay(text, hour, minute, second), zone);
  if (first === undefined) throw new InstantError(text, `is a time that clocks in ${zone} skip`);
  return first;
}

/** From 0, Sunday. */
function weekdayOf(text: string, name: string): number {
  const weekday = weekdays.indexOf(name.slice(0, 3).toLowerCase());
  if (weekday < 0 || !(name.length === 3 || /day$/i.test(name)))
    throw new InstantError(text, `has weekday ${name}`);
  return weekday;
}

function parseIso(text: string, trimmed: string): number {
  const atMs = Date.parse(trimmed);
  // Date.parse rolls 30 February over to March.
  const date = trimmed.slice(0, 10);
  const exists = !Number.isNaN(Date.parse(date)) && new Date(date).toISOString().startsWith(date);
  if (Number.isNaN(atMs) || !exists) throw new InstantError(text, "has a date or time that doesn't exist");
  return atMs;
}

function parseNext(text: string, trimmed: string, zone: string, nowMs: number): number {
  const [, name, hour, minute, second = "0"] =
    /^(?:([A-Za-z]+) )?(\d\d):(\d\d)(?::(\d\d))?$/.exec(trimmed) ?? [];
  if (hour === undefined) throw new InstantError(text, "isn't an instant");
  const weekday = name === undefined ? undefined : weekdayOf(text, name);
  const offsetMs = timeOfDay(text, hour, minute, second);
  const today = Math.floor(localTime(nowMs, zone) / dayMs);
  // Three weeks: clocks may skip the time once, and today's may be over.
  for (let day = today; day <= today + 21; day++) {
    if (weekday !== undefined && (day + 4) % 7 !== weekday) continue;
    const next = instantsOf(day * dayMs + offsetMs, zone)[0];
    if (next !== undefined && next >= nowMs) return next;
  }
  throw new InstantError(text, `is a time that clocks in ${zone} skip`);
}

function timeOfDay(text: string, hour = "", minute = "", second = ""): number {
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  if (hours > 23) throw new InstantError(text, `has hour ${hour}, which isn't one of 00 to 23`);
  if (minutes > 59 || seconds > 59)
    throw new InstantError(
      text,
      `has ${minutes > 59 ? `minute ${minute}` : `second ${second}`}, which isn't one of 00 to 59`,
    );
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
