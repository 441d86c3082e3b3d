import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expired } from "../../plan/contracts/keep-policy";
import { exitCodes, messageOf, Refusal, RunnerError } from "../../host-scripts/runtime/errors";
import type { Phase } from "../../host-scripts/runtime/phases";
import { quoted } from "../../host-scripts/runtime/quoted";
import { shell } from "../../host-scripts/runtime/shell";
import { certificatesOf } from "./certificates";
import { called, type ClusterDump } from "./cluster-dump";
import { Client, lanes, offersOf } from "./exchange";
import { allFolders, folderOf } from "./folder";
import { formerDumpsOf, goodDumpsOf, isPartOfManifest, manifestsWithoutDump, removeDump } from "./manifest";
import { isPutBack, nextOfCut } from "./put-back-cut";
import { readRestoring } from "./restoring";
import { nextOfOther, restorersIn } from "./others";
import { partPrefix, takeDump } from "./take";
import { tokenEndOf } from "./token";

/** What a run that was killed has left: parts of dumps and of manifests, and manifests whose dump never got its name. */
export const recover: Phase<ClusterDump> = {
  name: "recover",
  async run({ config, dryRun, log }) {
    // Kubernetes makes no folder on an NFS export: one that isn't there is a volume that isn't what was deployed.
    if (!existsSync(config.target))
      throw new Refusal(
        `the target "${config.target}" isn't there`,
        shell`ls -ld ${config.seen.path}; exportfs -v`,
      );
    const open = readRestoring(config);
    const cut = open.filter(
      ({ database }, index) => open.findIndex(each => each.database === database) === index,
    );
    if (cut.length > 0) {
      // A restore of any database puts back what only has another name.
      const stay = cut.filter(each => !isPutBack(each));
      throw new Refusal(
        `a restore of ${cut.map(({ database }) => called(database)).join(", and one of ")} was cut, and what it has made isn't to be dumped as good`,
        (stay.length > 0 ? stay : cut.slice(0, 1)).map(each => nextOfCut(config, each)).join("; "),
      );
    }
    for (const folder of allFolders(config)) {
      const parts = readdirSync(folder)
        .filter(name => name.startsWith(partPrefix) || isPartOfManifest(name))
        .map(name => join(folder, name));
      for (const path of [...parts, ...manifestsWithoutDump(folder)]) {
        log.info(`${dryRun ? "would remove" : "removes"} ${quoted(path)}, which a run that was cut has left`);
        if (!dryRun) rmSync(path, { force: true });
      }
    }
  },
};

/** Takes each dump that the client offers; one that fails doesn't stop the others. */
export const receive: Phase<ClusterDump> = {
  name: "receive",
  async run(run) {
    const client = await Client.meet({ ...run, phase: "receive" });
    try {
      const ended = await Promise.allSettled(
        lanes.map(lane =>
          receiveIn(lane, client, run).catch((error: unknown) => {
            // The others would wait for a client that waits for this one.
            client.close();
            throw error;
          }),
        ),
      );
      const failed = ended.find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      run.clientSaid = client.ending();
    } finally {
      run.certificates = certificatesOf(client, run);
      run.tokenEnd = tokenEndOf(client, run);
      client.close();
    }
  },
};

async function receiveIn(lane: (typeof lanes)[number], client: Client, run: ClusterDump): Promise<void> {
  const { log, outcomes } = run;
  for await (const offer of offersOf(client, lane)) {
    const { name, form } = offer;
    const who = called(name);
    if (form === undefined) {
      outcomes.set(name, { kind: "left out", reason: offer.leftOut ?? "" });
      log.warn(`${who}: the client leaves it out: ${offer.leftOut ?? ""}`);
      continue;
    }
    log.info(`takes ${who}`);
    try {
      const manifest = await takeDump(run, client, offer, form);
      outcomes.set(name, { kind: "kept", manifest });
      const rows = Object.values(manifest.tables).reduce((sum, count) => sum + count, 0);
      log.info(
        `${who}: ${manifest.bytes} bytes, ${Object.keys(manifest.tables).length} tables, ${rows} rows`,
      );
    } catch (error) {
      // Of two at a time, the last one that was begun needn't be the one that takes so long.
      if (run.stop.stopped !== undefined) log.warn(`${who}: was under way when the run was stopped`);
      run.stop.check("receive");
      outcomes.set(name, { kind: "failed", reason: messageOf(error) });
      log.warn(`${who}: ${messageOf(error)}`);
    }
  }
}

/** Removes what the retention no longer keeps of a database that just got a good dump. */
export const rotate: Phase<ClusterDump> = {
  name: "rotate",
  async run({ config, log, outcomes, rotated, startedAt, stop }) {
    for (const [name, outcome] of outcomes) {
      if (outcome.kind !== "kept") continue;
      stop.check("rotate");
      const folder = folderOf(config, name);
      const old = [goodDumpsOf(folder), formerDumpsOf(folder)].flatMap(dumps =>
        // By when it was made, as its manifest has it: times of files are anybody's.
        expired(
          dumps,
          ({ manifest }) => Date.parse(manifest.startedAt),
          config.keep,
          startedAt.getTime(),
          config.zone,
        ),
      );
      for (const dump of old) {
        log.info(`removes ${dump.manifest.file} of ${called(name)}`);
        rotated.push(dump.manifest.file);
        removeDump(dump);
      }
    }
  },
};

const shown = 5;

/** Says whether all that there is has a good dump. */
export const judge: Phase<ClusterDump> = {
  name: "judge",
  async run({ config, outcomes, clientSaid, notes }) {
    const failed = [...outcomes].flatMap(([name, outcome]) =>
      outcome.kind === "failed" ? [`${called(name)}: ${outcome.reason}`] : [],
    );
    for (const [name, outcome] of outcomes)
      if (outcome.kind === "left out") notes.push(`${called(name)} has no dump: ${outcome.reason}`);
    if (clientSaid?.kind !== "done")
      failed.push(
        clientSaid?.kind === "broken"
          ? `what there is to dump isn't known: ${clientSaid.why}`
          : "the client ended before it had offered all that there is",
      );
    else if (outcomes.size === 0) failed.push("the client offered nothing");
    if (failed.length === 0) return;
    const [other] = clientSaid?.kind === "broken" ? restorersIn(clientSaid.busy) : [];
    const kept = [...outcomes.values()].filter(({ kind }) => kind === "kept").length;
    const more = failed.length > shown ? `; and ${failed.length - shown} more` : "";
    throw new RunnerError(exitCodes.failed, {
      failed: `${failed.slice(0, shown).join("; ")}${more}`,
      kept: `${kept} new dumps of this run, and all earlier ones of what failed.`,
      next: other
        ? nextOfOther(config, other)
        : shell`kubectl logs ${process.env["HOSTNAME"] ?? config.job} --all-containers`,
    });
  },
};
