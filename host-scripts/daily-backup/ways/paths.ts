import { exitCodes, Refusal, RunnerError } from "../../runtime/errors";
import { quoted } from "../../runtime/quoted";
import { shell } from "../../runtime/shell";
import { inTree, statIn } from "../../runtime/tree-path";
import { typedPath } from "../../runtime/typed-path";
import type { RestoreRequest } from "../../runtime/ways";
import type { KeptCopy } from "./copies";

/**
 * Paths in a copy that are asked for, byte by byte as latin1, none of them below another one; undefined for all of it.
 * @throws {RunnerError} where there can be none, and for what the copy hasn't
 */
export function pathsIn(
  { kind, folder }: KeptCopy,
  { what: [, ...typed] }: Pick<RestoreRequest, "what">,
): readonly string[] | undefined {
  if (typed.length === 0) return undefined;
  if (kind !== "files") throw usage(`paths are of a volume's files, and these are its ${kind}`);
  const paths = [...new Set(typed.map(pathOf))];
  for (const path of paths)
    if (statIn(folder, path) === undefined)
      throw new Refusal(
        `the copy has no ${quoted(Buffer.from(path, "latin1"))}`,
        shell`ls -la --quoting-style=escape ${inTree(folder, "")}`,
      );
  return paths.filter(path => !paths.some(other => path.startsWith(`${other}/`)));
}

function pathOf(typed: string): string {
  const path = typedPath(typed);
  if (path === undefined)
    throw usage(`${quoted(typed)} is no path in a volume, expected one such as "library/album"`);
  return path;
}

function usage(failed: string): RunnerError {
  const next = "daily-backup --help";
  return new RunnerError(exitCodes.usage, { failed, kept: "Nothing was changed.", next });
}
