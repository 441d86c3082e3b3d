import { join } from "node:path";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import { exitCodes, messageOf, RunnerError } from "../../host-scripts/runtime/errors";
import type { WayContext } from "../../host-scripts/runtime/ways";
import { called, type ClusterDump } from "./cluster-dump";
import type { Manifest } from "../../plan/contracts/dump-manifest";
import { changeOf, isServersOwn, make, renamedBy } from "./make";
import type { Dump } from "./manifest";
import { namesThere } from "./names";
import { nextOfCut } from "./put-back-cut";
import type { RestoreClient } from "./restore-client";
import { readRestoring, type Renamed, type Restoring, noteRestoring } from "./restoring";
import { contentOf, takeDump } from "./take";

/** It isn't restored, and what was there is there: others may be restored all the same. */
export class PutBack extends RunnerError {}

type Context = WayContext<ClusterDumpConfig>;

/** @returns what became of it, for a person, and what is called otherwise since @throws {RunnerError} when what was there is there again */
export async function restoreOne(
  context: Context,
  client: RestoreClient,
  dump: Dump,
  beside: boolean,
): Promise<{ readonly text: string; readonly renamed: Renamed }> {
  const { config, log, stop } = context;
  const { folder, manifest } = dump;
  const { database, file, form } = manifest;
  const there = await namesThere(client);
  const change = changeOf(manifest, there, beside);
  const { as, touched, former } = change;
  const kept =
    former === "dumped" && (touched.length > 0 || database === "")
      ? await dumpFormer(context, client, manifest)
      : undefined;
  const renamed = renamedBy(change, there);
  log.info(`restores ${called(database)} from ${file}`);
  // What one that was cut has left stays on record until that database is restored, also when this one is cut too.
  const open = readRestoring(config);
  const isBeside = as !== database;
  const own = { database, renamed, ...(kept && { former: kept.file }), ...(isBeside && { isBeside }) };
  await noteRestoring(context, client, [...open, own]);
  try {
    await make(dump, client, { as, renamed, dropped: kept ? touched : [] });
  } catch (error) {
    stop.check("restore");
    log.warn(`${called(database)}: ${messageOf(error)}; puts back what was there`);
    try {
      const made = [...(await namesThere(client))].filter(
        name => !there.has(name) && !renamed.some(({ other }) => other === name),
      );
      for (const name of made) await client.ask("back", { name });
      for (const each of renamed) await client.ask("back", each);
      if (kept) {
        for (const name of touched) await client.ask("drop", { name });
        const input = contentOf(join(folder, kept.file), form);
        await client.ask("restore", { name: database, other: database, form, input });
      }
    } catch (second) {
      stop.check("restore");
      const first = open.find(cut => cut.database === database) ?? own;
      throw isNotBack(config, first, `${messageOf(error)}; and ${messageOf(second)}`);
    }
    await noteRestoring(context, client, open);
    throw new PutBack(exitCodes.failed, {
      failed: `${called(database)} isn't restored: ${messageOf(error)}`,
      kept: "What was there before is there again.",
      next: "the same again, once nothing uses it any more (kubectl scale what does to 0)",
    });
  }
  const isOfAll = database === "" && former !== "stays";
  await noteRestoring(
    context,
    client,
    open.filter(cut => !isOfAll && (isBeside || cut.database !== database)),
  );
  const lines = [
    `${called(database)} is as of ${manifest.startedAt}${as === database ? "" : `, as ${called(as)}`}`,
    ...renamed.map(({ name, other }) => `  what ${called(name)} was before is ${called(other)}`),
    ...(kept ? [`  what was there before is in ${kept.file}`] : []),
  ];
  return { text: lines.join("\n"), renamed };
}

/** It stays on record that the restore was cut. @param cut the first one of that database that was */
function isNotBack(config: ClusterDumpConfig, cut: Restoring, why: string): RunnerError {
  const { database, former } = cut;
  return new RunnerError(exitCodes.failed, {
    failed: `${called(database)} isn't restored, and what was there isn't back: ${why}`,
    kept:
      former === undefined
        ? "What was there has another name, and any restore gives it its own back first. This job makes no dump until then."
        : `What was there is in ${former}. This job makes no dump until a restore has ended well.`,
    next: nextOfCut(config, cut),
  });
}

/** Dumps what a restore takes the place of. @throws {RunnerError} */
async function dumpFormer(
  { config, log, stop }: Context,
  client: RestoreClient,
  manifest: Manifest,
): Promise<Manifest> {
  const { database, form } = manifest;
  log.info(`dumps ${called(database)} as it is, before it goes`);
  const run: ClusterDump = {
    ...{ config, log, stop, dryRun: false, notes: [], startedAt: new Date() },
    ...{ outcomes: new Map(), rotated: [] },
  };
  try {
    return await client.keep(database, offer => takeDump(run, client.client, offer, form, true));
  } catch (error) {
    stop.check("restore");
    throw new PutBack(exitCodes.failed, {
      failed: `${called(database)} isn't restored, as what is there can't be dumped before it goes: ${messageOf(error)}`,
      kept: "What is there is as it was.",
      next:
        database === "" || isServersOwn(manifest)
          ? "mend what that names, and the same again"
          : "the same with --beside; or drop by hand what nobody needs of it, and the same again",
    });
  }
}
