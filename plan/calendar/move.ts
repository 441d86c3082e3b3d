import { parseCron } from "./parse-cron";
import { expandShorthand, parseSystemd } from "./parse-systemd";
import type { Schedule } from "./schedule";

const dayMinutes = 1_440;

/**
 * The same calendar at another time of day, in its own dialect: its first start moves to a minute of the day and the
 * others with it, days and cadence stay. `undefined` for one that has no such text: starts with seconds or of differing
 * minutes, starts on certain days that would slip into another day, or a first start there already.
 * @param minuteOfDay local minute, 0 to 1439
 */
export function movedTo(schedule: Schedule, minuteOfDay: number): Schedule | undefined {
  const starts = schedule.secondsOfDay.map(second => second / 60);
  const [first = 0] = starts;
  const alike = starts.every(start => Number.isInteger(start) && (start - first) % 60 === 0);
  const shifted = starts.map(start => start - first + minuteOfDay);
  const anyDay = !schedule.weekdays && !schedule.days && !schedule.months && !schedule.years;
  if (!alike || minuteOfDay === first || (!anyDay && shifted.some(start => start >= dayMinutes)))
    return undefined;
  const hours = shifted.map(start => Math.floor(start / 60) % 24).sort((a, b) => a - b);
  const text = withTime(schedule, hours, minuteOfDay % 60);
  return text === undefined ? undefined : schedule.dialect === "cron" ? parseCron(text) : parseSystemd(text);
}

function withTime(schedule: Schedule, hours: readonly number[], minute: number): string | undefined {
  if (schedule.dialect === "cron") {
    const fields = schedule.text.trim().split(/\s+/);
    if (fields.length !== 5) return undefined;
    return [minute, hours.join(","), ...fields.slice(2)].join(" ");
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = `${hours.map(two).join(",")}:${two(minute)}:00`;
  const words = expandShorthand(schedule.text);
  const at = words.findIndex(word => word.includes(":"));
  // Without a time it is midnight.
  return (at < 0 ? [...words, time] : words.with(at, time)).join(" ");
}
