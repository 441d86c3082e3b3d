import { askCommand } from "../../plan/contracts/ask-command";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import { shell } from "../../host-scripts/runtime/shell";
import type { WayContext } from "../../host-scripts/runtime/ways";
import { called } from "./cluster-dump";
import { wholeServer } from "./dumps-asked";
import { folderName, folderOf } from "./folder";
import { formerDumpsOf } from "./manifest";
import { namesThere, otherName } from "./names";
import type { RestoreClient } from "./restore-client";
import { endRestoring, isBack, noteRenamed, readRestoring, type Restoring } from "./restoring";

/**
 * Gives databases their names back that a restore which was cut had taken; nothing is dropped, as it may be anybody's by now.
 * What it has made in the place of nothing, or of what it had dumped, stays on record until that is restored.
 */
export async function putBackCut(
  { config, log }: WayContext<ClusterDumpConfig>,
  client: RestoreClient,
): Promise<void> {
  const cut = readRestoring(config);
  if (!cut) return;
  const there = await namesThere(client);
  for (const { name, other, from } of cut.renamed) {
    const isMade = there.has(name) && (from === undefined ? there.has(other) : !there.has(from));
    if (isMade) {
      const half = from ?? otherName(name, "cut", there);
      log.warn(`what a restore that was cut has made of ${called(name)} is ${called(half)} now`);
      await client.ask("aside", { name, other: half });
    }
    if (!there.has(other)) continue;
    await client.ask("aside", { name: other, other: name });
    log.warn(`${called(name)} is what it was before that restore`);
  }
  if (isBack(cut))
    noteRenamed(
      config,
      cut.renamed.flatMap(({ name, from }) => (from === undefined ? [] : { name, other: from })),
    );
  const { database, renamed, former, isBeside } = cut;
  const isGone = former === undefined && database !== "" && !there.has(database);
  if (renamed.length > 0 || isBeside || isGone) endRestoring(config);
  else log.warn(stillCut(cut));
}

/** What is told of one of which nothing could be put back. */
export function stillCut({ database, former }: Restoring): string {
  const was = former === undefined ? "nothing was there before" : `what was there before is in ${former}`;
  return `a restore of ${called(database)} was cut, and ${was}`;
}

/** What to type then. */
export function nextOfCut(
  config: ClusterDumpConfig,
  { database, former, renamed, isBeside }: Restoring,
): string {
  const { seen, job } = config;
  if (renamed.length > 0 || isBeside)
    return shell`${askCommand(seen.namespace, job, "restore")}   (any restore first puts back what was there; after it, all is dumped again)`;
  const restore = `restore ${database === "" ? wholeServer : folderName(database)}`;
  const kept = formerDumpsOf(folderOf(config, database)).find(({ manifest: { file } }) => file === former);
  return kept
    ? shell`${askCommand(seen.namespace, job, `${restore} --at ${kept.manifest.startedAt}`)}   (what was there before; or without --at the newest dump. After it, all is dumped again)`
    : shell`${askCommand(seen.namespace, job, restore)}   (after it, all is dumped again)`;
}
