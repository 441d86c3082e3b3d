/** Up to three names that a misspelt one may have meant, nearest first: a third of its letters may differ. */
export function nearest(name: string, known: Iterable<string>): string[] {
  return [...known]
    .map(candidate => ({ candidate, distance: distance(name, candidate) }))
    .filter(({ distance }) => distance <= Math.max(1, name.length / 3))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Letters to insert, remove or replace, and neighbours to exchange (Levenshtein, with the slip of two fingers). */
function distance(a: string, b: string): number {
  const [from, to] = [[...a], [...b]];
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of from.entries()) {
    const next = [index + 1];
    for (const [column, other] of to.entries()) {
      const areTurned = column > 0 && letter === to[column - 1] && from[index - 1] === other;
      next.push(
        Math.min(
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
          (row[column] ?? 0) + (letter === other ? 0 : 1),
          areTurned ? (before[column - 1] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}

/**
 * The name that another one is a slip of: one letter more, less or other, or two turned round. Names of a row ("dc1" and
 * "dc2", "site-a" and "site-b") differ on purpose.
 */
export function slipOf(name: string, known: Iterable<string>): string | undefined {
  return [...known].find(other => other !== name && isSlip(name, other) && !areOfOneRow(name, other));
}

/** Whether one is the other but for a letter, or two turned round. */
export function isSlip(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < 3 || Math.abs(a.length - b.length) > 1) return false;
  // One slip leaves the first letter or the last one.
  if (a === b || (a[0] !== b[0] && a.at(-1) !== b.at(-1))) return false;
  const [ours, theirs] = fromDifference(a, b);
  return (
    ours.slice(1) === theirs.slice(1) ||
    ours.slice(1) === theirs ||
    ours === theirs.slice(1) ||
    isTurnedAtStart(ours, theirs)
  );
}

/** Two names from the first letter on in which they differ. Not by a distance: of thousands of names, each is compared with each. */
function fromDifference(a: string, b: string): [string, string] {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return [a.slice(at), b.slice(at)];
}

function isTurnedAtStart(ours: string, theirs: string): boolean {
  return ours[0] === theirs[1] && ours[1] === theirs[0] && ours.slice(2) === theirs.slice(2);
}

function areOfOneRow(a: string, b: string): boolean {
  const withoutNumbers = (text: string): string => text.replace(/\d+/g, "");
  if (withoutNumbers(a) === withoutNumbers(b)) return true;
  return a.length === b.length && a.slice(0, -1) === b.slice(0, -1);
}

/**
 * The same of words as people form them, in any language: what has another ending ("film" and "filme"), a letter in front of a short word
 * ("mail" and "email"), another short word ("lan" and "lab") or an accent is a name of its own.
 */
export function wordSlipOf(name: string, known: Iterable<string>): string | undefined {
  const ours = bare(name);
  return [...known].find(other => slipOf(ours, [bare(other)]) !== undefined && isSlipOfWord(name, other));
}

const longWord = 6;
const shortestWord = 4;

function isSlipOfWord(name: string, other: string): boolean {
  const [ours, theirs] = [wordsOf(name), wordsOf(other)];
  const differing = ours.flatMap((word, index) =>
    word === theirs[index] ? [] : [[word, theirs[index] ?? ""]],
  );
  const [pair, second] = differing;
  const isOneOf = pair && second === undefined && ours.length === theirs.length;
  const [shorter = "", longer = ""] = (isOneOf ? pair : [ours.join(""), theirs.join("")]).sort(
    (a, b) => a.length - b.length,
  );
  if (isOneOf && ours.length > 1 && isSlipOfFingers(shorter, longer)) return true;
  if (shorter === longer || shorter.length < shortestWord) return false;
  if (longer.startsWith(shorter)) return shorter.length >= longWord && !/[aeinosy]$/.test(longer);
  return shorter.length >= longWord || !longer.endsWith(shorter);
}

/**
 * What makes no other word of a short one, where the words beside it are the same: two letters turned round ("no-call"), another one
 * doubled ("nfs-sdd"), one that is left out inside ("on-cll"), or one of two that are alike ("on-cal").
 */
function isSlipOfFingers(shorter: string, longer: string): boolean {
  const lettersOf = (text: string): string => [...new Set(text)].sort().join("");
  if (shorter.length === longer.length)
    return isTurned(shorter, longer) || (shorter.length >= 3 && lettersOf(shorter) === lettersOf(longer));
  const isEnding = longer.startsWith(shorter) && longer.at(-1) !== shorter.at(-1);
  return (
    shorter.length >= 3 && longer.length === shorter.length + 1 && !isEnding && !longer.endsWith(shorter)
  );
}

/** Whether two neighbours are turned round, and all else is the same. */
export function isTurned(a: string, b: string): boolean {
  return a !== b && isTurnedAtStart(...fromDifference(a, b));
}

export function wordsOf(name: string): string[] {
  return bare(name).split(/[-_.\s]+/);
}

/** Without capitals and accents. */
function bare(name: string): string {
  return name.toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "").replaceAll("ł", "l");
}
