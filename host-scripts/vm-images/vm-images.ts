import { join } from "node:path";
import { periodOf } from "../../plan/contracts/period";
import { vmImagesFolder, type VmImagesConfig } from "../../plan/contracts/vm-images";
import type { HandsOver } from "../runtime/hand-over";
import type { JobRun } from "../runtime/job-run";
import type { Removing } from "../runtime/unremoved";
import type { HostVm } from "./proxmox";

/** A VM that gets an image. */
export type Vm = VmImagesConfig["vms"][number];

/** What became of a VM in this run. */
export type Outcome =
  | { readonly kind: "made"; readonly bytes: number }
  /** Its image is young enough. */
  | { readonly kind: "fresh" }
  | { readonly kind: "failed"; readonly reason: string; readonly next: string };

/** One run, filled by its phases. */
export interface VmImages extends JobRun<VmImagesConfig>, Removing, HandsOver {
  readonly config: VmImagesConfig;
  readonly startedAt: Date;
  /** What an operator said is meant to be so: ids of VMs. */
  readonly accepted: ReadonlySet<string>;
  readonly outcomes: Map<number, Outcome>;
  /** VMs of this host; undefined until they were listed. */
  host?: readonly HostVm[];
  /** Those of them that the estate doesn't name. */
  unnamed?: readonly HostVm[];
  /** Images that were, or in a dry run would be, removed. */
  pruned?: readonly string[];
}

/** A VM's image is of no use, or wasn't made; the others have theirs. */
export class ImageFailed extends Error {
  constructor(
    readonly reason: string,
    readonly next: string,
  ) {
    super(reason);
    this.name = "ImageFailed";
  }
}

/** Folder of the backup disk with the images. */
export function rootOf({ target }: Pick<VmImagesConfig, "target">): string {
  return join(target.path, vmImagesFolder);
}

export function currentPeriod({ startedAt, config }: VmImages): string {
  return periodOf(startedAt.getTime(), config.keep.every, config.zone);
}

/** As messages call it: 'VM 101 (nodes/k8s-1)'. */
export function nameOf({ id, name }: Vm): string {
  return `VM ${id} (${name})`;
}
