import { z } from "zod";
import { clusterDumpSpec } from "../layers/cluster-dump/spec";
import { dailyBackupSpec } from "../layers/daily-backup/spec";
import { lvmPvcSnapshotSpec } from "../layers/lvm-pvc-snapshot/spec";
import { nasSnapshotsSpec } from "../layers/nas-snapshots/spec";
import { nfsChangeTrackerSpec } from "../layers/nfs-change-tracker/spec";
import { nfsMirrorSpec } from "../layers/nfs-mirror/spec";
import { offsiteSyncSpec } from "../layers/offsite-sync/spec";
import { name, timeZone } from "./fields";
import { monitoring, receiver } from "./monitoring";
import { cluster, destination, firewall, host, link } from "./places";
import { secret, service, waiver } from "./services";
import { statement } from "./statements";

/**
 * Everything that an operator owns and promises, written once. Durations and sizes carry their units in the text;
 * clock times are in `zone` unless a schedule names its own.
 */
export const estateSchema = z.strictObject({
  name,
  zone: timeZone,
  years: z
    .array(z.int().min(2000).max(2100))
    .min(1)
    .describe("Calendar years over which gaps and losses are computed, e.g. [2026, 2027]"),
  hosts: z.record(name, host),
  clusters: z.record(name, cluster).default({}),
  destinations: z.record(name, destination).default({}),
  firewalls: z.record(name, firewall).default({}),
  links: z.array(link).default([]),
  secrets: z.record(name, secret).default({}),
  services: z.record(name, service).default({}),
  monitoring,
  receivers: z.record(name, receiver),
  layers: z.strictObject({
    "lvm-pvc-snapshot": z.array(lvmPvcSnapshotSpec).default([]),
    "nfs-mirror": z.array(nfsMirrorSpec).default([]),
    "daily-backup": z.array(dailyBackupSpec).default([]),
    "cluster-dump": z.array(clusterDumpSpec).default([]),
    "nfs-change-tracker": z.array(nfsChangeTrackerSpec).default([]),
    "offsite-sync": z.array(offsiteSyncSpec).default([]),
    "nas-snapshots": z.array(nasSnapshotsSpec).default([]),
  }),
  waivers: z.array(waiver).default([]).describe("Findings that are accepted for a while"),
  statements: z.array(statement).default([]).describe("What documents say, checked against the plan"),
});

/** An estate as an operator writes it. */
export type EstateInput = z.input<typeof estateSchema>;
/** An estate with its defaults filled in; durations and sizes are still text. */
export type Estate = z.output<typeof estateSchema>;
