import { Refusal } from "../../host-scripts/runtime/errors";
import type { Answer, RestoreRequest, WayContext } from "../../host-scripts/runtime/ways";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import { called } from "./cluster-dump";
import { namesThere, otherName } from "./names";
import { putBackCut } from "./restore-one";
import { RestoreClient } from "./restore-client";
import { endRestoring, noteRenamed, noteRestoring, readRenamed, type Renamed } from "./restoring";

type Context = WayContext<ClusterDumpConfig>;

/**
 * Undoes the last restore: each thing that it has moved aside takes its place again, and what is there is moved aside in its turn. So
 * the same again undoes this. Nothing is dropped, and no dump is read.
 */
export async function goBack(
  { what, atMs, dryRun, switches }: RestoreRequest,
  context: Context,
): Promise<Answer> {
  const { config, stop } = context;
  if (what.length > 0 || atMs !== undefined || switches.size > 1)
    throw new Refusal("it is the last restore that is undone, all of it", "restore --back");
  const client = await RestoreClient.meet(config, stop, "restore");
  try {
    if (!dryRun) await putBackCut(context, client);
    const there = await namesThere(client);
    const last = readRenamed(config);
    const gone = last.find(({ other }) => !there.has(other));
    if (last.length === 0 || gone)
      throw new Refusal(
        gone
          ? `${called(gone.other)}, which ${called(gone.name)} was, is there no more`
          : "no restore has given anything another name since it is noted",
        "list   (a dump of before a restore is told so there, and comes back by --at)",
      );
    const lines: string[] = [];
    const renamed: Renamed = [];
    for (const [index, { name, other }] of last.entries()) {
      const undone = otherName(name, "undone");
      lines.push(
        `${called(name)} ${dryRun ? "would be" : "is"} what is called ${called(other)}`,
        ...(there.has(name) ? [`  what it was is ${called(undone)}`] : []),
      );
      if (dryRun) continue;
      noteRestoring(config, { database: name, renamed: [{ name, other: undone }] });
      if (there.has(name)) await client.ask("aside", { name, other: undone });
      await client.ask("aside", { name: other, other: name });
      endRestoring(config);
      if (there.has(name)) renamed.push({ name, other: undone });
      noteRenamed(config, [...renamed, ...last.slice(index + 1)]);
    }
    return { text: lines.join("\n"), result: { lines } };
  } finally {
    client.close();
  }
}
