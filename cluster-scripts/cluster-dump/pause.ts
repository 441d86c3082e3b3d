import { setTimeout as sleep } from "node:timers/promises";

const [leastMs, mostMs] = [2, 50];

/**
 * Waits between two looks for what another container does: an eighth of the time since the first look. What comes at once is seen at once,
 * ten times for each of many small databases; for what takes minutes nobody looks more often than twenty times a second.
 */
export async function pause(sinceMs: number): Promise<void> {
  await sleep(Math.min(mostMs, Math.max(leastMs, (performance.now() - sinceMs) / 8)));
}
