import { remembered } from "./remembered";

/** Units of a duration's text, in ms; the names are those that systemd.time(7) takes. */
const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

// 10,000 years: as far as a date reaches that JavaScript writes in four digits.
const mostMs = 3_652_500 * 86_400_000;

/**
 * Milliseconds of a text such as "26h", "1h 30min" or "2d3h".
 * @throws {Error} for a number without a unit, a negative one, an unknown unit, or more than 10,000 years
 */
export const parseDuration = remembered((text: string): number => {
  const parts = [...text.matchAll(/\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gy)];
  const read = parts.map(part => part[0]).join("");
  const units = parts.map(part => unitMs[part[2] ?? ""]);
  if (parts.length === 0 || read.length !== text.length || units.includes(undefined))
    throw new Error(
      `isn't a duration: expected numbers with a unit (${Object.keys(unitMs).join(", ")}). Example: "1h 30min"`,
    );
  const ms = parts.reduce((sum, part, index) => sum + Number(part[1]) * (units[index] ?? 0), 0);
  if (ms > mostMs) throw new Error('is longer than 10000 years. Example: "1h 30min"');
  return ms;
});

/** A duration for people: its two largest units, e.g. "25 h 48 min", "16 d", "1.5 s". */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  const minutes = Math.floor(ms / 60_000);
  if (ms < 3_600_000) return joined(minutes, "min", Math.round((ms % 60_000) / 1_000), "s");
  const hours = Math.floor(minutes / 60);
  // Hours up to three days: "25 h" against a daily job says more than "1 d 1 h".
  return hours < 72
    ? joined(hours, "h", minutes % 60, "min")
    : joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
