import { firings, parseSchedule, type Schedule } from "../calendar";
import { domains } from "../estate/services";
import { parseDuration } from "../units/duration";
import { parseSize } from "../units/size";

/** Facts that a document may state. */
export const facts = [
  "schedule",
  "retention",
  "stale-after",
  "volume-count",
  "medium",
  "metric",
  "rto",
  "rpo",
  "offsite",
  "size",
  "used",
  "excludes",
  "secret-kept-in",
  "path",
] as const;
export type Fact = (typeof facts)[number];

/** A fact's value, comparable whatever way it was written in. */
export type Value =
  | { readonly kind: "schedule"; readonly schedule: Schedule }
  /** `of`: the disaster that a loss is promised for, or what else narrows a duration. */
  | { readonly kind: "duration"; readonly ms: number; readonly of?: string }
  | { readonly kind: "size"; readonly bytes: number }
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "set"; readonly items: readonly string[] };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** What a retention counts, as the span that one of them covers; a month has 30 days here. */
export const spanMs = { hour: hourMs, day: dayMs, week: 7 * dayMs, month: 30 * dayMs } as const;

/**
 * Reads what a document says of a fact.
 * @throws {Error} when the text isn't in the fact's grammar
 */
export function readValue(fact: Fact, says: string): Value {
  const text = says.trim();
  switch (fact) {
    case "schedule":
      return { kind: "schedule", schedule: readSchedule(text) };
    case "retention":
      return readRetention(text);
    case "stale-after":
    case "rto":
      return { kind: "duration", ms: parseDuration(text) };
    case "rpo":
      return readLoss(text);
    case "volume-count":
      if (!/^\d+$/.test(text)) throw new Error('isn\'t a whole number. Example: "62"');
      return { kind: "count", count: Number(text) };
    case "medium":
      return { kind: "text", text: oneOf(text, ["hdd", "ssd", "nvme"]) };
    case "offsite":
      return { kind: "text", text: oneOf(text, ["yes", "no"]) };
    case "size":
      return { kind: "size", bytes: parseSize(text) };
    case "used":
      return text.endsWith("%")
        ? { kind: "percent", percent: readPercent(text) }
        : { kind: "size", bytes: parseSize(text) };
    case "excludes":
    case "secret-kept-in":
      return { kind: "set", items: itemsOf(text) };
    case "metric":
    case "path":
      return { kind: "text", text: text.replace(/(.)\/$/, "$1") };
  }
}

/** Five fields are cron, anything else is systemd's calendar. */
function readSchedule(text: string): Schedule {
  return parseSchedule(text, /^(\S+\s+){4}\S+$/.test(text) || text.startsWith("@") ? "cron" : "systemd");
}

function readRetention(text: string): Value {
  if (text === "latest" || text === "unlimited") return { kind: "text", text };
  const [, count, unit] = /^(\d+) (run|hour|day|week|month)s?$/.exec(text) ?? [];
  if (count === undefined) return { kind: "duration", ms: parseDuration(text) };
  if (unit === "run") return { kind: "text", text: `${count} runs` };
  return { kind: "duration", ms: Number(count) * spanMs[unit as keyof typeof spanMs] };
}

function readLoss(text: string): Value {
  const [, domain, rest] = /^([a-z-]+): *(.+)$/.exec(text) ?? [];
  if (domain === undefined || rest === undefined) return { kind: "duration", ms: parseDuration(text) };
  return { kind: "duration", ms: parseDuration(rest), of: oneOf(domain, domains) };
}

function readPercent(text: string): number {
  const percent = Number(text.slice(0, -1));
  if (!(percent >= 0 && percent <= 100)) throw new Error('isn\'t a share from 0% to 100%. Example: "46%"');
  return percent;
}

function oneOf(text: string, allowed: readonly string[]): string {
  if (allowed.includes(text.toLowerCase())) return text.toLowerCase();
  throw new Error(`isn't one of ${allowed.join(", ")}`);
}

function itemsOf(text: string): string[] {
  return text === "none"
    ? []
    : [
        ...new Set(
          text
            .split(",")
            .map(item => item.trim())
            .filter(item => item !== ""),
        ),
      ].sort();
}

/** Documents round sizes: values that differ by less count as one. */
const sizeTolerance = 0.05;

/** Whether two values can both be true. Values of different kinds, such as 46% and 500GB, say nothing of one another. */
export function agree(a: Value, b: Value, years: readonly number[]): boolean {
  switch (a.kind) {
    case "schedule":
      return b.kind !== "schedule" || sameFirings(a.schedule, b.schedule, years);
    case "duration":
      if (b.kind === "text") return false;
      return (
        b.kind !== "duration" || a.ms === b.ms || (a.of !== undefined && b.of !== undefined && a.of !== b.of)
      );
    case "size":
      return b.kind !== "size" || Math.abs(a.bytes - b.bytes) <= sizeTolerance * Math.max(a.bytes, b.bytes);
    case "percent":
      return b.kind !== "percent" || Math.abs(a.percent - b.percent) < 1;
    case "count":
      return b.kind !== "count" || a.count === b.count;
    case "text":
      return b.kind === "text" && a.text === b.text;
    case "set":
      return b.kind !== "set" || JSON.stringify(a.items) === JSON.stringify(b.items);
  }
}

/** Compared by when they fire, not by letters: "*-*-* 02:00" and "0 2 * * *" are one schedule. */
function sameFirings(a: Schedule, b: Schedule, years: readonly number[]): boolean {
  const [fromMs, toMs] = [Date.UTC(Math.min(...years), 0, 1), Date.UTC(Math.max(...years) + 1, 0, 1)];
  const [left, right] = [a, b].map(schedule => firings(schedule, "UTC", fromMs, toMs));
  return (
    left?.length === right?.length && (left?.every((firing, index) => firing === right?.[index]) ?? false)
  );
}
