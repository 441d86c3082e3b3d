import { type LvmPvcSnapshotConfig, snapshotJobName } from "../../plan/contracts/lvm-pvc-snapshot";
import type { OwnArguments } from "../runtime/define-runner";
import { exitCodes } from "../runtime/errors";
import { preview } from "../runtime/job-run";
import { lock } from "../runtime/lock-phase";
import type { Log } from "../runtime/log";
import { Stop } from "../runtime/stop";
import { parseSnapshotArguments, type SnapshotArguments } from "./arguments";
import { newRun } from "./context";
import { discover } from "./discover";
import { forget } from "./forget";
import { list } from "./list";
import { pruneAlone } from "./prune";
import { restore } from "./restore";
import { summary } from "./summary";
import { verify } from "./verify";

/** What is asked for, as the runtime takes it. */
export function parse(argv: readonly string[]): OwnArguments<LvmPvcSnapshotConfig> | undefined {
  const args = parseSnapshotArguments(snapshotJobName, argv);
  if (!args) return undefined;
  const { config, command } = args;
  switch (command.kind) {
    case "check-config":
    case "report-end":
    case "unfinished":
      return { config, mode: command.kind };
    case "snapshot":
      return { config, mode: command.dryRun ? "dry-run" : "run" };
    default:
      return { config, mode: "own", act: (read, log) => act({ ...args, command }, read, log) };
  }
}

type Asked = Exclude<
  SnapshotArguments["command"],
  { readonly kind: "check-config" | "report-end" | "unfinished" | "snapshot" }
>;

async function act(
  { command, json }: { readonly command: Asked; readonly json: boolean },
  config: LvmPvcSnapshotConfig,
  log: Log,
): Promise<number> {
  const stop = new Stop(config.job, log);
  switch (command.kind) {
    case "list":
      await untilStopped(stop, "list", config.budgetMs, () =>
        list(config, { ...command, json }, log, stop.signal),
      );
      return exitCodes.ok;
    case "verify":
      return untilStopped(stop, "verify", undefined, () => verify(config, { ...command, json }, log, stop));
    case "forget":
      await untilStopped(stop, "forget", config.budgetMs, () => forget(config, command.volume, stop, log));
      return exitCodes.ok;
    case "restore":
      return restore(command.request, { config, log, stop });
    case "prune": {
      // Reports nothing: it says nothing of the job, whose success is a new snapshot of each volume.
      const run = newRun({ config, dryRun: command.dryRun, log, stop, notes: [] });
      const phases = command.dryRun ? [discover, pruneAlone] : [lock, discover, pruneAlone];
      return preview(run, phases, summary).finally(() => run.lock?.release());
    }
    default:
      return command satisfies never;
  }
}

/** @param budgetMs undefined for what somebody waits for, however long it takes */
async function untilStopped<Result>(
  stop: Stop,
  what: string,
  budgetMs: number | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const quiet = stop.listen(budgetMs);
  try {
    return await work();
  } finally {
    quiet();
    stop.check(what);
  }
}
