import { z } from "zod";

/** A copy that a job's program has made and that is still there, as `list --versions --json` tells it. */
export const version = z.object({
  /** What it is of, as the program's restore is told it: a claim, a service, a VM's id, a path. */
  of: z.string(),
  /** When its data was read, ISO 8601 in UTC; absent where nothing on record says it. */
  at: z.iso.datetime().optional(),
  /** Folder or file on the host with what it holds; absent where it isn't there to be looked at. */
  path: z.string().optional(),
  /** What it takes, where that is on record or cheap to tell: nothing is counted for it. */
  bytes: z.number().optional(),
  /** What it is known to lack, and why it is kept as it is; in words. */
  lacks: z.array(z.string()),
  /** Words that make a restore bring back this one, and not the newest. */
  pick: z.array(z.string()),
});
export type Version = z.infer<typeof version>;

/** What a program answers, in one line. */
export const versionsAnswer = z.object({
  versions: z.array(version),
  /** Where others may lie that it can't see, in words. */
  unseen: z.string().optional(),
  /** Things whose names aren't UTF-8, as messages show them: their copies come back, and aren't among the versions, as JSON has no such name. */
  noText: z.array(z.string()).optional(),
});
export type Versions = z.infer<typeof versionsAnswer>;
