import type { PanelUnit } from "../../plan/panel";
import { formatDuration } from "../../plan/units/duration";
import { formatSize } from "../../plan/units/size";

/** A value as people read it. */
export function valueText(value: number, unit: PanelUnit): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  switch (unit) {
    case "age":
    case "seconds":
      return durationText(value);
    case "days":
      return durationText(value * 86_400);
    case "bytes":
      return value < 0 ? `−${formatSize(-value)}` : formatSize(value);
    case "percent":
      return `${short(value)} %`;
    case "count":
      return short(value);
    case "yes-no":
      return value === 0 ? "no" : "yes";
    default:
      return unit satisfies never;
  }
}

/** Beyond a year, nobody counts the hours. */
function durationText(seconds: number): string {
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  const unit = size < 1 ? 0.001 : size < 3600 ? 1 : size < 86_400 ? 60 : size < 365 * 86_400 ? 3600 : 86_400;
  const text = formatDuration(Math.round(size / unit) * unit * 1000);
  return seconds < 0 ? `−${text}` : text;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

const [minuteS, hourS, dayS] = [60, 3600, 86_400];
const durations = [
  ...[1, 5, 15, minuteS, 5 * minuteS, 15 * minuteS, hourS, 3 * hourS, 6 * hourS, 12 * hourS],
  ...[1, 2, 7, 14, 30, 90, 365].map(days => days * dayS),
];

/** What is between two lines of a scale from 0 to at least `most`, of which there are four at most. */
export function scaleStep(most: number, unit: PanelUnit): number {
  const least = most / 4;
  if (unit === "age" || unit === "seconds") {
    const found = durations.find(each => each >= least);
    if (found !== undefined) return found;
  }
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map(each => each * power).find(each => each >= least) ?? 10 * power;
  return unit === "count" || unit === "yes-no" ? Math.max(step, 1) : step;
}
