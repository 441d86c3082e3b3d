import type * as pulumi from "@pulumi/pulumi";
import { HostJob, type HostJobArgs } from "./host-job";

/** The layer `pfsense-backup` on one host: generations of a firewall's configuration on the backup disk. */
export class PfsenseBackup extends HostJob {
  constructor(name: string, args: HostJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:layer:PfsenseBackup", name, args, opts);
  }
}
