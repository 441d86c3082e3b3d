import type { BreakGlassSet } from "./archive";
import { type SetFile, sha256Of } from "./files";
import { pagesFolder, secretsFolder } from "./contents";

/** In what a set isn't the one that would be made now, a line each; never a secret's text. */
export function differences(set: BreakGlassSet, now: readonly SetFile[]): string[] {
  const kept = new Map(set.files.map(({ path, bytes }) => [path, sha256Of(bytes)]));
  const wanted = new Map(now.map(({ path, bytes }) => [path, sha256Of(bytes)]));
  return [
    ...[...wanted.keys()].filter(path => !kept.has(path)).map(path => `${path} isn't in it`),
    ...[...kept.keys()]
      .filter(path => !wanted.has(path))
      .map(path => `${path} is in it, and nothing needs it any more`),
    // The pages follow from the estate, which is compared itself.
    ...[...wanted]
      .filter(
        ([path, hash]) => kept.has(path) && kept.get(path) !== hash && !path.startsWith(`${pagesFolder}/`),
      )
      .map(([path]) => `${path} ${changed(path)}`),
  ];
}

function changed(path: string): string {
  if (path === "estate.json") return "is an earlier estate";
  if (path.startsWith(`${secretsFolder}/`)) return "is an earlier secret";
  return "is an earlier one";
}
