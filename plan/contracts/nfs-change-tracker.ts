import { z } from "zod";
import { jobMetrics } from "./metric";
import { absolutePath, mount, runnerFields } from "./runner";

const entry = z.string().regex(/^[^/\0]+$/, "expected one directory entry without a slash");

/** The name that operators know: of the unit, and of the job in a stack. A host has one. */
export const changeTrackerJobName = "nfs-change-tracker";

/** What the runner `nfs-change-tracker` reads from its release's config.json. Times in ms; `budgetMs` is what one proof may take. */
export const nfsChangeTrackerConfig = z.strictObject({
  job: z.literal(changeTrackerJobName),
  ...runnerFields,
  watches: z
    .array(
      z.strictObject({
        root: absolutePath,
        /** File system that it lies on. */
        mount,
        /** Entries of the root of which somebody reads what changes; all of them unless given. */
        only: z.array(entry).optional(),
        /** Entries of the root of which nobody does; none unless given. */
        without: z.array(entry).optional(),
        /** Folder of its journal; the names in it are below the root. */
        journal: absolutePath,
      }),
    )
    .min(1),
  /** It proves so often that it hears what changes, hands over what it has heard by then, and tells its metrics. */
  proveMs: z.int().positive(),
  /** So often it hands over each root as a whole: a change that nobody was told of is found by then. */
  reconcileMs: z.int().positive(),
  /** More names than that aren't kept for a root: what they have in common is handed over in their place. */
  mostNames: z.int().positive(),
});
export type NfsChangeTrackerConfig = z.infer<typeof nfsChangeTrackerConfig>;

export const changeTrackerMetricNames = {
  up: "nfs_change_tracker_up",
  events: "nfs_change_tracker_events",
  overflows: "nfs_change_tracker_overflows",
  reconciles: "nfs_change_tracker_reconciles",
  lastEvent: "nfs_change_tracker_last_event_timestamp",
  memory: "nfs_change_tracker_memory_bytes",
} as const;

export const changeTrackerMetrics = jobMetrics("nfs_change_tracker", [
  {
    name: changeTrackerMetricNames.up,
    help: "1 while it watches, 0 since it ended",
    emitted: "any-end",
    meaning: "other",
    well: 1,
  },
  {
    name: changeTrackerMetricNames.events,
    help: "Changes that it was told of in the last hour",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: changeTrackerMetricNames.overflows,
    help: "Times in the last hour that the kernel had more to tell than it keeps",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: changeTrackerMetricNames.reconciles,
    help: "Subtrees in the last hour that it handed over to be compared",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: changeTrackerMetricNames.lastEvent,
    help: "When it was last told of a change, epoch seconds",
    emitted: "any-end",
    meaning: "other",
  },
  {
    name: changeTrackerMetricNames.memory,
    help: "Resident memory of it and of the program that it watches by",
    emitted: "any-end",
    meaning: "other",
  },
]);
