import { sumOfLines } from "./release-manifest";

/** An alerting rule, however somebody writes it down. */
export interface WrittenRule {
  readonly expr: string;
  /** How long its condition holds before it fires, in seconds. */
  readonly forS: number;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A sum that is the same for a rule as it was given to Prometheus and as that says it: in a way of its own. An expression's texts, names
 * and numbers are compared, without their order and ranges.
 */
export function ruleSum({ expr, forS, labels }: WrittenRule): string {
  const sorted = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
  return sumOfLines(JSON.stringify([wordsOf(expr), forS, sorted]));
}

function wordsOf(expr: string): string {
  const words = expr
    .replace(/\[[^\]]*\]|\boffset\s+\S+/g, " ")
    .match(/"(?:[^"\\]|\\.)*"|[A-Za-z_:][\w:]*|\d+(?:\.\d+)?(?:e[+-]?\d+)?/g);
  const numbered = (words ?? []).map(word => (/^\d/.test(word) ? String(Number(word)) : word));
  return numbered.sort().join(" ");
}
