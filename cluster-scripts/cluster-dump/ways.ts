import { basename } from "node:path";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import { traitsOf } from "../../plan/contracts/dump-forms";
import { exitCodes, messageOf, Refusal, RunnerError } from "../../host-scripts/runtime/errors";
import { momentText } from "../../host-scripts/runtime/moment";
import type { Answer, ListRequest, RestoreRequest, WayContext, Ways } from "../../host-scripts/runtime/ways";
import { called } from "./cluster-dump";
import { dumpsAsked, foldersAsked, wholeServer } from "./dumps-asked";
import { inTurn } from "./in-turn";
import { changeOf, isServersOwn } from "./make";
import { type Dump, dumpsOf, newestGoodOf } from "./manifest";
import { namesThere } from "./names";
import { faultOf, otherBytesOf } from "./prove";
import { goBack } from "./go-back";
import { putBackCut } from "./put-back-cut";
import { PutBack, restoreOne } from "./restore-one";
import { refuseBesideOthers } from "./others";
import { RestoreClient } from "./restore-client";
import { noteRenamed, readRestoring, type Renamed } from "./restoring";

type Context = WayContext<ClusterDumpConfig>;

/** What a person may ask of the dumps. */
export const ways: Ways<ClusterDumpConfig> = {
  list: { usage: "[DATABASE]", does: "dumps of each database, by the word that names it", run: list },
  verify: {
    usage: "[DATABASE]",
    does: "read the newest dump of each database, or all of one, and compare it with its manifest",
    run: verify,
  },
  restore: {
    usage: "[DATABASE]",
    does: "make a database, or all, as their dumps have them; what is there gets another name, or is dumped before",
    words: [0, 1],
    switches: {
      beside: "as a database of another name, beside the one that is there",
      back: "no dump: what the last restore has given another name is called as before, and what is there gets one",
    },
    run: restore,
  },
};

async function list({ what }: ListRequest, { config, stop, log }: Context): Promise<Answer> {
  // Nothing is asked of it; it ends with who met it, and so does the pod.
  await RestoreClient.meet(config, stop, "list").then(
    client => client.close(),
    (error: unknown) => log.warn(messageOf(error)),
  );
  const found = foldersAsked(config, what).map(folder => {
    const dumps = dumpsOf(folder);
    const database = dumps[0]?.manifest.database ?? "";
    return { word: folder === config.target ? wholeServer : basename(folder), database, dumps };
  });
  const lines = found.flatMap(({ word, database, dumps }) => [
    `${word}  (${called(database)})`,
    ...dumps.map(({ manifest }) => {
      const { startedAt, bytes, tables, file, held, former } = manifest;
      const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
      const why = held ? "  waits for somebody" : former ? "  of before a restore" : "";
      return `  ${momentText(Date.parse(startedAt))}  ${bytes} bytes  ${Object.keys(tables).length} tables  ${rows} rows  ${file}${why}`;
    }),
  ]);
  return {
    text: lines.join("\n"),
    result: {
      databases: found.map(({ word, dumps }) => ({ word, dumps: dumps.map(({ manifest }) => manifest) })),
    },
  };
}

async function verify({ what }: ListRequest, { config, stop, log }: Context): Promise<Answer> {
  const dumps = foldersAsked(config, what).flatMap(folder =>
    what === undefined ? (newestGoodOf(folder) ?? []) : dumpsOf(folder),
  );
  const client = await RestoreClient.meet(config, stop, "verify");
  try {
    const lines: string[] = [];
    const bad: string[] = [];
    for (const dump of dumps) {
      log.progress(`verify: ${nameOf(dump)}`);
      const fault = await faultOf(dump, client, stop);
      lines.push(`${nameOf(dump)}: ${fault ?? "whole"}`);
      if (fault !== undefined) bad.push(`${nameOf(dump)}: ${fault}`);
    }
    return {
      ...{ text: lines.join("\n"), result: { verified: dumps.length, bad } },
      ...(bad.length > 0 && {
        failure: {
          failed: `${bad.length} of ${dumps.length} dumps aren't whole: ${bad[0]}`,
          kept: "Each is where it was, and so are the others.",
          next: "dmesg --level err,warn | tail   (on the host that has the folder)",
        },
      }),
    };
  } finally {
    client.close();
  }
}

async function restore(request: RestoreRequest, context: Context): Promise<Answer> {
  const { config, log, stop } = context;
  const { what, atMs, dryRun, into, switches } = request;
  const beside = switches.has("beside");
  if (switches.has("back")) return goBack(request, context);
  if (into !== undefined)
    throw new Refusal(
      "a database comes back into its server and not into a folder",
      "the same without --into",
    );
  const dumps = dumpsAsked(config, what[0], atMs);
  if (beside && (what.length === 0 || dumps.some(({ manifest: { database } }) => database === "")))
    throw new Refusal("only one database comes back beside", "the same with a word that list prints");
  if (beside && dumps.some(({ manifest }) => isServersOwn(manifest)))
    throw new Refusal(
      `"${what[0]}" is the server's own, and there under that name alone`,
      "the same without --beside, which takes the place of what is there",
    );
  const client = await RestoreClient.meet(config, stop, "restore");
  try {
    await refuseBesideOthers(config, client);
    for (const dump of dumps) {
      log.info(`reads ${nameOf(dump)} to its end before anything is changed`);
      // What only gets another name has its own again at once, should its rows not be those of the dump: they are counted then.
      const isCountedAnyway = !dryRun && traitsOf(dump.manifest.form).former === "renamed";
      const fault = await (isCountedAnyway ? otherBytesOf(dump, stop) : faultOf(dump, client, stop));
      if (fault !== undefined)
        throw new RunnerError(exitCodes.failed, {
          failed: `${nameOf(dump)}: ${fault}`,
          kept: "Nothing was changed.",
          next: "the same with --at of an earlier one, as list prints it",
        });
    }
    if (!dryRun) await putBackCut(context, client, readRestoring(config));
    const { lines, failures } = dryRun
      ? await wouldRestore(client, dumps, beside)
      : await restoreAll(context, client, dumps, beside);
    const [first] = failures;
    if (first && lines.length === 0) throw first;
    return {
      ...{ text: lines.join("\n"), result: { dumps: dumps.map(({ manifest: { file } }) => file), lines } },
      ...(first && {
        failure: {
          failed: failures.map(({ failed }) => failed).join("; "),
          kept: "What was there of these is there again; all others are restored.",
          next: first.next,
        },
      }),
    };
  } finally {
    client.close();
  }
}

/** One that can't be restored stops no other, but for what all others need. */
async function restoreAll(
  context: Context,
  client: RestoreClient,
  dumps: readonly Dump[],
  beside: boolean,
): Promise<{ lines: string[]; failures: PutBack[] }> {
  const lines: string[] = [];
  const failures: PutBack[] = [];
  const renamed: Renamed = [];
  await inTurn(dumps, async (dump, mayComeAgain) => {
    try {
      const done = await restoreOne(context, client, dump, beside);
      lines.push(done.text);
      renamed.push(...done.renamed);
      if (!beside) noteRenamed(context.config, renamed);
      return "done";
    } catch (error) {
      if (!(error instanceof PutBack) || dump.manifest.database === "") throw error;
      if (mayComeAgain) return "again";
      failures.push(error);
      return "done";
    }
  });
  return { lines, failures };
}

function nameOf({ manifest: { database, file } }: Dump): string {
  return `${called(database)} from ${file}`;
}

async function wouldRestore(
  client: RestoreClient,
  dumps: readonly Dump[],
  beside: boolean,
): Promise<{ lines: string[]; failures: PutBack[] }> {
  const there = await namesThere(client);
  return { lines: dumps.map(dump => wouldText(dump, there, beside)), failures: [] };
}

function wouldText(dump: Dump, there: ReadonlySet<string>, beside: boolean): string {
  const { as, touched, former } = changeOf(dump.manifest, there, beside);
  const names = touched.map(called).join(", ");
  const would = former === "dumped" ? "would be dumped and go before" : "would get another name";
  return [
    `would restore ${nameOf(dump)}${as === dump.manifest.database ? "" : `, as ${called(as)}`}`,
    ...(names === "" ? [] : [`  ${names} ${would}`]),
  ].join("\n");
}
