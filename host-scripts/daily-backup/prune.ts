import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { DailyBackupConfig, GenerationPolicy } from "../../plan/contracts/daily-backup";
import { periodOf } from "../../plan/contracts/period";
import { asRunnerError } from "../runtime/entry";
import {
  claimPaths,
  emptyTrash,
  expiredGenerations,
  type Generation,
  generationsOf,
  retire,
} from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { handOver } from "./reveal";
import { type DailyBackup, rootOf } from "./daily-backup";

/** More than a night's worth is taken away over several nights: a slip in the estate shows before it has cost everything. */
const mostRetired = 500;

/**
 * Takes generations out of sight that are no longer kept, then removes what they hold. Comes last, unless the disk is short
 * of room; what isn't done in the budget is done at the beginning of the next night.
 */
export const prune: Phase<DailyBackup> = {
  name: "prune",
  async run(run) {
    retireSurplus(run);
    if (run.dryRun) return;
    try {
      await emptyTrashes(run.config, run.stop.signal);
    } catch (error) {
      run.stop.check("prune");
      run.trashFailure = asRunnerError(error, run.config.job);
      run.log.error(run.trashFailure.failed);
    }
  },
};

/** Fails a run that can't remove what nobody wants any more: the disk would fill up with it. */
export const judgeTrash: Phase<DailyBackup> = {
  name: "judge-trash",
  async run({ trashFailure }) {
    if (trashFailure) throw trashFailure;
  },
};

/** Takes generations out of sight that are no longer kept. */
export function retireSurplus(run: DailyBackup): void {
  const { config, dryRun, log, notes, startedAt } = run;
  const series = seriesOf(config);
  const doomed = [
    ...series.flatMap(one => surplusOf(one, config.zone, startedAt.getTime())),
    ...surplusOfFormerKinds(series),
  ];
  if (doomed.length > mostRetired)
    notes.push(`${doomed.length} generations are no longer kept; ${mostRetired} of them go in this run`);
  for (const { root, generation } of doomed.slice(0, mostRetired)) {
    log.info(`${dryRun ? "would remove" : "removes"} "${generation.folder}"`);
    if (dryRun) continue;
    handOver(run, generation.folder);
    retire(root, generation);
  }
}

/** Removes what is out of sight. @throws {RunnerError} when something can't be removed */
export async function emptyTrashes(config: DailyBackupConfig, stop: AbortSignal): Promise<void> {
  await emptyTrash(rootsOf(config), stop);
}

interface Series {
  readonly root: string;
  readonly policy: GenerationPolicy;
  readonly paths: readonly string[];
}

/** Folders with generations that are there. */
export function rootsOf(config: DailyBackupConfig): string[] {
  return (["pvc-data", "sqlite-backup", "pve-config"] as const)
    .map(folder => rootOf(config, folder))
    .filter(root => existsSync(root));
}

/** Every kind of generation that there may be; a namespace that has no daily ones any more keeps one of them. */
function seriesOf(config: DailyBackupConfig): Series[] {
  const { volumes, sqlite, configuration } = config;
  const ofClaims = (folder: "pvc-data" | "sqlite-backup", policy: GenerationPolicy): Series => {
    const root = rootOf(config, folder);
    return { root, policy, paths: claimPaths(root, policy.every) };
  };
  const further = (volumes?.more ?? []).map(({ namespaces, every, count }) => {
    const series = ofClaims("pvc-data", { every, count });
    const paths = series.paths.filter(path => namespaces.includes(path.split("/")[0] ?? ""));
    return { ...series, paths };
  });
  const own = new Set(
    further.flatMap(({ policy, paths }) => (policy.every === volumes?.keep.every ? paths : [])),
  );
  const common = volumes && ofClaims("pvc-data", volumes.keep);
  return [
    ...(common ? [{ ...common, paths: common.paths.filter(path => !own.has(path)) }] : []),
    ...further,
    ...(sqlite ? [ofClaims("sqlite-backup", sqlite)] : []),
    ...(configuration ? [{ root: rootOf(config, "pve-config"), policy: configuration, paths: ["."] }] : []),
  ];
}

/**
 * Generations of a kind that the estate no longer asks for: all of them go, once there are as many of the new kind as are
 * kept. Those of a path that has none of the new kind stay, such as the last copies of a volume that is gone.
 */
function surplusOfFormerKinds(series: readonly Series[]): Surplus[] {
  const roots = new Set(series.map(({ root }) => root));
  return [...roots].flatMap(root =>
    (["day", "week"] as const).flatMap(every =>
      pathsIn(root, every).flatMap(path => {
        const own = series.filter(one => one.root === root && one.paths.includes(path));
        const isFormer = own.length > 0 && own.every(({ policy }) => policy.every !== every);
        const isReplaced = own.every(
          ({ policy }) => generationsOf(root, path, policy.every).length >= policy.count,
        );
        if (!isFormer || !isReplaced) return [];
        return generationsOf(root, path, every).map(generation => ({ root, generation }));
      }),
    ),
  );
}

/** Of the host's configuration, a period's folder is the generation. */
function pathsIn(root: string, every: GenerationPolicy["every"]): string[] {
  return basename(root) === "pve-config" ? ["."] : claimPaths(root, every);
}

interface Surplus {
  readonly root: string;
  readonly generation: Generation;
}

function surplusOf({ root, policy, paths }: Series, zone: string, nowMs: number): Surplus[] {
  const current = periodOf(nowMs, policy.every, zone);
  return paths.flatMap(path =>
    expiredGenerations(root, path, policy, current).map(generation => ({ root, generation })),
  );
}
