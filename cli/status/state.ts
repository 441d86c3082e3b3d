/** How something stands: it keeps its promise, it owes, or nobody could be asked. */
export type Standing = "well" | "owes" | "unknown";

/** What is known of one job now. Instants in ISO form. */
export interface JobState {
  /** Host or cluster that runs it. */
  readonly on: string;
  readonly job: string;
  readonly state: Standing;
  readonly lastSuccess: string | null;
  /** Age of a success from which on it is too old; null for what is watched and judged by nobody. */
  readonly staleAfterSeconds: number | null;
  /** Since when a run is under way. */
  readonly running: string | null;
  readonly nextStart: string | null;
  /** Why it owes or isn't known, what is to be known of it, and what to do next. */
  readonly says: readonly string[];
}

/** What is known of one store of a host. */
export interface StoreState {
  readonly on: string;
  /** Mount point, or VG/POOL. */
  readonly store: string;
  readonly state: Standing;
  readonly sizeBytes: number | null;
  readonly freeBytes: number | null;
  /** Share of a thin pool's metadata that is in use; null for what has none. */
  readonly metadataPercent: number | null;
  /** Day on which it is full, by what is free now and what the estate says that it grows; null where it doesn't say so. */
  readonly fullOn: string | null;
  readonly says: readonly string[];
}

/** What is known of one machine, and of what it runs and holds. */
export interface MachineState {
  readonly on: string;
  readonly kind: "host" | "cluster";
  /** Whether it could be asked, and is as it should be itself. */
  readonly state: Standing;
  /** What is wrong with the machine itself; a clock, for one. */
  readonly says: readonly string[];
  readonly jobs: readonly JobState[];
  readonly stores: readonly StoreState[];
}

/** The worst of several: who owes is more to be told than who isn't known. */
export function worst(states: readonly Standing[]): Standing {
  if (states.includes("owes")) return "owes";
  return states.includes("unknown") ? "unknown" : "well";
}

export function iso(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
