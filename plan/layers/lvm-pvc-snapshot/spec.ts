import { z } from "zod";
import { name } from "../../estate/fields";
import { retention } from "../../retention";
import { excludes, runFields, runsOn, schedule } from "../common";

const percent = z
  .number()
  .min(1, "holds back every snapshot. Expected a share in percent, e.g. 85")
  .max(99, "is reached when every guest has stopped writing already. Expected a share in percent, e.g. 95");

/** How full a pool may be. Its data and its metadata fill up apart from each other, and either one stops every guest. */
const limits = (data: number, metadata: number) =>
  z
    .strictObject({
      dataPercent: percent.default(data).describe("Share of the pool's data that is in use"),
      metadataPercent: percent.default(metadata).describe("Share of the pool's metadata that is in use"),
    })
    .prefault({});

const guard = z
  .strictObject({
    thinOut: limits(85, 80).describe("From here on, old snapshots go before their time"),
    decline: limits(95, 90).describe("From here on, no new snapshot is made"),
  })
  .superRefine(({ thinOut, decline }, context) => {
    for (const field of ["dataPercent", "metadataPercent"] as const)
      if (thinOut[field] >= decline[field])
        context.addIssue({
          code: "custom",
          path: ["thinOut", field],
          message: `is not below decline.${field} (${decline[field]}): no snapshot would be made any more before the first old one has gone. Example: ${decline[field] - 10}`,
        });
  })
  .prefault({})
  .describe("What is done when the pool fills up");

/** Thin snapshots of every volume of a pool that matches the pattern. */
export const lvmPvcSnapshotSpec = z.strictObject({
  host: runsOn,
  pool: name.describe("Thin pool of that host"),
  pattern: z
    .string()
    .regex(/^[A-Za-z0-9_+.*?[\]!][A-Za-z0-9_+.*?[\]!-]*$/, 'expected a glob of LVM names, e.g. "vm-*-pvc-*"')
    .refine(
      pattern => !/[*?\]].*pvc-?$/.test(pattern),
      'ends before the id that each claim\'s volume ends in, and is the name of none of them. Did you mean "vm-*-pvc-*"?',
    )
    .refine(
      pattern => !/^[^?[]*disk[^?[]*$/.test(pattern),
      'stands for the own disks of VMs, and for no claim\'s volume. Did you mean "vm-*-pvc-*"?',
    )
    .refine(
      pattern => !/^(vm-?)?\*$/.test(pattern),
      'stands for every volume, the own disks of VMs too. Did you mean "vm-*-pvc-*"?',
    )
    .default("vm-*-pvc-*")
    .describe("Glob of the volumes' names"),
  excludeNamespaces: excludes.describe("Namespaces whose volumes get no snapshot"),
  cluster: name
    .optional()
    .describe("Whose claims the volumes are; by default the only cluster of the estate"),
  guard,
  schedule,
  keep: retention,
  ...runFields,
});
export type LvmPvcSnapshotSpec = z.output<typeof lvmPvcSnapshotSpec>;
