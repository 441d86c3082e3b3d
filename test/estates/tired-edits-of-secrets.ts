import { dumpOf, nasSnapshot } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const at = (path: string): string => `estate.${path}`;
const admin = "synology-admin-password";
const drill = "layers > restore-drill > 0";

/** Secrets, folders and names that are right somewhere else. */
export const misplaced: TiredEdit[] = [
  [
    "the administrator's password for the key that hosts send with",
    "destinations > synology > receives > secret",
    admin,
    at("destinations.synology.receives.secret"),
  ],
  [
    "the administrator's password for the account that sets the retention",
    `${nasSnapshot} > apply > password`,
    admin,
    at('layers["nas-snapshots"][0].apply.password'),
  ],
  [
    "the administrator's password for that account's key",
    `${nasSnapshot} > apply > secret`,
    admin,
    at('layers["nas-snapshots"][0].apply.secret'),
  ],
  [
    "the NAS's password for a firewall's API",
    "firewalls > pfsense > api > secret",
    admin,
    at("firewalls.pfsense.api.secret"),
  ],
  [
    "the NAS's password for a dump's client",
    `${dumpOf("postgresql")} > dump > secret`,
    admin,
    at('layers["cluster-dump"][0].dump.secret'),
  ],
  [
    "the NAS's password for encrypted volumes",
    "layers > daily-backup > 0 > volumes > luksSecrets",
    [admin],
    at('layers["daily-backup"][0].volumes.luksSecrets[0]'),
  ],
  [
    "the volumes' passphrase as the address that the host calls",
    "monitoring > deadMan > hosts > pve",
    "luks-passphrase",
    at('layers["daily-backup"][0].volumes.luksSecrets[0]'),
  ],
  [
    "the key that hosts send with in Vault alone",
    "secrets > synology-rsync-key > keptIn",
    ["vault"],
    "security/secret-in-one-place",
    "synology-rsync-key",
  ],
  [
    "snapshots of a share with a letter too many",
    `${nasSnapshot} > share`,
    "/Backups",
    at('layers["nas-snapshots"][0].share'),
  ],
  [
    "snapshots of a share with a small letter",
    `${nasSnapshot} > share`,
    "/backup",
    at('layers["nas-snapshots"][0].share'),
  ],
  ["drills in /tmp", `${drill} > scratch`, "/tmp/drills", at('layers["restore-drill"][0].scratch')],
  ["drills in memory", `${drill} > scratch`, "/dev/shm/drills", at('layers["restore-drill"][0].scratch')],
  [
    "passwords' dumps beside another service's pods",
    `${dumpOf("vaultwarden")} > dump > usedBy`,
    { app: "nextcloud" },
    at('layers["cluster-dump"][5].dump.usedBy.app'),
  ],
  [
    "a database that has moved, and its dump has not",
    "services > postgresql > data > 0 > on > namespace",
    "databases",
    at('layers["cluster-dump"][0].dump.server.namespace'),
  ],
  [
    "a Node that no runner knows",
    "clusters > k8s > runnerImage",
    "docker.io/library/node:16-bookworm-slim",
    at("clusters.k8s.runnerImage"),
  ],
  [
    "a Node that no runner knows, from a mirror",
    "clusters > k8s > runnerImage",
    "registry.example.org/library/node:18.18-slim",
    at("clusters.k8s.runnerImage"),
  ],
  ["a break-glass set that is proven each ten years", "breakGlass > every", "3650d", at("breakGlass.every")],
];
