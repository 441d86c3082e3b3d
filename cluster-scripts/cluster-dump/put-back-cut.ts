import { askCommand } from "../../plan/contracts/ask-command";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import type { Log } from "../../host-scripts/runtime/log";
import { shell } from "../../host-scripts/runtime/shell";
import type { WayContext } from "../../host-scripts/runtime/ways";
import { called } from "./cluster-dump";
import { wholeServer } from "./dumps-asked";
import { folderName, folderOf } from "./folder";
import { formerDumpsOf } from "./manifest";
import { namesThere, otherName } from "./names";
import type { RestoreClient } from "./restore-client";
import { isBack, noteRenamed, type Restoring, noteRestoring } from "./restoring";

/**
 * Gives databases their names back that restores which were cut had taken, the last one's first; nothing is dropped, as it may be anybody's by now.
 * What one has made in the place of nothing, or of what it had dumped, stays on record until that is restored.
 * @param open those that are on record @returns those of them that stay
 */
export async function putBackCut(
  context: WayContext<ClusterDumpConfig>,
  client: RestoreClient,
  open: readonly Restoring[],
): Promise<readonly Restoring[]> {
  const { config, log } = context;
  const stay: Restoring[] = [];
  for (const cut of [...open].reverse()) {
    const there = await namesThere(client);
    await putBack(cut, there, client, log);
    if (isBack(cut))
      noteRenamed(
        config,
        cut.renamed.flatMap(({ name, from }) => (from === undefined ? [] : { name, other: from })),
      );
    const { database, former } = cut;
    const isGone = former === undefined && database !== "" && !there.has(database);
    if (!isPutBack(cut) && !isGone) stay.unshift(cut);
  }
  for (const cut of stay) log.warn(stillCut(cut));
  if (open.length > 0) await noteRestoring(context, client, stay);
  return stay;
}

/** Whether all that it did to the server is undone by names alone. */
export function isPutBack({ renamed, isBeside }: Restoring): boolean {
  return renamed.length > 0 || isBeside === true;
}

async function putBack(
  { renamed }: Restoring,
  there: ReadonlySet<string>,
  client: RestoreClient,
  log: Log,
): Promise<void> {
  for (const { name, other, from } of renamed) {
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
}

/** What is told of one of which nothing could be put back. */
export function stillCut({ database, former }: Restoring): string {
  const was = former === undefined ? "nothing was there before" : `what was there before is in ${former}`;
  return `a restore of ${called(database)} was cut, and ${was}`;
}

/** What to type then. */
export function nextOfCut(config: ClusterDumpConfig, cut: Restoring): string {
  const { database, former } = cut;
  const { seen, job } = config;
  if (isPutBack(cut))
    return shell`${askCommand(seen.namespace, job, "restore --back")}   (what was there is called as before; so it is by any other restore. After it, all is dumped again)`;
  const restore = `restore ${database === "" ? wholeServer : folderName(database)}`;
  const kept = formerDumpsOf(folderOf(config, database)).find(({ manifest: { file } }) => file === former);
  return kept
    ? shell`${askCommand(seen.namespace, job, `${restore} --at ${kept.manifest.startedAt}`)}   (what was there before; or without --at the newest dump. After it, all is dumped again)`
    : shell`${askCommand(seen.namespace, job, restore)}   (after it, all is dumped again)`;
}
