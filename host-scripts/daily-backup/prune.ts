import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { DailyBackupConfig } from "../../plan/contracts/daily-backup";
import type { GenerationPolicy } from "../../plan/contracts/generations";
import { periodOf } from "../../plan/contracts/period";
import { exitCodes, RunnerError } from "../runtime/errors";
import {
  claimPaths,
  emptyTrash,
  expiredGenerations,
  type Generation,
  generationsOf,
  type UnreadFolder,
} from "../runtime/generations";
import { retireOne } from "../runtime/hand-over";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { keepUnremoved } from "../runtime/unremoved";
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
      keepUnremoved(run, error);
    }
  },
};

function keepUnread(run: DailyBackup, { folder, reason }: UnreadFolder): void {
  keepUnremoved(
    run,
    new RunnerError(exitCodes.failed, {
      failed: `${quoted(folder)} can't be read: ${reason}. Nothing in it is removed`,
      kept: "All else that is no longer kept goes, and every generation is as it was.",
      next: shell`dmesg --level err,warn | tail; ls -la ${folder}`,
    }),
  );
}

/** Takes generations out of sight that are no longer kept. */
export function retireSurplus(run: DailyBackup): void {
  const { config, dryRun, log, notes, startedAt } = run;
  const series = seriesOf(run);
  const doomed = [
    ...series.flatMap(one => surplusOf(run, one, config.zone, startedAt.getTime())),
    ...surplusOfFormerKinds(run, series),
  ];
  if (doomed.length > mostRetired)
    notes.push(`${doomed.length} generations are no longer kept; ${mostRetired} of them go in this run`);
  for (const { root, generation } of doomed.slice(0, mostRetired)) {
    log.info(`${dryRun ? "would remove" : "removes"} "${generation.folder}"`);
    if (!dryRun) retireOne(run, root, generation);
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
function seriesOf(run: DailyBackup): Series[] {
  const { config } = run;
  const { volumes, sqlite, configuration } = config;
  const ofClaims = (folder: "pvc-data" | "sqlite-backup", policy: GenerationPolicy): Series => {
    const root = rootOf(config, folder);
    return { root, policy, paths: claimPaths(root, policy.every, folder => keepUnread(run, folder)) };
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
function surplusOfFormerKinds(run: DailyBackup, series: readonly Series[]): Surplus[] {
  const roots = new Set(series.map(({ root }) => root));
  return [...roots].flatMap(root =>
    (["day", "week"] as const).flatMap(every =>
      pathsIn(run, root, every).flatMap(path => {
        const own = series.filter(one => one.root === root && one.paths.includes(path));
        if (own.length === 0 || own.some(({ policy }) => policy.every === every)) return [];
        return readable(run, () => {
          const isReplaced = own.every(
            ({ policy }) => generationsOf(root, path, policy.every).length >= policy.count,
          );
          return isReplaced ? generationsOf(root, path, every).map(generation => ({ root, generation })) : [];
        });
      }),
    ),
  );
}

/** Of the host's configuration, a period's folder is the generation. */
function pathsIn(run: DailyBackup, root: string, every: GenerationPolicy["every"]): readonly string[] {
  return basename(root) === "pve-config" ? ["."] : claimPaths(root, every, folder => keepUnread(run, folder));
}

/** Of a path that can't be looked at whole, nothing goes: how many there are isn't known. */
function readable(run: DailyBackup, read: () => Surplus[]): Surplus[] {
  try {
    return read();
  } catch (error) {
    keepUnremoved(run, error);
    return [];
  }
}

interface Surplus {
  readonly root: string;
  readonly generation: Generation;
}

function surplusOf(
  run: DailyBackup,
  { root, policy, paths }: Series,
  zone: string,
  nowMs: number,
): Surplus[] {
  const current = periodOf(nowMs, policy.every, zone);
  return paths.flatMap(path =>
    readable(run, () =>
      expiredGenerations(root, path, policy, current).map(generation => ({ root, generation })),
    ),
  );
}
