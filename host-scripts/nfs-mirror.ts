import { nfsMirrorConfig, nfsMirrorJobName, nfsMirrorMetrics } from "../plan/contracts/nfs-mirror";
import { acknowledge, owe } from "./nfs-mirror/changes";
import { copy, cover } from "./nfs-mirror/copy";
import { answer } from "./nfs-mirror/held";
import { hold, own, remember } from "./nfs-mirror/hold";
import { inspect } from "./nfs-mirror/inspect";
import { list, versions } from "./nfs-mirror/list";
import { journalFolder, type Mirror } from "./nfs-mirror/mirror";
import { match } from "./nfs-mirror/moves";
import { note } from "./nfs-mirror/mirrored";
import { nested } from "./nfs-mirror/nested";
import { restore, restoreSwitches } from "./nfs-mirror/restore/restore";
import { restores, unfinishedRestores } from "./nfs-mirror/restores";
import { close, root } from "./nfs-mirror/roots";
import { judge } from "./nfs-mirror/judge";
import { scan } from "./nfs-mirror/scan";
import { summary } from "./nfs-mirror/summary";
import { suspect } from "./nfs-mirror/suspects";
import { verify } from "./nfs-mirror/verify";
import { startRunner } from "./runtime/define-runner";
import { recover } from "./runtime/journal";

startRunner({
  name: nfsMirrorJobName,
  does: "Mirrors the entries of a tree of services to the backup disk of the same host.",
  accepts: {
    what: "NAME",
    why: 'what this service, or the file system at this path, has lost is meant to go; "." for all services',
  },
  ways: {
    list: {
      usage: "[SERVICE]",
      does: "what there is of each service, when it was mirrored, what is kept or lacking, and what restores have left",
      run: list,
    },
    versions,
    verify: {
      usage: "[SERVICE]",
      does: "read it against the checksums on record, and say how it differs from the source",
      run: inspect,
    },
    restore: {
      usage: "SERVICE [PATH]...",
      does: 'put it, or paths in it, in its place, and what is there aside; "." for all services',
      words: [1, Infinity],
      switches: restoreSwitches,
      run: restore,
    },
  },
  contract: nfsMirrorConfig,
  metrics: nfsMirrorMetrics,
  begin: (run, accepted): Mirror => ({
    ...run,
    startedAt: new Date(),
    accepted,
    held: [],
    keptBack: new Set(),
    putOff: new Set(),
  }),
  unfinished: unfinishedRestores,
  locked({ config, log }) {
    const segments = recover(journalFolder(config));
    if (segments.length > 0)
      log.warn(`an earlier run ended early: ${segments.join(", ")} hands over the whole tree`);
  },
  dryRun: [verify, nested, restores, scan, match, hold, judge],
  phases: [
    ...[verify, nested, restores, close, owe, scan, match, hold, judge],
    ...[suspect, own, copy, root, remember, note, cover, acknowledge, answer],
  ],
  summary,
  tidyUp(config, _, hasLeft) {
    // A process that still writes would change more after the hand-over; the next run hands over then.
    if (!hasLeft) recover(journalFolder(config));
  },
});
