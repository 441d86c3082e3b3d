import { z } from "zod";
import { sizeBand } from "../../contracts/vm-images";
import { absolutePath, duration, reason } from "../../estate/fields";
import { generationsByPeriod } from "../../retention";
import { entries, runFields, runsOn, schedule } from "../common";

const band = sizeBand.shape;

/** Whether a name is one that a pattern stands for, in which * is any characters. */
export function isLike(text: string, pattern: string): boolean {
  return new RegExp(
    `^${pattern
      .split("*")
      .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  ).test(text);
}

/** Images of a host's VMs: of each dataset of kind "vm" that the services have there. */
export const vmImagesSpec = z.strictObject({
  host: runsOn,
  schedule,
  target: absolutePath.describe("Mount point of the backup disk"),
  keep: generationsByPeriod.describe("Images of each VM; an earlier one goes after a newer one was verified"),
  without: z
    .array(
      z.strictObject({
        id: z.int().min(100, "expected a VM's id, 100 or more").describe("Number that `qm list` prints"),
        reason,
      }),
    )
    .default([])
    .describe(
      "VMs of the host, templates among them, that no service names and that get no image; each other one is told",
    ),
  withoutDisks: entries
    .superRefine((disks, context) => {
      for (const [index, { name: pattern }] of disks.entries())
        if (["vm-100-disk-0", "vm-101-disk-1"].every(disk => isLike(disk, pattern)))
          context.addIssue({
            code: "custom",
            path: [index, "name"],
            message:
              'stands for the own disks of every VM, so that an image without any is told by nobody. Expected the disks that are left out on purpose, e.g. "vm-120-disk-1" or "vm-*-pvc-*"',
          });
    })
    .default([{ name: "vm-*-pvc-*", reason: "volumes of claims have snapshots and copies of their own" }])
    .describe(
      "Disks by their names (* for any characters) that Proxmox leaves out of images on purpose (backup=0); each other one that is left out is told",
    ),
  size: z
    .strictObject({
      leastPercent: band.leastPercent.default(20).describe("A smaller one waits"),
      mostPercent: band.mostPercent.default(500).describe("A larger one waits"),
    })
    .superRefine(({ leastPercent, mostPercent }, context) => {
      const usual = "Example: { leastPercent: 20, mostPercent: 500 }";
      const fault = (field: string, problem: string): void =>
        context.addIssue({ code: "custom", path: [field], message: `${problem}. ${usual}` });
      if (leastPercent === 0) fault("leastPercent", "holds nothing: no image is smaller than 0 %");
      if (leastPercent === 100)
        fault("leastPercent", "holds each image of a VM in which something was deleted");
      if (mostPercent === 100) fault("mostPercent", "holds each image of a VM that grows");
      if (mostPercent > 10_000)
        fault("mostPercent", "holds nothing: what was encrypted doesn't get that large");
    })
    .prefault({})
    .describe(
      "An image that is smaller or larger than that, in percent of the VM's last good one, is kept beside it and counts for nothing until somebody accepts it",
    ),
  vmBudget: duration
    .optional()
    .describe(
      "One VM may take that long before the others have their turn; by default a third of the budget",
    ),
  ...runFields,
});
export type VmImagesSpec = z.output<typeof vmImagesSpec>;
