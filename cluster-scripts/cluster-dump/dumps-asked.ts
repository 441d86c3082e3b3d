import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import { Refusal } from "../../host-scripts/runtime/errors";
import { momentText } from "../../host-scripts/runtime/moment";
import { allFolders, folderName } from "./folder";
import { type Dump, dumpsOf, formerDumpsOf, goodDumpsOf, newestGoodOf } from "./manifest";

/** Word for what the whole server has, in place of a database's. */
export const wholeServer = ".";

/** Folders with dumps: of one thing, or all. @throws {Refusal} for what has none */
export function foldersAsked(config: Pick<ClusterDumpConfig, "target">, word: string | undefined): string[] {
  const all = allFolders(config).filter(folder => dumpsOf(folder).length > 0);
  if (word === undefined) return all;
  const folder = word === wholeServer ? config.target : join(config.target, folderName(word));
  // A word that is typed as `list` prints it, or as the database is called.
  const named =
    word !== wholeServer && readdirSync(config.target).includes(word) ? join(config.target, word) : folder;
  if (all.includes(named)) return [named];
  throw new Refusal(`there is no dump of "${word}"`, "the same with list, which names all that there are");
}

/**
 * The dump of each thing that a restore brings back: the newest good one that is not younger; one that a restore took the
 * place of only by its own time.
 * @throws {Refusal} where there is none
 */
export function dumpsAsked(
  config: Pick<ClusterDumpConfig, "target">,
  word: string | undefined,
  atMs: number | undefined,
): Dump[] {
  const found = foldersAsked(config, word).flatMap((folder): Dump[] => {
    const exact = formerDumpsOf(folder).find(
      ({ manifest: { startedAt } }) =>
        atMs !== undefined && secondOf(Date.parse(startedAt)) === secondOf(atMs),
    );
    const newest =
      atMs === undefined
        ? newestGoodOf(folder)
        : goodDumpsOf(folder).findLast(({ manifest: { startedAt } }) => Date.parse(startedAt) <= atMs);
    const dump = exact ?? newest;
    return dump ? [dump] : [];
  });
  if (found.length > 0) return found.sort((a, b) => rank(a) - rank(b));
  throw new Refusal(
    `there is no good dump${word === undefined ? "" : ` of "${word}"`}${atMs === undefined ? "" : ` of ${momentText(atMs)} or before`}`,
    "the same with list, which says of when they are",
  );
}

/** As the lists show an instant. */
function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

/** What all databases need comes first; accounts that this one is done as may change with the last. */
export function rank({ manifest: { database } }: Dump): number {
  return database === "" ? 0 : database === "mysql" ? 2 : 1;
}
