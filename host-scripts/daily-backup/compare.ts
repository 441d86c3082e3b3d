import { CommandMissing, run as runCommand } from "../runtime/run";
import type { LogicalVolume } from "../runtime/lvm/listing";
import { volumeDevice } from "../runtime/lvm/pool-status";
import { exitCodes, messageOf, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import type { DailyBackup, VolumeTask } from "./daily-backup";
import { withMetadataSnapshot } from "./metadata-snapshot";

/** The pool's metadata is held no longer than that for all volumes; those that are left are compared file by file. */
const longestHoldMs = 5 * 60_000;

/**
 * Which volumes are as they were when they were copied last, by the pool's own account of their blocks. What can't be
 * told counts as changed.
 */
export const compare: Phase<DailyBackup> = {
  name: "compare",
  async run(run) {
    const { config, stop, log, notes, dryRun } = run;
    const { volumes } = config;
    run.unchanged = new Set();
    // A metadata snapshot is a change of the pool, which a dry run doesn't make.
    if (!volumes || dryRun) return;
    const { vg, pool } = volumes;
    const pairs = pairsOf(run);
    if (pairs.length === 0) return;
    const place = { vg, pool, stateDir: config.stateDir };
    try {
      const unchanged = await withMetadataSnapshot(place, stop.signal, () =>
        unchangedOf(run, pairs, vg, pool),
      );
      if (unchanged) run.unchanged = unchanged;
      else
        notes.push(
          `another program holds the metadata snapshot of pool ${vg}/${pool}: every volume is compared file by file`,
        );
    } catch (error) {
      stop.check("compare");
      if (!(error instanceof RunnerError)) throw error;
      notes.push(`the pool can't tell what changed (${error.failed}): every volume is compared file by file`);
    }
    log.info(`${run.unchanged.size} of ${pairs.length} volumes that were copied before have not changed`);
  },
};

interface Pair {
  readonly volume: string;
  readonly base: number;
  readonly newest: number;
}

/** Volumes whose last copied snapshot still exists; by its uuid, since an id in the pool comes again. */
function pairsOf({ tasks = [], listed = [], outcomes }: DailyBackup): Pair[] {
  const known = tasks.filter(({ record, volume }) => record && !outcomes.has(volume));
  const byUuid = new Map(listed.map(volume => [volume.uuid, volume]));
  return known.flatMap(task => pairOf(task, byUuid));
}

function pairOf(
  { volume, record, snapshot }: VolumeTask,
  byUuid: ReadonlyMap<string, LogicalVolume>,
): Pair[] {
  const newest = snapshot?.volume.thinId;
  const base = record && byUuid.get(record.base.uuid)?.thinId;
  if (newest === undefined || base === undefined || base !== record?.base.thinId) return [];
  return [{ volume, base, newest }];
}

async function unchangedOf(
  run: DailyBackup,
  pairs: readonly Pair[],
  vg: string,
  pool: string,
): Promise<Set<string>> {
  const { log, notes, stop } = run;
  const until = performance.now() + longestHoldMs;
  const unchanged = new Set<string>();
  for (const [index, { volume, base, newest }] of pairs.entries()) {
    stop.check("compare");
    if (performance.now() > until) {
      notes.push(
        `the pool was held for ${longestHoldMs / 60_000} min: ${pairs.length - index} volumes are compared file by file`,
      );
      break;
    }
    log.progress(`compare: ${index} of ${pairs.length} volumes`);
    if (base === newest || (await hasSameBlocks(vg, pool, base, newest, stop.signal))) unchanged.add(volume);
  }
  return unchanged;
}

/** Thrown to end thin_delta at the first difference. */
class Differs extends Error {}

/**
 * Whether two thin volumes map the same blocks, by thin_delta(8) on the pool's metadata snapshot.
 * @returns false also when it can't tell
 */
async function hasSameBlocks(
  vg: string,
  pool: string,
  base: number,
  newest: number,
  stop: AbortSignal,
): Promise<boolean> {
  const device = `/dev/mapper/${volumeDevice(vg, pool)}_tmeta`;
  const argv = ["thin_delta", "-m", "--snap1", String(base), "--snap2", String(newest), device] as const;
  let rest = "";
  try {
    const result = await runCommand([...argv], {
      timeoutMs: 60_000,
      stop,
      onStdout(chunk) {
        const text = rest + chunk.toString();
        if (/<(different|left_only|right_only)\b/.test(text)) throw new Differs();
        // A tag's name may come in two pieces.
        rest = text.slice(-16);
      },
    });
    // An answer that isn't whole is none: its last line ends the outermost element.
    return result.ended === "exited" && result.exitCode === 0 && rest.includes("</superblock>");
  } catch (error) {
    if (error instanceof Differs) return false;
    if (error instanceof CommandMissing)
      throw new RunnerError(exitCodes.failed, {
        failed: messageOf(error),
        kept: "Nothing was changed.",
        next: "apt-get install thin-provisioning-tools",
      });
    throw error;
  }
}
