import { z } from "zod";
import { nfsMirrorSpec } from "../layers/nfs-mirror/spec";
import { absolutePath, duration, name, size, timeZone } from "./fields";

const disk = z.strictObject({
  medium: z.enum(["hdd", "ssd", "nvme"]),
  size,
});

const filesystem = z.strictObject({
  disk: name.describe("Disk of this host that holds it"),
  fsUuid: z
    .string()
    .regex(/^[0-9a-fA-F-]{9,36}$/, "expected the UUID that `findmnt -no UUID PATH` prints on the host")
    .describe("Identity of the file system: a runner refuses to write to another one mounted in its place"),
});

const host = z.strictObject({
  site: name.describe("Failure domain that burns down together"),
  address: z.string().min(1).describe("Name or address for SSH"),
  ssh: z.strictObject({
    user: z.string().min(1).default("root"),
    port: z.int().min(1).max(65535).default(22),
    hostKey: z
      .string()
      .regex(
        /^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/=]+$/,
        "expected a public host key as `ssh-keyscan -t ed25519 HOST` prints it, without the host's name",
      )
      .describe("Pinned public key: a deployment to any other machine is refused"),
  }),
  disks: z.record(name, disk),
  filesystems: z.record(absolutePath, filesystem).describe("Mounted file systems by mount point"),
});

const monitoring = z.strictObject({
  pushgateway: z.url({
    protocol: /^https?$/,
    error: 'expected an http(s) URL, e.g. "http://192.168.1.10:30091"',
  }),
  scrapeInterval: duration.describe("How often Prometheus scrapes the Pushgateway"),
  evaluationInterval: duration.describe("How often Prometheus evaluates rules"),
  namespace: name.describe("Namespace of the PrometheusRule and AlertmanagerConfig objects"),
  labels: z
    .record(z.string(), z.string())
    .default({})
    .describe("Labels that the operator's ruleSelector asks for"),
  runbooks: z.url().describe("Where the runbooks are published; a page is <runbooks>/<alert>"),
});

const receiver = z.strictObject({
  kind: z.literal("slack"),
  channel: z.string().regex(/^#[a-z0-9_-]+$/, 'expected a Slack channel, e.g. "#infra-alerts"'),
  webhookSecret: z.strictObject({
    name: name.describe("Kubernetes Secret in the monitoring namespace"),
    key: z.string().min(1),
  }),
});

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
  monitoring,
  receivers: z.record(name, receiver),
  layers: z.strictObject({
    "nfs-mirror": z.array(nfsMirrorSpec).default([]),
  }),
});

/** An estate as an operator writes it. */
export type EstateInput = z.input<typeof estateSchema>;
/** An estate with its defaults filled in; durations and sizes are still text. */
export type Estate = z.output<typeof estateSchema>;
export type Host = z.output<typeof host>;
