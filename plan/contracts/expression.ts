/**
 * An expression of Prometheus or Alertmanager, which match all of a text, as JavaScript's own.
 * @param flags "s" where a dot stands for an end of a line too, as Prometheus has it
 * @returns nothing for one that JavaScript can't read or would read otherwise, or might take for ever over, as it tries one way after the
 * other where Go's RE2 goes all at once: what it matches isn't known then
 */
export function readExpression(text: string, flags: "" | "s"): RegExp | undefined {
  const [start = "", own = ""] = /^\(\?([is]+)\)/.exec(text) ?? [];
  const pattern = text.slice(start.length);
  if (isReadOtherwise(pattern) || mayTakeForEver(pattern)) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`, [...new Set(flags + own)].join(""));
  } catch {
    return undefined;
  }
}

/** What is one character to both. */
const escaped = /\\(?:[^A-Za-z0-9]|[dDsSwWbBfnrtv]|x[0-9A-Fa-f]{2})/gs;

/** Other escapes, such as \pL and \Q, a set that begins with "]", [:alpha:], and groups with flags or names: JavaScript takes most of these for something else. */
function isReadOtherwise(pattern: string): boolean {
  return /\\|\[\^?\]|\[:|\(\?(?!:)/.test(pattern.replace(escaped, "x"));
}

const mostRepetitions = 4;
/** Each of them doubles the ways. */
const mostOptions = 8;

/** Whether a group that repeats, or that holds a choice, is itself repeated, or there are many repetitions in a row, or much that may be left out. */
function mayTakeForEver(pattern: string): boolean {
  // What is escaped or in a set repeats nothing.
  const bare = pattern
    .replace(/\\./gs, "x")
    .replace(/\[[^\]]*\]/g, "x")
    .replaceAll("(?:", "(");
  const repetition = /(?:[*+]|\{\d+(?:,\d*)?\})\??/g;
  const repetitionsOf = (part: string): number => part.match(repetition)?.length ?? 0;
  const options = bare.replace(repetition, "").match(/\?/g)?.length ?? 0;
  const isRepeatedGroup = /\)(?:[*+]|\{\d)/.test(bare);
  // Of one choice, one part alone is gone through at a time.
  const inARow = bare.split("(").length > 2 ? [bare] : bare.split("|");
  return (
    inARow.some(part => repetitionsOf(part) > mostRepetitions) ||
    options > mostOptions ||
    (isRepeatedGroup && (repetitionsOf(bare) > 1 || options > 0 || bare.includes("|")))
  );
}
