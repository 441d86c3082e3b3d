import { sumOfLines } from "./release-manifest";

/** An alerting rule, however somebody writes it down. */
export interface WrittenRule {
  readonly expr: string;
  /** How long its condition holds before it fires, in seconds. */
  readonly forS: number;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A sum that is the same for a rule as it was given to Prometheus and as that says it: in a way of its own. What an expression is made
 * of is compared, without its order, which is another one there.
 */
export function ruleSum({ expr, forS, labels }: WrittenRule): string {
  const sorted = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
  return sumOfLines(JSON.stringify([wordsOf(expr), forS, sorted]));
}

const text = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/;
/** How far back: `[1d:5m]`, `offset 60m`. */
const back = /\[[^\]]*\]|\boffset\s+-?\s*\w+/;
const number = /0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/;
const operator = /[=!<>]=|[=!]~|[-=<>*/%^]/;
const part = new RegExp(
  [text, /#.*/, back, number, /[a-z_:][\w:]*/, operator].map(({ source }) => source).join("|"),
  "gi",
);

function wordsOf(expr: string): string {
  const words = (expr.match(part) ?? []).flatMap(each => {
    // Which quotes, and so which backslashes, are Prometheus' own there.
    if (/^["'`]/.test(each)) return JSON.stringify(each.slice(1, -1).replaceAll("\\", ""));
    if (each.startsWith("#")) return [];
    if (/^(?:\[|offset\s)/i.test(each)) return inMs(each.replace(/\s/g, "").toLowerCase());
    return /^[\d.]/.test(each) ? String(Number(each)) : each.toLowerCase();
  });
  return words.sort().join(" ");
}

const unitMs: Readonly<Record<string, number>> = {
  ...{ ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
  ...{ d: 86_400_000, w: 604_800_000, y: 31_536_000_000 },
};

/** With its durations in one unit, as "60m" is "1h" there. */
function inMs(range: string): string {
  return range.replace(/(?:\d+(?:ms|[smhdwy]))+/g, duration =>
    String(
      [...duration.matchAll(/(\d+)([a-z]+)/g)].reduce(
        (sum, [, count, unit = ""]) => sum + Number(count) * (unitMs[unit] ?? 0),
        0,
      ),
    ),
  );
}
