/** What is wrong with a regular expression for Prometheus, and what to write instead. */
export interface RegexProblem {
  readonly says: string;
  readonly mend: string;
}

const mostRepeats = 1000;
const classes =
  /^\[:\^?(alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;

/**
 * Why Prometheus refuses a regular expression. It has Go's RE2, which takes time in proportion to the text whatever the
 * pattern, and so has neither what looks ahead or behind nor references back. Prometheus refuses the whole rule file for it.
 */
export function regexProblem(pattern: string): RegexProblem | undefined {
  try {
    const reader = new Reader(pattern);
    reader.alternatives(0, 1);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return { says: error.message, mend: error.mend };
    throw error;
  }
}

class Refused extends Error {
  constructor(
    message: string,
    readonly mend: string,
  ) {
    super(message);
  }
}

/** Reads a pattern by RE2's grammar, left to right. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  /** @param repeats how often what is read is repeated by what is around it */
  alternatives(depth: number, repeats: number): number {
    let most = 1;
    let isFirst = true;
    while (this.at < this.text.length) {
      const next = this.text[this.at];
      if (next === ")") {
        if (depth === 0)
          throw new Refused('has a ")" that closes nothing', 'Write "\\\\)" for a parenthesis itself');
        return most;
      }
      if (next === "|") {
        this.at++;
        isFirst = true;
        continue;
      }
      const read = this.repeated(depth, repeats);
      // Flags match nothing: what repeats behind them repeats what was before.
      if (read === 0 && !isFirst) this.operator();
      isFirst &&= read === 0;
      most = Math.max(most, read);
    }
    if (depth > 0) throw new Refused('lacks a ")"', 'Close it, or write "\\\\(" for a parenthesis itself');
    return most;
  }

  private repeated(depth: number, repeats: number): number {
    const inner = this.atom(depth, repeats);
    if (inner === 0) return 0;
    const operator = this.operator();
    if (operator === undefined) return inner;
    const before = this.at;
    if (this.operator() !== undefined)
      throw new Refused(
        `repeats a repetition ("${this.text.slice(before - 1, this.at)}")`,
        "Leave one of the two out, or put the first in (?:...)",
      );
    const most = inner * Math.max(operator, 1);
    if (most > mostRepeats)
      throw new Refused(`repeats something more than ${mostRepeats} times`, 'Write "*" or "+"');
    return most;
  }

  /** How often an operator repeats what is before it, at most; nothing where there is none. */
  private operator(): number | undefined {
    const rest = this.text.slice(this.at);
    const counted = /^\{(\d+)(?:,(\d*))?\}/.exec(rest);
    if (!counted && !/^[*+?]/.test(rest)) return undefined;
    this.at += counted ? counted[0].length : 1;
    if (this.text[this.at] === "?") this.at++;
    if (!counted) return 1;
    const [whole, least = "0", most] = counted;
    const [from, to] = [Number(least), most === undefined || most === "" ? Number(least) : Number(most)];
    if (from > mostRepeats || to > mostRepeats || to < from)
      throw new Refused(
        `has the count ${whole}`,
        to < from ? "Turn the two counts round" : `Count to ${mostRepeats} at most, or write "*" or "+"`,
      );
    return to;
  }

  private atom(depth: number, repeats: number): number {
    const char = this.text[this.at] ?? "";
    const counted = /^\{\d+(?:,\d*)?\}/.exec(this.text.slice(this.at))?.[0];
    if (counted)
      throw new Refused(`has "${counted}" with nothing before it`, `Write ".${counted}" for any text`);
    if (/[*+?]/.test(char))
      throw new Refused(`has a "${char}" with nothing before it`, `Write ".${char}" for any text`);
    if (char === "(") return this.group(depth, repeats);
    if (char === "[") this.set();
    else if (this.text.startsWith("\\Q\\E", this.at)) return this.skip(4);
    else if (char === "\\") this.escape(false);
    else this.at += [...this.text.slice(this.at)][0]?.length ?? 1;
    return 1;
  }

  private skip(chars: number): number {
    this.at += chars;
    return 0;
  }

  private group(depth: number, repeats: number): number {
    const rest = this.text.slice(this.at);
    if (/^\(\?(<?[=!])/.test(rest))
      throw new Refused(
        `looks ${/^\(\?</.test(rest) ? "behind" : "ahead"} ("${rest.slice(0, 4)}"), which Prometheus' regular expressions can't`,
        'Use two matchers in its place, one with =~ and one with !~, e.g. job=~"a.*",job!~"ab.*"',
      );
    const begins = /^\((?:\?P<\w+>|\?[imsU]*(?:-[imsU]+)?[:)])?/.exec(rest)?.[0] ?? "(";
    if (begins === "(" && rest.startsWith("(?"))
      throw new Refused(
        `has "${rest.slice(0, 4)}", which Prometheus' regular expressions don't have`,
        "Write (?:...) for a group, and (?P<name>...) for one with a name",
      );
    this.at += begins.length;
    // Flags alone, as in (?i).
    if (begins.endsWith(")")) return 0;
    const most = this.alternatives(depth + 1, repeats);
    this.at++;
    return most;
  }

  private set(): void {
    const begin = this.at;
    this.at += this.text[this.at + 1] === "^" ? 2 : 1;
    for (let first = true; first || this.text[this.at] !== "]"; first = false) {
      if (this.at >= this.text.length)
        throw new Refused('lacks a "]"', 'Close it, or write "\\\\[" for a bracket itself');
      const named = this.text.slice(this.at);
      if (named.startsWith("[:") && named.includes(":]")) {
        const known = classes.exec(named);
        if (!known)
          throw new Refused(
            `has the class ${named.slice(0, named.indexOf(":]") + 2)}`,
            "Write e.g. [[:alpha:]]",
          );
        this.at += known[0].length;
        continue;
      }
      const low = this.member();
      if (this.text[this.at] !== "-" || this.text[this.at + 1] === "]") continue;
      this.at++;
      const high = this.member();
      if (low === undefined || high === undefined || high < low)
        throw new Refused(
          `has a range that ends before it begins in ${this.text.slice(begin, this.at)}]`,
          'Turn it round, or put the "-" last',
        );
    }
    this.at++;
  }

  /** A character of a set, as its number; nothing for a class such as \d. */
  private member(): number | undefined {
    if (this.text[this.at] === "\\") return this.escape(true);
    const [char = ""] = [...this.text.slice(this.at)];
    this.at += char.length || 1;
    return char.codePointAt(0);
  }

  private escape(inSet: boolean): number | undefined {
    const rest = this.text.slice(this.at);
    const read = (pattern: RegExp): string | undefined => {
      const found = pattern.exec(rest)?.[0];
      if (found !== undefined) this.at += found.length;
      return found;
    };
    const quoted = inSet ? undefined : read(/^\\Q(?:(?!\\E).)*(?:\\E)?/s);
    // Prometheus puts the whole in (?:...), whose end would be quoted too.
    if (quoted && !quoted.endsWith("\\E"))
      throw new Refused('has a "\\Q" without "\\E"', 'End it with "\\E"');
    if (quoted) return undefined;
    if (read(/^\\[dDsSwW]/) ?? read(/^\\[pP](?:[CLMNPSZ]|\{\^?(?:Any|[CLMNPSZ][a-z]?|[A-Z][A-Za-z_]{3,})\})/))
      return undefined;
    if (!inSet && read(/^\\[AbBzC]/)) {
      if (rest[1] === "C") throw new Refused('has "\\C"', 'Write "." for any character');
      return undefined;
    }
    const hex = read(/^\\x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,6}\})/);
    if (hex) return parseInt(hex.replace(/[\\x{}]/g, ""), 16);
    const octal = read(/^\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/);
    if (octal) return parseInt(octal.slice(1), 8);
    const plain = read(/^\\[afnrtv]|^\\[!-/:-@[-`{-~]/);
    if (plain) return plain.codePointAt(1);
    if (/^\\[1-9]/.test(rest))
      throw new Refused(
        `refers back to a group ("${rest.slice(0, 2)}"), which Prometheus' regular expressions can't`,
        "Write out what it may match, e.g. (?:aa|bb)",
      );
    throw new Refused(
      rest === "\\"
        ? 'ends with a "\\"'
        : `has "${rest.slice(0, 2)}", which Prometheus' regular expressions don't have`,
      'Write "\\\\\\\\" for a backslash itself, or the character without one',
    );
  }
}
