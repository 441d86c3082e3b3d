import type * as pulumi from "@pulumi/pulumi";
import { HostJob, type HostJobArgs } from "./host-job";

/** The layer `lvm-pvc-snapshot` on one host: thin snapshots of the cluster's volumes, in their own pool. */
export class LvmPvcSnapshot extends HostJob {
  constructor(name: string, args: HostJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:layer:LvmPvcSnapshot", name, args, opts);
  }
}
