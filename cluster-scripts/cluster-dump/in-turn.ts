import { rank } from "./dumps-asked";
import type { Dump } from "./manifest";

/**
 * Restores dumps in their order. One that fails may come once more behind its like: a view of it may be of a database that comes behind.
 * @param restore is told whether it may come again @returns "again" to do so, "stop" where nothing else may be tried
 */
export async function inTurn(
  dumps: readonly Dump[],
  restore: (dump: Dump, mayComeAgain: boolean) => Promise<"done" | "again" | "stop">,
): Promise<void> {
  const queue = [...dumps];
  const again = new Set<Dump>();
  for (let dump = queue.shift(); dump; dump = queue.shift()) {
    const own = rank(dump);
    const isLike = (other: Dump): boolean => rank(other) === own;
    const ended = await restore(dump, !again.has(dump) && queue.some(isLike));
    if (ended === "stop") return;
    if (ended === "done") continue;
    again.add(dump);
    queue.splice(queue.findLastIndex(isLike) + 1, 0, dump);
  }
}
