import { z } from "zod";
import { generations } from "./generations";
import { jobMetrics, partMetric, tookMetric } from "./metric";
import { absolutePath, mount, runnerFields, timeZone } from "./runner";

/** Proxmox's own program is called vzdump: a command of that name would come before it. A host has one job of it. */
export const vmImagesJobName = "vm-images";

/** Folder of the backup disk with the images, as FOLDER/PERIOD/VMID. */
export const vmImagesFolder = "vm-images";

/** Sizes of an image, in percent of the VM's last good one, outside of which it waits for somebody. */
export const sizeBand = z.strictObject({
  /** A smaller one has lost most of what the VM had. */
  leastPercent: z.number().min(0).max(100),
  /** A larger one holds what can't be compressed any more, as what was encrypted. */
  mostPercent: z.number().min(100),
});

/** What the runner `vm-images` reads from its release's config.json. Times in ms. */
export const vmImagesConfig = z.strictObject({
  job: z.literal(vmImagesJobName),
  ...runnerFields,
  /** IANA zone in which generations are named after weeks and days. */
  zone: timeZone,
  /** The backup disk. */
  target: mount,
  /** Images of each VM. */
  keep: generations,
  /** Those of which images are made; of several that have waited as long, the first ones first. */
  vms: z.array(z.strictObject({ id: z.int().positive(), name: z.string().min(1) })),
  /** Ids of VMs of this host that get no image on purpose. */
  without: z.array(z.int().positive()),
  /** Globs of the names of disks that are in no image on purpose. */
  withoutDisks: z.array(z.string().min(1)),
  size: sizeBand,
  /** One VM may take that long before the others have their turn. */
  vmBudgetMs: z.int().positive(),
  /** A younger image isn't made anew, so that a run which is started again goes on from where the last one ended. */
  freshMs: z.int().positive(),
  /** Textfile with the age of each VM's image. */
  vmsTextfile: absolutePath,
});
export type VmImagesConfig = z.infer<typeof vmImagesConfig>;

export const vmImagesMetricNames = {
  bytes: "vm_images_bytes",
  failed: "vm_images_failed_vms",
  unnamed: "vm_images_unnamed_vms",
  /** One series a VM, with the labels `vmid` and `vm`. */
  vmSuccess: "vm_images_vm_last_success_timestamp",
} as const;

export const vmImagesMetrics = jobMetrics("vm_images", [
  tookMetric("vm_images"),
  {
    name: vmImagesMetricNames.bytes,
    help: "Bytes of the images that the last successful run made",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: vmImagesMetricNames.failed,
    help: "VMs that the last run has no new image of",
    emitted: "any-end",
    meaning: "other",
    well: 0,
  },
  {
    name: vmImagesMetricNames.unnamed,
    help: "VMs of the host that the estate doesn't name, and that have no image by that",
    emitted: "any-end",
    meaning: "other",
  },
]);

/** A run can succeed in all but one VM night after night, and the job's own last success never says which. */
export const vmSuccessMetric = partMetric(
  "vms",
  vmImagesMetricNames.vmSuccess,
  "Begin of the newest good image of the VM, epoch seconds",
  ["vmid", "vm"],
);
