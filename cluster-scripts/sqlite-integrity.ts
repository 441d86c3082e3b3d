import { startRunner } from "../host-scripts/runtime/define-runner";
import { againCommand } from "../plan/contracts/ask-command";
import {
  type SqliteIntegrityConfig,
  sqliteIntegrityConfig,
  sqliteIntegrityMetrics,
} from "../plan/contracts/sqlite-integrity";
import { dismiss } from "./cluster-dump/dismiss";
import { type Integrity, look, tellFlag } from "./sqlite-integrity/look";

startRunner({
  name: "sqlite-integrity",
  does: "Tells monitoring whether an application's live SQLite databases are sound, as the client beside it finds them.",
  contract: sqliteIntegrityConfig,
  metrics: ({ metrics }: SqliteIntegrityConfig) => sqliteIntegrityMetrics(metrics),
  begin: (run): Integrity => ({ ...run, looked: [] }),
  again: ({ job, namespace }) => againCommand(namespace, job),
  dryRun: [],
  phases: [look],
  summary: {
    values: () => ({}),
    figures: ({ looked }) => ({ databases: looked }),
    done: ({ looked }, seconds) =>
      `${looked.filter(({ isSound }) => isSound).length} of ${looked.length} databases are sound (${seconds} s)`,
  },
  finish: tellFlag,
  leave: dismiss,
});
