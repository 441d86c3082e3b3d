/** A key that an object of a JSON text has a second time: `JSON.parse` would keep the last of the two and say nothing. */
export interface DoubledKey {
  readonly key: string;
  /** Keys and indices down to the object, e.g. ["services"]. */
  readonly path: readonly (string | number)[];
  /** Lines of both, from 1. */
  readonly lines: readonly [number, number];
}

/** A key that is dropped takes its colon along: a megabyte of JSON is counted far sooner than read. */
function isAllThere(text: string, data: unknown): boolean {
  try {
    return !/\\u003a/i.test(text) && colonsOf(text) === colonsOf(JSON.stringify(data));
  } catch {
    // It is too deep to be written.
    return false;
  }
}

function colonsOf(json: string): number {
  let count = 0;
  for (let at = json.indexOf(":"); at >= 0; at = json.indexOf(":", at + 1)) count++;
  return count;
}

interface Level {
  readonly keys?: Map<string, number>;
  /** The key or index that is being read. */
  at: string | number;
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:\n]/g;

/**
 * The keys that are there twice in JSON.
 * @param text what was parsed: only what is well-formed can be read so simply
 * @param data what the parser made of it
 */
export function doubledKeys(text: string, data: unknown): DoubledKey[] {
  if (isAllThere(text, data)) return [];
  const found: DoubledKey[] = [];
  const levels: Level[] = [];
  let [line, expectsKey] = [1, false];
  for (const [token] of text.matchAll(tokens)) {
    const level = levels.at(-1);
    if (token === "\n") line++;
    else if (token === "{") levels.push({ keys: new Map(), at: "" });
    else if (token === "[") levels.push({ at: 0 });
    else if (token === "}" || token === "]") levels.pop();
    else if (token === "," && level && !level.keys) level.at = Number(level.at) + 1;
    else if (token.startsWith('"') && expectsKey && level?.keys) {
      const key = token.includes("\\") ? String(JSON.parse(token)) : token.slice(1, -1);
      const earlier = level.keys.get(key);
      if (earlier !== undefined)
        found.push({ key, path: levels.slice(0, -1).map(({ at }) => at), lines: [earlier, line] });
      level.keys.set(key, line);
      level.at = key;
    }
    if (token !== "\n") expectsKey = token === "{" || (token === "," && levels.at(-1)?.keys !== undefined);
  }
  return found;
}
