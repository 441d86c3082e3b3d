import { z } from "zod";
import { parseSize } from "../units/size";
import { absolutePath, address, duration, imageLike, name, size, user, volumeGroup } from "./fields";
import { keyFault } from "./host-key";

/** A public key of SSH, whole. What is no key at all has a message of its own. */
function keyLike(form: RegExp, expected: string) {
  return z
    .string()
    .regex(form, `expected ${expected}`)
    .superRefine((key, context) => {
      const fault = form.test(key) ? keyFault(key) : undefined;
      if (fault !== undefined)
        context.addIssue({
          code: "custom",
          message: `${fault}: it is no server's, and each connection would be refused. Expected all of ${expected}`,
        });
    });
}

const printed = "a public host key as `ssh-keyscan -t ed25519 HOST` prints it, without the host's name";

const hostKey = keyLike(/^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/=]+$/, printed);

/** Of a NAS, which may be too old for Ed25519: that is a finding, and no fault. */
const anyHostKey = keyLike(
  /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa|ssh-dss) [A-Za-z0-9+/=]+$/,
  `${printed}: a fingerprint (SHA256:...) can be compared with one, and SSH takes none in its place`,
);

/** A host is deployed to by Pulumi's command plugin, which asks an RSA key for a signature that no sshd of today gives. */
const deployedHostKey = hostKey.refine(
  key => !key.startsWith("ssh-rsa "),
  "is an RSA key, by which Pulumi's command plugin can't check a host: it asks for a signature with SHA-1, which OpenSSH " +
    "has refused since 8.8. Pin its Ed25519 key: `ssh-keyscan -t ed25519 HOST`, compared on the host itself",
);

/** Ports of pages of Proxmox VE and of a Synology. */
const pagePorts = [5000, 5001, 8006];

/** Where no API of Kubernetes answers: etcd and its peers, a kubelet. */
const otherPorts = [...pagePorts, 2379, 2380, 10_250];

/** Where files are served by something else: FTP, SMB, rsync's own daemon and NFS. */
const filePorts = [20, 21, 139, 445, 873, 2049];

/** Of an SSH server: those on which every machine of that kind has something else are a slip. */
const port = z
  .int()
  .min(1)
  .max(65535)
  .refine(
    number => ![80, 443, ...pagePorts, ...filePorts].includes(number),
    "is where the machine has its pages, or serves files by something else (FTP, SMB, NFS, rsync's own daemon), and no SSH server. Expected the port of SSH, usually 22",
  );

const sshPort = port.default(22).describe("Port of its SSH server");
const sshUser = user.default("root").describe("Account that logs in there by SSH");

/** Whether a size is larger; a text that is no size has a message of its own. */
function isBeyond(bytes: number, text: string): boolean {
  try {
    return parseSize(text) > bytes;
  } catch {
    return false;
  }
}

/** A whole rack of disks. */
const largestArray = 1e15;

/** Bytes that LVM gives to a thin pool's metadata at most, by lvmthin(7). */
export const mostPoolMetadata = 16 * 2 ** 30;

const deviceSize = size.refine(
  text => !isBeyond(largestArray, text),
  'is more than a rack of disks: nothing would ever be full. Expected what the device or its array has, e.g. "1.1TB"',
);

const medium = z
  .enum(["hdd", "ssd", "nvme"])
  .describe("What it is made of; what documents say of that is held against it");

const disk = z.strictObject({
  medium,
  size: deviceSize.describe('What it has, with unit, e.g. "1.1TB"'),
  role: z
    .enum(["system", "live", "backup"])
    .default("live")
    .describe("What it is for; the disaster `backup-disk` takes every disk that is for backups"),
});

const filesystem = z.strictObject({
  disk: name.describe("Disk of this host that holds it"),
  fsUuid: z
    .string()
    .regex(
      /^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{4}-[0-9a-fA-F]{4}|[0-9a-fA-F]{16})$/,
      "expected the whole UUID that `findmnt -no UUID PATH` prints on the host: a runner refuses each night what has another one",
    )
    .refine(
      text => /[^0-]/.test(text),
      "is the UUID of none. Expected what `findmnt -no UUID PATH` prints on the host",
    )
    .refine(
      text => text === (text.length === 36 ? text.toLowerCase() : text.toUpperCase()),
      "isn't in the letters that are printed: small ones, and capitals of FAT's 8 digits and NTFS' 16. A runner compares each of them, and would refuse that disk each night. Expected what `findmnt -no UUID PATH` prints on the host",
    )
    .describe("Identity of the file system: a runner refuses to write to another one mounted in its place"),
  size: size.optional().describe("By default all of its disk"),
  used: size
    .optional()
    .describe("Bytes in use that no dataset of the estate accounts for; left out, unknown. Nothing is 0B"),
});

const pool = z.strictObject({
  vg: volumeGroup.describe("LVM volume group"),
  disk: name.describe("Disk of this host that holds it"),
  size: size.describe("What it has for data, with unit"),
  used: size.describe("Allocated bytes as `lvs` shows them"),
  metadata: z
    .strictObject({
      size: size.refine(
        text => !isBeyond(mostPoolMetadata, text),
        'is more than LVM takes: the metadata of a thin pool has 16 GiB at most. Expected what `lvs -a` shows, e.g. "16GiB"',
      ),
      used: size,
    })
    .optional()
    .describe("The pool's metadata volume"),
  vgMetadata: size
    .optional()
    .describe(
      "What the volume group has for the records of its volumes: `vgs --units b -o vg_mda_size`. By default what pvcreate(8) makes, 1020 KiB",
    ),
});

const site = name.describe("Where it stands: what is at one site burns down together");

/** A Proxmox VE host. */
export const host = z.strictObject({
  site,
  address: address.describe("Name or address for SSH"),
  ssh: z
    .strictObject({
      user: sshUser,
      port: sshPort,
      hostKey: deployedHostKey.describe(
        "Pinned public key, Ed25519 or ECDSA: a deployment to any other machine is refused",
      ),
    })
    .describe("How a deployment and `holdfast status` get there"),
  disks: z.record(name, disk).describe("Disks by name: what is on one of them is lost with it"),
  filesystems: z.record(absolutePath, filesystem).describe("Mounted file systems by mount point"),
  pools: z.record(name, pool).default({}).describe("LVM thin pools by name"),
});
export type Host = z.output<typeof host>;

const apiUrl = z
  .url({
    protocol: /^https$/,
    error: 'expected an https URL that the hosts reach, e.g. "https://192.168.1.20:6443"',
  })
  .refine(
    isWithoutApi,
    'has the path that is put behind it anyway: each answer would be "not found". Expected what stands before it, e.g. "https://192.168.1.20:6443"',
  );

/** Whether a URL ends before what each request puts behind it. A proxy's own path may be in it; what is no URL has a message of its own. */
function isWithoutApi(text: string): boolean {
  return !URL.canParse(text) || !/\/apis?(\/v[0-9]+)?\/*$/.test(new URL(text).pathname);
}

/** Whether a URL leads to whoever reads it. */
function isLoopback(text: string): boolean {
  return URL.canParse(text) && /^(localhost|127\.[0-9.]+|0\.0\.0\.0|\[::1?\])$/.test(new URL(text).hostname);
}

/** Of Node's own image, also from a mirror of it, the tag is Node's version; one of somebody's own counts as it likes. */
function runnerCanRun(image: string): boolean {
  const [, major, minor] = /(?:^docker\.io|\/library)\/node:(\d+)(?:\.(\d+))?/.exec(image) ?? [];
  return major === undefined || Number(major) > 18 || (major === "18" && Number(minor ?? 19) >= 19);
}

/** Node's own image of it, also from a mirror, or Alpine itself; who built one of their own on it may have added what is missing. */
function isAlpine(image: string): boolean {
  return /\/node:[^/@]*alpine|(^docker\.io|\/library)\/alpine[:@]/i.test(image);
}

/** A Kubernetes cluster whose nodes are VMs on hosts. */
export const cluster = z.strictObject({
  hosts: z
    .array(name)
    .min(1)
    .refine(
      hosts => new Set(hosts).size === hosts.length,
      "names one host twice: another one would be left out, and what its loss takes with it. Expected each host that a node runs on, once",
    )
    .describe("Hosts that its nodes run on"),
  disk: name.describe("Disk of the first host that holds the nodes' own file systems"),
  api: apiUrl
    .refine(
      url => !isLoopback(url),
      'is what a kubeconfig has on the machine itself: each host would ask itself. Expected where the hosts reach it, e.g. "https://192.168.1.20:6443"; an address for who deploys belongs into reachedAs',
    )
    .refine(
      url => !URL.canParse(url) || !otherPorts.includes(Number(new URL(url).port)),
      "has the port of a host's or a NAS's pages, of etcd or of a kubelet, and no API of Kubernetes answers there. Expected its own, usually 6443, e.g. \"https://192.168.1.20:6443\"",
    )
    .optional()
    .describe(
      "Where its API answers: a host's job asks it whose volume is whose. Without it, volumes are called after themselves. A deployment whose kubeconfig leads anywhere else is refused",
    ),
  reachedAs: z
    .array(apiUrl)
    .default([])
    .describe(
      "Other addresses of the same API, as a kubeconfig of who deploys may have one: a tunnel, or a name outside of the site",
    ),
  runnerImage: imageLike("docker.io/library/node:24-bookworm-slim")
    .refine(
      runnerCanRun,
      'has a Node that no runner runs on: 18.19 or later is needed. Expected e.g. "docker.io/library/node:24-bookworm-slim"',
    )
    .refine(
      image => !isAlpine(image),
      'is made of Alpine, whose flock and findmnt are busybox\'s or none: each dump would end before it began. Expected one with util-linux, e.g. "docker.io/library/node:24-bookworm-slim"',
    )
    .refine(
      image => !/\/(postgres|mysql|mariadb|redis|valkey|vault|etcd|prometheus|sqlite3)[:@]/.test(image),
      'is a database\'s or its client\'s by its name, and has no Node: each dump would end before it began. Expected e.g. "docker.io/library/node:24-bookworm-slim"; a dump\'s own client is its "image"',
    )
    .optional()
    .describe(
      "Image with Node 18.19 or later and util-linux, such as Debian's node: what verifies, keeps and rotates dumps beside a database's own client. Every dump that names a client needs it",
    ),
});

/** A machine that keeps copies: a NAS, or any other with rsync and SSH. */
export const destination = z.strictObject({
  kind: z.enum(["synology", "ssh"]).describe("What it is; only what a Synology alone has asks for it"),
  site,
  address: address
    .refine(
      text => !/^(localhost|127\.[0-9.]+|::1)$/i.test(text),
      'leads to whoever reads it: the copies would lie on the host that they are of. Example: "192.168.1.13"',
    )
    .describe("Name or address by which the hosts reach it"),
  user: user.describe("Account that receives copies there"),
  port: sshPort,
  hostKey: anyHostKey.optional().describe("Pinned public key of its SSH server"),
  receives: z
    .strictObject({
      tree: absolutePath
        .refine(
          path => path !== "/",
          'is all of the machine, where a host may delete whatever others keep there. Expected the folder that is the hosts\' own, e.g. "/Backup/Viki"',
        )
        .describe(
          'Folder that the hosts\' key opens there, such as "/Backup/Viki": each leg\'s "to" lies in it',
        ),
      secret: name.describe("Secret with that private key"),
    })
    .optional()
    .describe(
      "How hosts send to it by rsync over SSH: without it, or without hostKey, that is planned but not installed",
    ),
  medium,
  size: deviceSize.describe('What it has for copies, with unit, e.g. "8TB"'),
  used: size.describe("Bytes in use that no job of the estate accounts for"),
  secrets: z.array(name).default([]).describe("Secrets that a restore from it needs"),
  transport: z
    .enum(["ssh", "nfs", "smb", "ftp"])
    .default("ssh")
    .describe("How bytes get there; only over SSH is it known who reads them on the way"),
  encryptedAtRest: z
    .boolean()
    .default(false)
    .describe("Whether whoever carries it away can't read it: an encrypted share or volume"),
});

const leastFile = size.refine(
  text => !/^0+(\.0*)?[^0-9.]/.test(text),
  'holds nothing: an answer without a byte would pass for a backup. Example: "4kB"',
);

/** A firewall whose configuration is backed up, over its REST API and over SSH. */
export const firewall = z.strictObject({
  kind: z.literal("pfsense").describe("What it is"),
  site,
  address: address.describe("Name or address by which the host reaches it"),
  api: z
    .strictObject({
      url: z
        .url({ protocol: /^https$/, error: 'expected an https URL, e.g. "https://pfsense.example"' })
        .refine(
          isWithoutApi,
          'has the path that the job puts behind it itself. Expected what stands before it, e.g. "https://pfsense.example"',
        )
        .optional()
        .describe("By default https and its address"),
      secret: name.describe(
        'Secret with the API package\'s key: "CLIENT-ID CLIENT-TOKEN" of its version 1, one word of version 2',
      ),
      certificateSha256: z
        .string()
        .regex(
          /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/,
          "expected what `openssl x509 -noout -fingerprint -sha256` prints after the equals sign",
        )
        .optional()
        .describe("Its certificate, where no known authority has signed it"),
    })
    .describe("Its REST API, which gives the configuration"),
  ssh: z
    .strictObject({
      user: sshUser,
      port: sshPort,
      hostKey: hostKey
        .optional()
        .describe("Pinned public key: without it, its backup is planned but not installed"),
      secret: name.describe("Secret with a private key"),
    })
    .describe("Its SSH server, which gives a tar of its file system"),
  paths: z
    .array(absolutePath)
    .min(1)
    .superRefine((paths, context) => {
      for (const [index, path] of paths.entries()) {
        const problem = /^\/(|dev|proc|tmp)(\/|$)/.test(path)
          ? 'has what the running system makes, and no end. Expected what a restore needs, e.g. "/cf"'
          : paths.indexOf(path) < index
            ? "is there twice. Keep one of the two"
            : undefined;
        if (problem !== undefined) context.addIssue({ code: "custom", path: [index], message: problem });
      }
    })
    .default(["/cf", "/var/db", "/boot/loader.conf"])
    .describe("What is in the tar of its file system"),
  atLeast: z
    .strictObject({ config: leastFile.default("4kB"), tar: leastFile.default("16kB") })
    .prefault({})
    .describe("Smaller files than these are no backup"),
});
export type Firewall = z.output<typeof firewall>;

/** Secrets without which a firewall isn't backed up, each once. */
export function firewallSecrets({ api, ssh }: Firewall): string[] {
  return [...new Set([api.secret, ssh.secret])];
}

/** 100 Gbit a second: rsync through SSH gets a tenth of it. */
const fastestLine = 12.5e9;

/** How fast bytes go between two machines. */
export const link = z.strictObject({
  from: name.describe("Machine that sends: a host or a destination"),
  to: name.describe("Machine that receives: a host or a destination"),
  bandwidth: size
    .refine(
      text => !/^0+(\.0*)?[^0-9.]/.test(text),
      'is no speed: nothing would ever arrive. Example: "100MB"',
    )
    .refine(
      text => !isBeyond(fastestLine, text),
      'a second is faster than any line or disk: nothing would ever be too late. Expected what a copy really gets, in bytes a second, e.g. "100MB"',
    )
    .describe('Bytes per second that a copy really gets, e.g. "100MB"'),
  latency: duration.default("0s").describe("Time until a restore's first byte: a person, a drive, a cable"),
});
