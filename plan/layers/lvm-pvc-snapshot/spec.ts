import { z } from "zod";
import { name } from "../../estate/fields";
import { retention } from "../../retention";
import { excludes, runFields, schedule } from "../common";

/** Thin snapshots of every volume of a pool that matches the pattern. */
export const lvmPvcSnapshotSpec = z.strictObject({
  host: name,
  pool: name,
  pattern: z.string().min(1).default("vm-*-pvc-*").describe("Glob of the volumes' names"),
  excludeNamespaces: excludes,
  schedule,
  keep: retention,
  ...runFields,
});
export type LvmPvcSnapshotSpec = z.output<typeof lvmPvcSnapshotSpec>;
