import type * as pulumi from "@pulumi/pulumi";
import { HostJob, type HostJobArgs } from "./host-job";

/** The layer `daily-backup` on one host: generations of volumes, SQLite files and host configuration on the backup disk. */
export class DailyBackup extends HostJob {
  constructor(name: string, args: HostJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:layer:DailyBackup", name, args, opts);
  }
}
