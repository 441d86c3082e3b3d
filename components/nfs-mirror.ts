import type * as pulumi from "@pulumi/pulumi";
import { HostJob, type HostJobArgs } from "./host-job";

/** The layer `nfs-mirror` on one host: a tree of services is copied to the backup disk each night. */
export class NfsMirror extends HostJob {
  constructor(name: string, args: HostJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:layer:NfsMirror", name, args, opts);
  }
}
