import { existsSync } from "node:fs";
import type { DailyBackupConfig, GenerationPolicy } from "../../plan/contracts/daily-backup";
import { periodOf } from "../../plan/contracts/period";
import { messageOf } from "../runtime/errors";
import { claimPaths, emptyTrash, expiredGenerations, type Generation, retire } from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { handOver } from "./reveal";
import { type DailyBackup, rootOf } from "./daily-backup";

/** More than a night's worth is taken away over several nights: a slip in the estate shows before it has cost everything. */
const mostRetired = 500;

/**
 * Takes generations out of sight that are no longer kept, then removes what they hold. Comes last, and what isn't done in
 * the budget is done the next night.
 */
export const prune: Phase<DailyBackup> = {
  name: "prune",
  async run(run) {
    const { config, dryRun, log, notes, stop, startedAt } = run;
    const doomed = seriesOf(config).flatMap(series => surplusOf(series, config.zone, startedAt.getTime()));
    if (doomed.length > mostRetired)
      notes.push(`${doomed.length} generations are no longer kept; ${mostRetired} of them go in this run`);
    for (const { root, generation } of doomed.slice(0, mostRetired)) {
      log.info(`${dryRun ? "would remove" : "removes"} "${generation.folder}"`);
      if (dryRun) continue;
      handOver(run, generation.folder);
      retire(root, generation);
    }
    if (dryRun) return;
    try {
      for (const root of rootsOf(config)) await emptyTrash(root, stop.signal);
    } catch (error) {
      notes.push(messageOf(error));
    }
  },
};

interface Series {
  readonly root: string;
  readonly policy: GenerationPolicy;
  readonly paths: readonly string[];
}

function rootsOf(config: DailyBackupConfig): string[] {
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

function surplusOf(
  { root, policy, paths }: Series,
  zone: string,
  nowMs: number,
): { root: string; generation: Generation }[] {
  const current = periodOf(nowMs, policy.every, zone);
  return paths.flatMap(path =>
    expiredGenerations(root, path, policy, current).map(generation => ({ root, generation })),
  );
}
