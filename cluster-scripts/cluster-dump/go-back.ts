import { exitCodes, messageOf, Refusal, RunnerError } from "../../host-scripts/runtime/errors";
import type { Answer, RestoreRequest, WayContext } from "../../host-scripts/runtime/ways";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import { called } from "./cluster-dump";
import { namesThere, otherNames } from "./names";
import { refuseBesideOthers, refuseWithoutRecord } from "./others";
import { isPutBack, nextOfCut, putBackCut, stillCut } from "./put-back-cut";
import { RestoreClient } from "./restore-client";
import { isBack, noteRenamed, readRenamed, readRestoring, noteRestoring } from "./restoring";

type Context = WayContext<ClusterDumpConfig>;

/**
 * Undoes the last restore: each thing that it has moved aside takes its place again, and what is there is moved aside in its turn. So
 * the same again undoes this. Nothing is dropped, and no dump is read. One that is cut is put back by the next: it does all or nothing.
 */
export async function goBack(
  { what, atMs, into, dryRun, switches }: RestoreRequest,
  context: Context,
): Promise<Answer> {
  const { config, stop } = context;
  if (what.length > 0 || atMs !== undefined || into !== undefined || switches.size > 1)
    throw new Refusal("it is the last restore that is undone, all of it", "restore --back");
  const client = await RestoreClient.meet(config, stop, "restore");
  try {
    await refuseBesideOthers(config, client);
    await refuseWithoutRecord(config, client);
    const open = readRestoring(config);
    const left = dryRun ? open.filter(each => !isPutBack(each)) : await putBackCut(context, client, open);
    const cut = open.at(-1);
    // It is the last one. What an earlier one has put aside may be of long ago.
    if (cut && !isBack(cut)) {
      const still = left.find(({ database }) => database === cut.database);
      if (still) throw new Refusal(stillCut(still), nextOfCut(config, still));
      const has = dryRun ? "would be" : "is";
      return answer([
        `the last restore, of ${called(cut.database)}, was cut: what was there ${has} called as before it`,
      ]);
    }
    const there = await namesThere(client);
    const last = readRenamed(config);
    const gone = last.find(({ other }) => !there.has(other));
    if (last.length === 0 || (gone && !(cut && dryRun)))
      throw new Refusal(
        gone
          ? `${called(gone.other)}, which ${called(gone.name)} was, is there no more`
          : "no restore has given anything another name since it is noted",
        "list   (a dump of before a restore is told so there, and comes back by --at)",
      );
    const undone = otherNames(
      last.map(({ name }) => name),
      "undone",
      there,
    );
    const renamed = undone.map((each, index) => ({ ...each, from: last[index]?.other ?? "" }));
    const lines = renamed.flatMap(({ name, other, from }) => [
      `${called(name)} ${dryRun ? "would be" : "is"} what is called ${called(from)}`,
      ...(there.has(name) ? [`  what it was is ${called(other)}`] : []),
    ]);
    if (dryRun) return answer(lines);
    const own = { database: last.length === 1 ? (last[0]?.name ?? "") : "", renamed };
    await noteRestoring(context, client, [...left, own]);
    try {
      for (const { name, other, from } of renamed) {
        if (there.has(name)) await client.ask("aside", { name, other });
        await client.ask("aside", { name: from, other: name });
      }
    } catch (error) {
      stop.check("restore");
      await putBackCut(context, client, [...left, own]);
      throw new RunnerError(exitCodes.failed, {
        failed: `the last restore isn't undone: ${messageOf(error)}`,
        kept: "All is called as it was.",
        next: "the same again, once nothing uses it any more (kubectl scale what does to 0)",
      });
    }
    noteRenamed(
      config,
      undone.filter(({ name }) => there.has(name)),
    );
    await noteRestoring(
      context,
      client,
      left.filter(({ database }) => !undone.some(({ name }) => name === database)),
    );
    return answer(lines);
  } finally {
    client.close();
  }
}

function answer(lines: readonly string[]): Answer {
  return { text: lines.join("\n"), result: { lines } };
}
