import { type Value, type Values, assetKind, isMap, plain } from "./values";

export type ChangeKind = "add" | "delete" | "update";

/** Changes by property path, e.g. `environment.HOME` or `triggers[0]`. Empty when nothing differs. */
export type Changes = ReadonlyMap<string, ChangeKind>;

/**
 * What differs between two sets of properties, down to the single leaf, so that the engine can show a change of one line
 * as that line. Secret markers don't count as a difference; assets differ by content, not by path.
 */
export function changes(olds: Values, news: Values): Changes {
  const found = new Map<string, ChangeKind>();
  compareMaps("", olds, news, found);
  return found;
}

function compare(
  path: string,
  left: Value | undefined,
  right: Value | undefined,
  found: Map<string, ChangeKind>,
) {
  const old = left === undefined ? undefined : plain(left);
  const now = right === undefined ? undefined : plain(right);
  if (old === undefined && now === undefined) return;
  if (old === undefined) found.set(path, "add");
  else if (now === undefined) found.set(path, "delete");
  else if (assetKind(old) !== undefined && assetKind(old) === assetKind(now)) {
    if (!sameContent(old, now)) found.set(path, "update");
  } else if (Array.isArray(old) && Array.isArray(now)) {
    for (let i = 0; i < Math.max(old.length, now.length); i++)
      compare(`${path}[${i}]`, old[i], now[i], found);
  } else if (isMap(old) && isMap(now)) compareMaps(path, old, now, found);
  else if (old !== now) found.set(path, "update");
}

function compareMaps(path: string, old: Values, now: Values, found: Map<string, ChangeKind>): void {
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)]))
    compare(pathOf(path, key), old[key], now[key], found);
}

/** @see https://www.pulumi.com/docs/iac/concepts/miscellaneous/property-paths/ */
function pathOf(path: string, key: string): string {
  if (/^[A-Za-z_$][\w$-]*$/.test(key)) return path === "" ? key : `${path}.${key}`;
  return `${path}["${key.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"]`;
}

/** First key of a property path: `triggers` of `triggers[0]`. */
export function topKey(path: string): string {
  return /^\["((?:[^"\\]|\\.)*)"\]/.exec(path)?.[1] ?? path.split(/[.[]/, 1)[0] ?? path;
}

/** The engine gives each asset the hash of its content. */
function sameContent(old: Value, now: Value): boolean {
  const [left, right] = [old, now].map(value => (isMap(value) ? value["hash"] : undefined));
  return left === undefined || right === undefined
    ? JSON.stringify(old) === JSON.stringify(now)
    : left === right;
}
