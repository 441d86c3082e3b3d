import type * as pulumi from "@pulumi/pulumi";
import { HostJob, type HostJobArgs } from "./host-job";

/** The job `backup-scrub` on one host: the backup disk is read and compared with its checksums. */
export class BackupScrub extends HostJob {
  constructor(name: string, args: HostJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:layer:BackupScrub", name, args, opts);
  }
}
