import type { NasSnapshotsConfig } from "../../plan/contracts/nas-snapshots";
import { momentText } from "../runtime/moment";
import { formatHours } from "./hours";
import type { Drift, Facts } from "./nas-snapshots";
import type { Memory } from "./memory";

const dayMs = 86_400_000;

/**
 * What the NAS does otherwise than the estate says. What it has written down is compared, and what it does: a setting that it shows
 * may be one that nothing follows, and then the ages of the snapshots alone tell.
 * @param nowMs the NAS's clock @param dueMs when it was last to make a snapshot
 */
export function driftsOf(
  config: NasSnapshotsConfig,
  facts: Facts,
  gone: Memory["gone"],
  nowMs: number,
  dueMs: number | undefined,
): Drift[] {
  const { keepMs, nas } = config;
  const drifts: Drift[] = [];
  const { snapshots, keepDays, mayDelete } = facts;
  if (dueMs !== undefined && snapshots.length > 0 && !snapshots.some(({ atMs }) => isOf(dueMs, atMs, config)))
    drifts.push({
      setting: "schedule",
      text: `declared "${config.calendar}" (${config.zone}), last due ${momentText(dueMs)}, and ${nas.name} has none of that time: its newest is of ${momentText(snapshots.at(-1)?.atMs ?? 0)}`,
    });
  if (keepMs !== undefined && keepDays !== undefined && keepDays * dayMs !== keepMs)
    drifts.push({
      setting: "keep_days",
      text: `declared ${formatHours(keepMs)}, ${nas.name} says ${keepDays} d`,
    });
  const [oldest] = snapshots;
  // It removes at its own time of day, and a locked one never.
  if (keepMs !== undefined && oldest && nowMs - oldest.atMs > keepMs + 2 * dayMs)
    drifts.push({
      setting: "kept_longer",
      text: `declared ${formatHours(keepMs)}, and ${oldest.name} is there after ${formatHours(nowMs - oldest.atMs)}: it is locked, or ${nas.name} follows another setting`,
    });
  const [first] = gone;
  if (keepMs !== undefined && first)
    drifts.push({
      setting: "gone_early",
      text: `declared ${formatHours(keepMs)}, and ${gone.length} went before their time, the first is ${first.name} after ${formatHours(first.missedMs - first.atMs)} or less`,
    });
  if (mayDelete === true && !config.mayDelete)
    drifts.push({
      setting: "rights",
      text: `declared an account that only looks, and sudo on ${nas.name} lets ${nas.user} delete snapshots: who is root on this host can delete all of them`,
    });
  return drifts;
}

/** Whether a snapshot is the one that was due then. A name has whole seconds, and a NAS is never early by more than its clock. */
export function isOf(dueMs: number, atMs: number, { graceMs }: Pick<NasSnapshotsConfig, "graceMs">): boolean {
  return atMs >= dueMs - 60_000 && atMs <= dueMs + graceMs;
}
