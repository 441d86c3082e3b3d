import { setTimeout as sleep } from "node:timers/promises";
import { momentText } from "../runtime/moment";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { ask } from "./ask";
import { isOf } from "./drift";
import { lastDue } from "./due";
import type { Facts, NasLook } from "./nas-snapshots";
import { readFacts } from "./read-facts";
import { questionsOf } from "./script";

/** Asks the NAS for all that the run judges. A run that is started when a snapshot is due waits until it is there, or is late. */
export const look: Phase<NasLook> = {
  name: "look",
  async run(run) {
    const { config, log, stop, dryRun } = run;
    requireRoot(config.job, "read the account's key and password");
    for (;;) {
      const facts = await lookOnce(run);
      run.facts = facts;
      const nasMs = run.lookedAt.getTime() + (facts.skewMs ?? 0);
      const dueMs = await lastDue(config, nasMs, stop.signal);
      const isLate = dueMs === undefined || nasMs > dueMs + config.graceMs;
      if (dryRun || isLate || facts.snapshots.some(({ atMs }) => isOf(dueMs, atMs, config))) return;
      log.info(`the snapshot of ${momentText(dueMs)} isn't there yet: it is looked for again`);
      await sleep(Math.min(60_000, config.graceMs / 20), undefined, { signal: stop.signal }).catch(() =>
        stop.check("look"),
      );
    }
  },
};

async function lookOnce(run: NasLook): Promise<Facts> {
  const { config, log } = run;
  const begunMs = Date.now();
  const { answers, said } = await ask(run, questionsOf(config));
  run.lookedAt = new Date((begunMs + Date.now()) / 2);
  const facts = readFacts(answers, run.lookedAt.getTime(), config);
  const { snapshots, keepDays, policy } = facts;
  log.info(
    `${config.nas.share} on ${config.nas.name} has ${snapshots.length} snapshots${keepDays === undefined ? "" : `, and says that it removes them after ${keepDays} d`}`,
  );
  if (policy !== undefined) log.info(`its retention policy says: ${policy.replaceAll("\n", "; ")}`);
  if (said.trim() !== "") log.info(`it says beside: ${said.trim().split("\n").slice(0, 6).join("; ")}`);
  return facts;
}
