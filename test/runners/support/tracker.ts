import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NfsChangeTrackerConfig } from "../../../plan/contracts/nfs-change-tracker";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { watchedThrough } from "../../../host-scripts/runtime/journal-watched";
import { runnerOf } from "../../../stacks/runner";
import { startRunner, type StartedRun } from "./started-run";
import type { World } from "./world";

/** The real tracker of a world's source. */
export interface Tracker {
  /** What a mirror is told of it, by its config. */
  readonly changes: NonNullable<NfsMirrorConfig["changes"]>;
  /** Starts it, and waits until it watches. */
  start(): Promise<StartedRun>;
  /** Waits until all that has changed so far is in its journal. */
  settled(): Promise<void>;
  /** Ends it by a signal, if it runs. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** A world with a folder to watch. */
type Watched = Pick<World, "folder" | "fromHost"> & {
  readonly config: Pick<NfsMirrorConfig, "source" | "excludes" | "pushgateway">;
};

/** @param proveMs how often it says by itself that it watches; whoever asks gets that at once */
export async function trackerOf(world: Watched, proveMs = 60_000): Promise<Tracker> {
  const { path: program } = await runnerOf("nfs-change-tracker");
  const { source, excludes, pushgateway } = world.config;
  const [file, stateDir] = [join(world.folder, "tracker.json"), join(world.folder, "tracker")];
  const journal = join(stateDir, "journal");
  const config: NfsChangeTrackerConfig = {
    ...{ job: "nfs-change-tracker", host: "pve" },
    watches: [{ root: source.path, mount: source, without: excludes, journal }],
    ...{ proveMs, reconcileMs: 3_600_000, mostNames: 10_000, budgetMs: 600_000 },
    ...{ stateDir, textfile: join(world.folder, "textfile", "nfs-change-tracker.prom"), pushgateway },
  };
  writeFileSync(file, JSON.stringify(config));
  const [enter = "", ...table] = world.fromHost("").trim().split(" ");
  let running: StartedRun | undefined;
  const settled = async (): Promise<void> => {
    const nowMs = Date.now();
    await running?.until(() => {
      const watched = watchedThrough(journal);
      return "throughMs" in watched && watched.throughMs >= nowMs;
    });
  };
  return {
    settled,
    changes: { writer: config.job, journal, compareAllMs: 7 * 86_400_000 },
    async start() {
      const environment = { ...process.env, INVOCATION_ID: "", JOURNAL_STREAM: undefined };
      running = startRunner(
        [enter, ...table, process.execPath, program, "--config", file],
        environment,
        stateDir,
      );
      await settled();
      return running;
    },
    async end(signal) {
      running?.kill(signal);
      await running?.finished;
      running = undefined;
    },
  };
}
