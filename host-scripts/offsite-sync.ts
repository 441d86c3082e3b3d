import { offsiteSyncConfig, offsiteSyncMetrics } from "../plan/contracts/offsite-sync";
import { acknowledge } from "./offsite-sync/acknowledge";
import { readMemory } from "./offsite-sync/memory";
import { nothingSent, type Offsite } from "./offsite-sync/offsite";
import { afterKill, keepRecent } from "./offsite-sync/on-disk";
import { owe } from "./offsite-sync/owe";
import { remove } from "./offsite-sync/remove";
import { judge, send } from "./offsite-sync/send";
import { scrub } from "./offsite-sync/scrub";
import { beginToReach } from "./offsite-sync/remote";
import { reach, readFar } from "./offsite-sync/reach";
import { summary, tellLegs } from "./offsite-sync/summary";
import { verify } from "./offsite-sync/verify";
import { ways } from "./offsite-sync/ways";
import { startRunner } from "./runtime/define-runner";

startRunner({
  name: "offsite-sync",
  does: "Sends this host's copies, and what has no copy on it, to a destination over SSH, and compares what it sent.",
  accepts: {
    what: "PATH",
    why: "what this host lacks at this path, or below it, is meant to be gone there too",
    inDryRun: true,
  },
  ways,
  contract: offsiteSyncConfig,
  metrics: offsiteSyncMetrics,
  begin: (run, accepted): Offsite => ({
    ...run,
    startedAt: new Date(),
    memory: afterKill(readMemory(run.config), run.config.legs),
    ...{ isBound: false, isSplit: false, isNews: false },
    held: [],
    wholeParts: {},
    legs: [],
    debts: new Map(),
    sent: { ...nothingSent, repaired: 0, removed: 0 },
    accepted,
    inTheWay: new Set(),
  }),
  locked(run) {
    run.reaching = beginToReach(run, readFar);
  },
  dryRun: [verify, owe, reach, remove],
  phases: [verify, owe, reach, send, acknowledge, remove, scrub, judge],
  summary,
  async finish(run, stop) {
    await run.reaching?.close();
    await run.connection?.close();
    keepRecent(run);
    await tellLegs(run, stop);
  },
});
