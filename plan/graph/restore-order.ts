import type { TransferFloor } from "./transfer";

/** What a restore takes of a link: `latencyMs` before its first byte, and then `bytesMs`. */
export interface Load {
  readonly bytesMs: number;
  readonly latencyMs: number;
}

/** What transfers take of each link, by its name: bytes one after the other, and somebody goes for its far end once. */
export function loadsOf(floors: readonly TransferFloor[]): Map<string, Load> {
  const loads = new Map<string, Load>();
  for (const { link, bytesMs, latencyMs } of floors) {
    if (link === undefined) continue;
    const known = loads.get(link);
    loads.set(link, {
      bytesMs: (known?.bytesMs ?? 0) + bytesMs,
      latencyMs: Math.max(known?.latencyMs ?? 0, latencyMs),
    });
  }
  return loads;
}

/** A service that a disaster has taken. */
export interface Waiting {
  readonly service: string;
  readonly needs: readonly string[];
  /** In which time it is promised to be back; Infinity for one without a promise. */
  readonly dueMs: number;
  /** What it takes of each link, by the link's name. */
  readonly loads: ReadonlyMap<string, Load>;
}

/** A service in the order in which all are restored, and when it is back at the earliest. */
export interface Restored {
  readonly service: string;
  readonly backMs: number;
}

/**
 * The order in which services come back that one disaster has taken: what is promised soonest first, and before each what it
 * needs. A link carries one after the other; somebody goes for the far end of each once. With one link, no other order keeps
 * more of the promises.
 */
export function restoreOrder(services: readonly Waiting[]): Restored[] {
  const byName = new Map(services.map(waiting => [waiting.service, waiting]));
  const due = inheritedDue(services, byName);
  const back = new Map<string, number>();
  const freeMs = new Map<string, number>();
  const order: Restored[] = [];
  const restore = (waiting: Waiting, path: ReadonlySet<string>): void => {
    if (back.has(waiting.service) || path.has(waiting.service)) return;
    const further = new Set([...path, waiting.service]);
    const needed = waiting.needs.flatMap(name => byName.get(name) ?? []);
    for (const need of needed) restore(need, further);
    const startMs = Math.max(0, ...needed.map(({ service }) => back.get(service) ?? 0));
    let backMs = startMs;
    for (const [link, { bytesMs, latencyMs }] of waiting.loads) {
      const endMs = Math.max(freeMs.get(link) ?? latencyMs, startMs) + bytesMs;
      freeMs.set(link, endMs);
      backMs = Math.max(backMs, endMs);
    }
    back.set(waiting.service, backMs);
    order.push({ service: waiting.service, backMs });
  };
  const dueOf = ({ service }: Waiting): number => due.get(service) ?? Infinity;
  // Two that are promised nothing differ by NaN.
  for (const waiting of [...services].sort((a, b) => dueOf(a) - dueOf(b) || 0)) restore(waiting, new Set());
  return order;
}

/** When a service is back of which nothing is restored but itself and what it needs: no other order of all brings it back sooner. */
export function backAlone(waiting: Waiting, byName: ReadonlyMap<string, Waiting>): number {
  return (
    restoreOrder(withNeeds(waiting, byName)).find(({ service }) => service === waiting.service)?.backMs ?? 0
  );
}

/** A service, and all that has to be back before it, of what a disaster has taken. */
export function withNeeds(
  waiting: Waiting,
  byName: ReadonlyMap<string, Waiting>,
  seen = new Set<Waiting>(),
): Waiting[] {
  if (seen.has(waiting)) return [];
  seen.add(waiting);
  const needed = waiting.needs.flatMap(name => byName.get(name) ?? []);
  return [waiting, ...needed.flatMap(need => withNeeds(need, byName, seen))];
}

/** What is needed is due when the first of those is that need it. */
function inheritedDue(
  services: readonly Waiting[],
  byName: ReadonlyMap<string, Waiting>,
): Map<string, number> {
  const due = new Map<string, number>();
  const lower = (service: string, dueMs: number): void => {
    if ((due.get(service) ?? Infinity) <= dueMs) return;
    due.set(service, dueMs);
    for (const needed of byName.get(service)?.needs ?? []) lower(needed, dueMs);
  };
  for (const { service, dueMs } of services) lower(service, dueMs);
  return due;
}
