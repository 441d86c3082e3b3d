import type { Plan } from "../plan";
import { longestGap } from "../plan/calendar";
import type { Job } from "../plan/job";

const hourMs = 3_600_000;

/**
 * The calendar of a job that runs at a few hours of each day with as many, evenly apart, as its promise asks for. Nothing where none
 * would do, or where it has those.
 */
export function oftener({ trigger, judged, budgetMs }: Job, { estate }: Plan): string | undefined {
  const { calendar, schedule, zone } = trigger;
  const [, timerHours, minutes = ""] = /^(?:\*-\*-\* )?([\d,]+)(:\d\d(?::\d\d)?)$/.exec(calendar) ?? [];
  const [, cronMinute = "", cronHours] = /^(\d+) ([\d,]+) \* \* \*$/.exec(calendar) ?? [];
  const hours = (timerHours ?? cronHours)?.split(",").map(Number);
  if (!hours) return undefined;
  const isEven = hours.every((hour, at) => hour === (hours[0] ?? 0) + (at * 24) / hours.length);
  // What the runs alone don't break, a time in between breaks: of the metrics, the rules or the budget.
  if (isEven && longestGap(schedule, zone, estate.years).ms <= judged.rpoMs) return undefined;
  // Where clocks go back, an hour more passes.
  const roomMs = judged.rpoMs - hourMs - budgetMs - judged.forMs - judged.visibleAfterMs;
  const runs = [2, 3, 4, 6, 8, 12, 24].find(number => (24 / number) * hourMs <= roomMs);
  if (runs === undefined || runs < hours.length || (isEven && runs === hours.length)) return undefined;
  const all =
    runs === 24
      ? "*"
      : Array.from({ length: runs }, (_, at) => ((hours[0] ?? 0) + (at * 24) / runs) % 24)
          .sort((a, b) => a - b)
          .map(hour => String(hour).padStart(timerHours === undefined ? 1 : 2, "0"))
          .join(",");
  return timerHours === undefined ? `${cronMinute} ${all} * * *` : `*-*-* ${all}${minutes}`;
}
