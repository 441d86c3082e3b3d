/** A literal that Prometheus doesn't read, and what to write instead. */
export class LiteralProblem extends Error {
  constructor(
    says: string,
    readonly mend: string,
  ) {
    super(says);
  }
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
/** What 64 bits hold in nanoseconds: 292 years. */
const longestMs = 2 ** 63 / 1e6;

/** Milliseconds of a duration such as "1h30m". @throws {LiteralProblem} for what isn't one, is nothing or is beyond 292 years */
export function durationMs(text: string): number {
  const parts = [...text.toLowerCase().matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== text.toLowerCase())
    throw new LiteralProblem(
      `has the duration "${text}"`,
      /^\d+$/.test(text)
        ? `Write ${text}s if seconds are meant`
        : "Write whole numbers with units, e.g. 36h or 1d12h",
    );
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ""] ?? 0), 0);
  if (ms > longestMs)
    throw new LiteralProblem(`has the duration "${text}", beyond 292 years`, "Write a shorter one");
  return ms;
}

/** @throws {LiteralProblem} for a duration in a number's place, and for what is no number of 64 bits */
export function numberOf(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const bare = text.replace(/^[-+]/, "").toLowerCase();
  if (/^inf/.test(bare)) return sign * Infinity;
  if (bare === "nan") return NaN;
  if (/^\d+(ms|[smhdwy])/.test(bare)) {
    const seconds = durationMs(bare) / 1000;
    throw new LiteralProblem(
      `has the duration "${text}" in the place of a number, which Prometheus before 3.0 doesn't take`,
      `Write ${sign * seconds}, in seconds`,
    );
  }
  const value = Number(bare);
  if (!Number.isFinite(value))
    throw new LiteralProblem(`has the number ${text}`, "Write a number, e.g. 1000 or 1e3");
  return sign * value;
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

/** A literal as it is meant: Go's escapes in quotes, none in backticks; a bare label as it stands. @throws {LiteralProblem} */
export function unquoted(text: string): string {
  const quote = text[0];
  if (quote === "`") return text.slice(1, -1);
  if (quote !== '"' && quote !== "'") return text;
  return text
    .slice(1, -1)
    .replace(
      /\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-3][0-7]{2}|.)/gs,
      (whole, escape: string) => {
        if (escape === quote) return escape;
        const known = escapes[escape];
        if (known !== undefined) return known;
        if (escape.length === 1)
          throw new LiteralProblem(
            `has the escape ${whole} in ${text}`,
            `Write \\${whole} for a backslash itself, or put the text in backticks`,
          );
        const isOctal = /^[0-3]/.test(escape);
        const code = parseInt(isOctal ? escape : escape.slice(1), isOctal ? 8 : 16);
        return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
      },
    );
}
