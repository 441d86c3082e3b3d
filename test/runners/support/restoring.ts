import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  isUnfinished,
  readRestores,
  type RestoreRecord,
} from "../../../host-scripts/nfs-mirror/restore/record";
import type { Rotting } from "./rotting";
import type { SteppingClock } from "./stepping-clock";
import type { FinishedRun, StartedRun } from "./started-run";
import { differences, type Snapshot, snapshot } from "./tree";
import type { World } from "./world";

export type WayOut = "--resume" | "--rollback";

/** Restores from a mirror to its source, some of them cut short, and a model of what each must have left. */
export interface Restoring {
  /** Services of which a restore was cut: their workloads are down, and nothing writes there. */
  readonly cut: ReadonlyMap<string, Cut>;
  /**
   * One restore; of a service of which one was cut, what goes on with that or takes it back. Leaves one out that the model can't tell.
   * @param cutShort ends it early
   */
  restore(service: string, out: WayOut, cutShort?: CutShort): Promise<void>;
  /** Goes on with all that were cut. */
  endAll(): Promise<void>;
}

type CutShort = (run: StartedRun) => Promise<FinishedRun>;

interface Cut {
  /** The service's tree before it, and what the mirror has of it. */
  readonly before: Snapshot;
  readonly copy: Snapshot;
}

export function createRestoring(world: World, rotting: Rotting, clock: SteppingClock): Restoring {
  const { config } = world;
  const cut = new Map<string, Cut>();
  const treeOf = (root: string, service: string): Promise<Snapshot> =>
    snapshot(world, join(root, service), { shared: true });
  const unfinished = (service: string): RestoreRecord | undefined =>
    readRestores(config).records.find(record => isUnfinished(record) && record.asked === service);

  async function restore(service: string, out: WayOut, cutShort?: CutShort): Promise<void> {
    if (!existsSync(join(world.target, service))) return;
    const known = cut.get(service) ?? {
      before: await treeOf(config.source.path, service),
      copy: await treeOf(config.target.path, service),
    };
    // Rot that nobody knows of yet comes back as it is, and is the source's own then.
    if (differences(known.copy, rotting.mended(known.copy)).length > 0) return;
    const was = unfinished(service);
    const way = was?.state === "undoing" ? "--rollback" : out;
    const run = world.start(["restore", ...(was ? [way] : []), "--", service]);
    const finished = await (cutShort ? cutShort(run) : run.finished);
    // What a killed one has started may go on for a moment: this waits for it, as the next run would.
    if (finished.signal !== null) {
      await world.start(["--report-end"], { INVOCATION_ID: "killed" }).finished;
      clock.forget();
    }
    const said = `${finished.stdout}${finished.stderr}`;
    if (!cutShort) expect({ said, status: finished.status }).toMatchObject({ status: 0 });
    const [now, copy] = [
      await treeOf(config.source.path, service),
      await treeOf(config.target.path, service),
    ];
    expect({ said, mirror: differences(known.copy, copy) }).toEqual({ said, mirror: [] });
    const left = unfinished(service);
    if (left) {
      cut.set(service, known);
      // It is one of the two at each moment: what there is changes places as a whole.
      const isOne = [known.before, known.copy].some(tree => differences(tree, now).length === 0);
      expect({ said, state: left.state, isOne }).toMatchObject({ isOne: true });
      return;
    }
    cut.delete(service);
    // One that was cut short is over where it had not begun, or was through.
    const wanted = was && way === "--rollback" ? known.before : known.copy;
    const trees = finished.status === 0 ? [wanted] : [known.before, known.copy];
    const differs = trees.map(tree => differences(tree, now));
    expect({ said, differs: differs.find(lines => lines.length === 0) ?? differs }).toEqual({
      said,
      differs: [],
    });
    await world.inside("rm", "-rf", join(config.source.path, ".holdfast-restore"));
  }

  return {
    cut,
    restore,
    async endAll() {
      for (const service of cut.keys()) await restore(service, "--resume");
      expect([...cut.keys()]).toEqual([]);
    },
  };
}
