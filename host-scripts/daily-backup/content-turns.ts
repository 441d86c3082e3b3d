import type { VolumeTask } from "./daily-backup";

const dayMs = 86_400_000;
/** A part of the nights of a period may come to nothing, and each volume has its turn within it all the same. */
const usedShare = 0.7;
/** Later than that, a volume has its turn whoever else has. */
const dueShare = 0.9;

/**
 * Whose content is compared this night, who has waited longest first: so many that each has its turn within the period, and
 * all who have waited for most of it or were never compared.
 */
export function contentTurns(tasks: readonly VolumeTask[], nowMs: number, periodMs: number): VolumeTask[] {
  const nights = Math.max(1, Math.floor((periodMs / dayMs) * usedShare));
  const quota = Math.ceil(tasks.length / nights);
  const isDue = ({ record }: VolumeTask): boolean =>
    nowMs - (record?.contentMs ?? -Infinity) >= periodMs * dueShare;
  return [...tasks]
    .sort((a, b) => lastTurn(a) - lastTurn(b))
    .filter((task, index) => isDue(task) || (index < quota && nowMs - lastTurn(task) >= dayMs / 2));
}

/** One that had no time to end doesn't keep the others from their turn. */
function lastTurn({ record }: VolumeTask): number {
  return Math.max(record?.contentMs ?? 0, record?.contentTriedMs ?? 0);
}
