import { z } from "zod";
import { absolutePath, duration, name, size } from "./fields";

const disk = z.strictObject({
  medium: z.enum(["hdd", "ssd", "nvme"]),
  size,
  role: z
    .enum(["system", "live", "backup"])
    .default("live")
    .describe("What it is for; the disaster `backup-disk` takes every disk that is for backups"),
});

const filesystem = z.strictObject({
  disk: name.describe("Disk of this host that holds it"),
  fsUuid: z
    .string()
    .regex(/^[0-9a-fA-F-]{9,36}$/, "expected the UUID that `findmnt -no UUID PATH` prints on the host")
    .describe("Identity of the file system: a runner refuses to write to another one mounted in its place"),
  size: size.optional().describe("By default all of its disk"),
  used: size.default("0B").describe("Bytes in use that no dataset of the estate accounts for"),
});

const pool = z.strictObject({
  vg: z.string().min(1).describe("LVM volume group"),
  disk: name.describe("Disk of this host that holds it"),
  size,
  used: size.describe("Allocated bytes as `lvs` shows them"),
  metadata: z.strictObject({ size, used: size }).optional().describe("The pool's metadata volume"),
});

/** A Proxmox VE host. */
export const host = z.strictObject({
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
  pools: z.record(name, pool).default({}).describe("LVM thin pools by name"),
});
export type Host = z.output<typeof host>;

/** A Kubernetes cluster whose nodes are VMs on hosts. */
export const cluster = z.strictObject({
  hosts: z.array(name).min(1).describe("Hosts that its nodes run on"),
  disk: name.describe("Disk of the first host that holds the nodes' own file systems"),
});

/** A machine that keeps copies: the NAS. */
export const destination = z.strictObject({
  kind: z.literal("synology"),
  site: name,
  address: z.string().min(1),
  user: z.string().min(1),
  hostKey: z.string().min(1).optional().describe("Pinned public key of its SSH server"),
  medium: z.enum(["hdd", "ssd", "nvme"]),
  size,
  used: size.describe("Bytes in use that no job of the estate accounts for"),
  secrets: z.array(name).default([]).describe("Secrets that a restore from it needs"),
  transport: z.enum(["ssh", "nfs", "smb", "ftp"]).default("ssh"),
  encryptedAtRest: z
    .boolean()
    .default(false)
    .describe("Whether whoever carries it away can't read it: an encrypted share or volume"),
});

/** A firewall whose configuration is backed up. */
export const firewall = z.strictObject({
  kind: z.literal("pfsense"),
  site: name,
  address: z.string().min(1),
  secrets: z.array(name).default([]).describe("Secrets that its backup needs"),
});

/** How fast bytes go between two machines. */
export const link = z.strictObject({
  from: name,
  to: name,
  bandwidth: size.describe('Bytes per second that a copy really gets, e.g. "100MB"'),
  latency: duration.default("0s").describe("Time until a restore's first byte: a person, a drive, a cable"),
});
