import type { Estate } from "./estate/schema";
import { parseDuration } from "./units/duration";

/** Calls that somebody outside of the site waits for, and for how long. */
export interface AwaitedCall {
  /** What the receiver's check is called. */
  readonly check: string;
  /** Who calls, in words. */
  readonly by: string;
  /** The host that calls itself, and its secret with the address; absent where it is Alertmanager. */
  readonly host?: { readonly name: string; readonly secret: string };
  readonly everyMs: number;
  /** How late a call may be before people are told. */
  readonly graceMs: number;
}

/** A host takes that long to boot, and a cluster to move a pod. */
const startMs = 15 * 60_000;
/** What healthchecks takes at least. */
const leastMs = 60_000;

/** The calls of an estate's dead men; none without `monitoring.deadMan`. */
export function awaitedCalls({ name, monitoring: { deadMan } }: Estate): AwaitedCall[] {
  if (!deadMan) return [];
  const everyMs = Math.max(parseDuration(deadMan.every), leastMs);
  const times = { everyMs, graceMs: everyMs + startMs };
  return [
    { check: `${name}: alerts`, by: "Alertmanager", ...times },
    ...Object.entries(deadMan.hosts).map(([host, secret]) => ({
      check: `${name}: ${host}`,
      by: `the host ${host}`,
      host: { name: host, secret },
      ...times,
    })),
  ];
}
