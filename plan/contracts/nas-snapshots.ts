import { z } from "zod";
import { jobMetrics, type Metric, partMetric, tookMetric } from "./metric";
import { absolutePath, credentialName, credentialsDir, runnerFields, timeZone } from "./runner";

export const nasSnapshotsJobName = "nas-snapshots";

/** The program of a Synology that knows of snapshots. */
export const snapshotProgram = "/usr/syno/sbin/synosharesnapshot";

/** What the runner `nas-snapshots` reads from its release's config.json. Times in ms. */
export const nasSnapshotsConfig = z.strictObject({
  job: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  ...runnerFields,
  credentialsDir,
  nas: z.strictObject({
    name: z.string().min(1),
    address: z.string().min(1),
    port: z.int().min(1).max(65535),
    user: z.string().min(1),
    /** Its only public key, as known_hosts has it, without a name. */
    hostKey: z.string().min(1),
    /** Credential with the account's private key. */
    key: credentialName,
    /** Credential with the account's password, which sudo asks for. */
    password: credentialName,
    /** Volume that the share lies on, e.g. "/volume1". */
    volume: absolutePath,
    share: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/, "expected the name of a share, without a slash"),
  }),
  /** When the NAS makes its snapshots: a calendar of systemd.time(7), in a zone. */
  calendar: z.string().min(1),
  zone: timeZone,
  /** A snapshot that is due counts as missing after that long; until then, a run waits for it. */
  graceMs: z.int().positive(),
  /** How long each snapshot is kept, as the estate has it; absent where that is no age. */
  keepMs: z.int().positive().optional(),
  /** Snapshots that a deletion leaves, however old they are. */
  keepAtLeast: z.int().min(1),
  /** Jobs of this host that write to the share: where each leaves word of its last end. */
  senders: z.array(z.strictObject({ job: z.string().min(1), stateDir: absolutePath })),
  /** Whether the estate knows that this account may delete snapshots. */
  mayDelete: z.boolean(),
  /** Textfile with what differs from the estate. */
  driftTextfile: absolutePath,
});
export type NasSnapshotsConfig = z.infer<typeof nasSnapshotsConfig>;

/** What of a NAS is compared with the estate. */
export const driftSettings = ["schedule", "keep_days", "kept_longer", "gone_early", "rights"] as const;
export type DriftSetting = (typeof driftSettings)[number];

export const nasMetricNames = {
  newest: "nas_snapshot_newest_timestamp",
  oldest: "nas_snapshot_oldest_timestamp",
  count: "nas_snapshot_count",
  unknownLines: "nas_snapshot_unknown_lines",
  clockSkew: "nas_snapshot_clock_skew_seconds",
  volumeSize: "nas_snapshot_volume_size_bytes",
  volumeFree: "nas_snapshot_volume_free_bytes",
  shareUsed: "nas_snapshot_share_used_bytes",
  shareQuota: "nas_snapshot_share_quota_bytes",
  pinned: "nas_snapshot_pinned_bytes",
  daysToFull: "nas_snapshot_days_until_full",
  drift: "nas_snapshot_drift",
} as const;

function looked<const Name extends string>(name: Name, help: string) {
  return { name, help, emitted: "any-end", meaning: "other" } as const satisfies Metric<Name>;
}

/** What a look that reached the NAS says; one that didn't leaves it as it was. */
export const nasSnapshotsMetrics = jobMetrics("nas_snapshot", [
  tookMetric("nas_snapshot"),
  looked(nasMetricNames.newest, "When the share's newest snapshot was made, epoch seconds"),
  looked(nasMetricNames.oldest, "When its oldest snapshot was made, epoch seconds"),
  looked(nasMetricNames.count, "Snapshots of the share"),
  looked(nasMetricNames.unknownLines, "Lines of the NAS's list that are no snapshot's name"),
  looked(
    nasMetricNames.clockSkew,
    "By how much the NAS's clock is wrong against the host's, in seconds, without a sign",
  ),
  looked(nasMetricNames.volumeSize, "Size of the volume that the share lies on"),
  looked(nasMetricNames.volumeFree, "What is free on it"),
  looked(nasMetricNames.shareUsed, "What the share itself refers to, by its quota group"),
  looked(nasMetricNames.shareQuota, "Most that the share may refer to; none without a quota"),
  looked(
    nasMetricNames.pinned,
    "What single snapshots of the share alone hold; what several of them share comes on top",
  ),
  looked(
    nasMetricNames.daysToFull,
    "Days until the volume is full, with what snapshots will still pin; ten years where it isn't filling",
  ),
]);

/** What differs from the estate, by setting: 1 where it does. */
export const nasDriftMetric = {
  ...partMetric("drift", nasMetricNames.drift, "1 where the NAS does otherwise than the estate says", [
    "setting",
  ]),
  well: 0,
};
