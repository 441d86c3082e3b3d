import { estate } from "../../stacks/homelab/estate";
import { runChecks } from "../../checks";
import { placeOf } from "../../checks/place";
import { parseEstate, planOf } from "../../plan";
import { editAt } from "./edit-at";
import { asOfMs, findingsOf, homelabWith } from "./found";
import { daily, dumpOf, mirror, nasSnapshot, offsite, tracker } from "./mutation";

type Edit = readonly [at: string, to: unknown];

const server = { host: "postgresql.dbaas.svc.cluster.local", namespace: "dbaas" };
const dump = {
  ...{ engine: "postgresql", databases: "together", user: "backup", secret: "postgresql-backup", server },
  image: `docker.io/library/postgres@sha256:${"a".repeat(64)}`,
};
const runnerImage: Edit = [
  "clusters > k8s > runnerImage",
  `docker.io/library/node:24-bookworm-slim@sha256:${"c".repeat(64)}`,
];
const friend: readonly Edit[] = [
  [
    "destinations > friend",
    {
      ...{ kind: "synology", site: "away", address: "192.168.1.14", user: "backup", medium: "hdd" },
      ...{ size: "8TB", used: "1TB", secrets: ["synology-admin-password"] },
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    },
  ],
  ["links > +", { from: "pve", to: "friend", bandwidth: "20MB" }],
  [
    "layers > offsite-sync > +",
    {
      ...{ name: "offsite-friend", host: "pve", destination: "friend", usualRun: "30min", budget: "2h" },
      schedule: { onCalendar: "*-*-* 22:30:00" },
      legs: [{ from: "/mnt/backup", to: "/Backup/pve-backup" }],
      ...{ promise: { rpo: "40h" }, alert: { receiver: "infra-alerts" } },
    },
  ],
];

const slack = (channel: string, name: string, key: string) => ({
  ...{ kind: "slack", channel, webhookSecret: { name, key } },
});
const mailbox = {
  ...{ kind: "email", to: "night@example.org", from: "holdfast@example.org" },
  ...{ smarthost: "smtp.example.org:587", user: "holdfast" },
};
const novels = estate.services?.["novelapp"];
const full = estate.monitoring.alerts?.[0]?.expr ?? "";
const small = { size: "1MB", churnPerDay: "0B", growthPerDay: "0B" };

/** A host of which nothing is copied yet. */
const machine = (name: string): Edit => [
  `hosts > ${name}`,
  {
    ...{ site: "home", address: "192.168.1.50", disks: { sda: { medium: "ssd", size: "1TB" } } },
    ssh: { hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD" },
    filesystems: {},
  },
];

/** Edits that somebody means, and that break nothing. */
const edits: readonly (readonly [what: string, ...edits: readonly Edit[]])[] = [
  ["a dump that is installed", runnerImage, [`${dumpOf("postgresql")} > dump`, dump]],
  [
    "a dump's server by its short name, in the pod's own namespace",
    runnerImage,
    [`${dumpOf("postgresql")} > dump`, { ...dump, server: { host: "postgresql", namespace: "dbaas" } }],
  ],
  [
    "a server at a port of its own",
    runnerImage,
    [`${dumpOf("postgresql")} > dump`, { ...dump, server: { ...server, port: 5433 } }],
  ],
  [
    "a MySQL that MariaDB's client dumps",
    [`${dumpOf("mysql")} > dump > image`, `docker.io/library/mariadb:11@sha256:${"a".repeat(64)}`],
  ],
  ["a dump without the indices and the room of a database", [`${dumpOf("postgresql")} > size`, "40MB"]],
  ["a second destination, with fewer legs", ...friend],
  [
    "a NAS that receives",
    ["destinations > synology > receives", { tree: "/Backup", secret: "synology-rsync-key" }],
  ],
  [
    "an image of somebody's own with Node in it, that has their own numbers",
    ["clusters > k8s > runnerImage", "registry.example.org/backup/node:5"],
  ],
  [
    "a dump beside pods that are called otherwise than their service, and part of another",
    [
      `${dumpOf("vaultwarden")} > dump > usedBy`,
      { "app.kubernetes.io/name": "bitwarden", "app.kubernetes.io/part-of": "nextcloud" },
    ],
  ],
  [
    "pods whose chart writes their service without its hyphen",
    ["services > home-assistant", estate.services?.["vaultwarden"]],
    ["services > vaultwarden", undefined],
    [`${dumpOf("vaultwarden")} > dataset`, "home-assistant"],
    [`${dumpOf("vaultwarden")} > dump > usedBy`, { "app.kubernetes.io/name": "homeassistant" }],
  ],
  [
    "pods that are called as their claim is, nearly as their service",
    ["services > vaultwarden > data > 0 > claim", "vaultwardn-data"],
    [`${dumpOf("vaultwarden")} > dump > usedBy`, { app: "vaultwardn" }],
  ],
  ...[
    "registry.lan/team-alpine/node:24",
    "alpine-mirror.lan/library/node:24",
    "me.lan/own/runner:2-alpine",
  ].map((image): readonly [string, Edit] => [
    `a runner's image ${image}`,
    ["clusters > k8s > runnerImage", image],
  ]),
  ...["3B2C-18A4", "01D3A4B5C6D7E8F9"].map((uuid): readonly [string, Edit] => [
    `a backup disk's UUID ${uuid}, of FAT or NTFS`,
    ["hosts > pve > filesystems > /mnt/backup > fsUuid", uuid],
  ]),
  [
    "two servers with accounts a letter apart",
    [`${dumpOf("postgresql")} > dump > user`, "dumper"],
    [`${dumpOf("mysql")} > dump > user`, "dumpers"],
  ],
  [
    "the guests of Proxmox VE by the folder that has them",
    ["services > pve-host > data > 0 > paths", ["/etc/pve/qemu-server", "/etc/pve/storage.cfg"]],
  ],
  [
    "a key that lets into a store of passwords",
    ["secrets > password-store-key", { keptIn: ["vault", "break-glass"] }],
    ["destinations > synology > receives > secret", "password-store-key"],
    ["secrets > synology-rsync-key", undefined],
  ],
  [
    "the volumes' passphrase among what a restore from the NAS needs",
    ["destinations > synology > secrets", ["synology-admin-password", "luks-passphrase"]],
  ],
  ["SSH at a port of its own", ["destinations > synology > port", 2222]],
  [
    "a small service of which nobody says how much changes or grows",
    [
      "services > comics",
      {
        data: [{ kind: "tree", host: "pve", path: "/srv/nfs/comics", size: "5GB" }],
        promise: { rpo: { "live-disk": "31h", site: "31h" }, rto: "24h" },
      },
    ],
  ],
  ["a leg into a folder of many", [`${offsite} > legs > 0 > to`, "/Backup/Viki/pve-backups"]],
  [
    "a leg into a folder that is called after the NAS",
    [`${offsite} > legs > 1 > to`, "/Backup/Viki/nas/immich"],
  ],
  [
    "what file systems have of their own, left out",
    [`${offsite} > legs > 0 > excludes`, [{ name: "lost+found", reason: "nothing of anybody's" }]],
    [`${mirror} > excludes > +`, { name: "@eaDir", reason: "thumbnails of the NAS" }],
  ],
  [
    "a dump without what an application makes anew",
    [`${dumpOf("vaultwarden")} > dump > excludes > +`, { name: "tmp", reason: "emptied at each start" }],
  ],
  ["one side of a band", [`${dumpOf("postgresql")} > band`, { leastPercent: 5 }]],
  [
    "a file that isn't missed for a while",
    [
      `${mirror} > accepted`,
      [{ path: "servarr/old.mkv", reason: "unreadable since the crash", until: "2027-01-01" }],
    ],
  ],
  [
    "a set in words that name the NAS, and isn't there",
    ["breakGlass > where", "in the safe behind the NAS, second shelf"],
  ],
  ["images in a quarter of an hour", ["layers > vm-images > 0 > usualRun", "5min"]],
  ["a week more of volumes", [`${daily} > volumes > keep`, { count: 5, every: "week" }]],
  [
    "a week of days of the passwords",
    [`${daily} > volumes > more`, [{ namespaces: ["vaultwarden"], keep: { count: 7, every: "day" } }]],
  ],
  ["dumps for two months", [`${dumpOf("etcd")} > keep`, { age: "60d" }]],
  ["a narrower band", [`${dumpOf("etcd")} > band`, { leastPercent: 70, mostPercent: 300 }]],
  ["each day by its number", [`${dumpOf("redis")} > schedule > cron`, "20 1 * * 0-6"]],
  ["images on Saturdays", ["layers > vm-images > 0 > schedule > onCalendar", "Sat *-*-* 18:00:00"]],
  ["an offsite run ten minutes later", [`${offsite} > schedule > onCalendar`, "*-*-* 06:10:00"]],
  ["a full comparison each second Saturday", [`${offsite} > fullSync`, { onCalendar: "Sat *-*-8..14" }]],
  ["a disk that is read in two months", [`${daily} > scrub > period`, "60d"]],
  ["a day more of the NAS's snapshots", [`${nasSnapshot} > keep`, { age: "8d" }]],
  ["all compared every two weeks", [`${tracker} > reconcile`, "14d"]],
  ["a volume group of a number", ["hosts > pve > pools > data > vg", "pve2"]],
  [
    "a second disk's volume group with a letter more",
    [
      "hosts > pve > pools > fast",
      { vg: "pves", disk: "sdb", size: "400GB", used: "1GB", metadata: { size: "1GB", used: "10MB" } },
    ],
  ],
  [
    "the API behind a proxy on a machine that keeps copies too",
    ...friend,
    ["destinations > friend > kind", "ssh"],
    ["clusters > k8s > api", "https://192.168.1.14:6443"],
  ],
  ["etcd's folder", ["services > pve-host > data > 0 > paths > +", "/usr/local/etcd"]],
  [
    "the API and the Pushgateway behind one proxy",
    ["clusters > k8s > api", "https://gate.example/k8s/clusters/c-1"],
    ["monitoring > pushgateway", "https://gate.example/push"],
  ],
  ["Debian's list of networks", ["services > pve-host > data > 0 > paths > +", "/etc/networks"]],
  ["a looser promise", ["services > nextcloud > promise > rpo > site", "40h"]],
  ...["194.163.1.13", "192.241.1.5", "95.168.1.13", "2001:db8::13"].map(
    (address): readonly [string, Edit] => [
      `a rented machine at ${address}`,
      ["destinations > synology > address", address],
    ],
  ),
  [
    "short parts of a domain",
    ["hosts > pve > address", "pve.lab.home.arpa"],
    ["destinations > synology > address", "nas.lan.home.arpa"],
  ],
  [
    "one name at two registries",
    ["hosts > pve > address", "pve.example.com"],
    ["destinations > synology > address", "nas.example.co"],
    ["clusters > k8s > api", "https://k8s.example.de:6443"],
    ["monitoring > pushgateway", "https://push.example.be"],
  ],
  [
    "receivers that words of other endings, of two teams and of mail go to",
    ["receivers > wache", slack("#wachen", "team-a-hook", "url")],
    ["receivers > alarm", slack("#alarmy", "team-b-hook", "url")],
    ["receivers > curl", slack("#curl", "team-b-hook", "url")],
    ["receivers > email", { ...mailbox, passwordSecret: { name: "smtp", key: "mail" } }],
    ...["wache", "alarm", "curl", "email"].map((receiver, index): Edit => [
      "monitoring > alerts > +",
      { name: `Full${index}`, expr: full.replace("0.15", `0.1${index}`), receiver },
    ]),
  ],
  [
    "namespaces that are words of their own beside services that are called nearly so",
    ...Object.entries({
      photos: "photo",
      medias: "media",
      authelia: "auth",
      "oauth2-proxy": "oauth",
      homer: "homer",
      "home-assistant": "home",
      sonarr: "sonarr",
      sonarqube: "sonar",
      mail: "email",
      netbox: "infra",
      wikis: "intra",
    }).map(([service, namespace]): Edit => [
      `services > ${service}`,
      { ...novels, data: novels?.data.map(each => ({ ...each, ...small, namespace })) },
    ]),
  ],
  [
    "folders by words of other endings, with accents and a blank",
    ...Object.entries({
      film: "filme",
      dokument: "dokumente",
      zdjecia: "zdjęcia",
      videos: "vidéos",
      mail: "email",
      timemachine: "Time Machine",
    }).map(([service, folder]): Edit => [
      `services > ${service}`,
      {
        data: [{ kind: "tree", host: "pve", path: `/srv/nfs/${folder}`, size: "5GB" }],
        promise: { rpo: { "live-disk": "31h", site: "31h" }, rto: "24h" },
      },
    ]),
  ],
  ...["ladmin", "admins", "Admin"].map((user): readonly [string, Edit] => [
    `a NAS's account ${user}`,
    ["destinations > synology > user", user],
  ]),
  ...["registry.example.org/own/node:22", "registry.example.org/backup/mysql-psql:1"].map(
    (image): readonly [string, Edit, Edit] => [
      `a client in ${image}`,
      runnerImage,
      [`${dumpOf("postgresql")} > dump > image`, image],
    ],
  ),
  [
    "a call's secret with the name of a host, which is a word and calls nobody",
    machine("backup"),
    ["secrets > healthchecks-backup", { keptIn: ["vault", "break-glass"] }],
    ["secrets > pve-calls", undefined],
    ["monitoring > deadMan > hosts > pve", "healthchecks-backup"],
  ],
  [
    "a folder with the name of a host, which is a word",
    machine("media"),
    [`${offsite} > legs > 1 > to`, "/Backup/Viki/media/immich"],
  ],
  ...["nfs_ssd", "nfs-ssds"].map((folder): readonly [string, Edit] => [
    `a leg of nfs-ssd into ${folder}`,
    [`${offsite} > legs > 2 > to`, `/Backup/Viki/${folder}`],
  ]),
  ["a leg into a server's folder", [`${offsite} > legs > 1 > to`, "/Backup/Viki/svr/immich"]],
  [
    "mail from one provider to another of nearly its name",
    [
      "receivers > infra-critical",
      { kind: "email", to: "me@gmail.com", from: "me@ymail.com", smarthost: "smtp.mail.yahoo.com:465" },
    ],
  ],
  [
    "an image of somebody's own, at a node",
    runnerImage,
    [`${dumpOf("postgresql")} > dump > image`, "docker.io/library/pgsql:16"],
  ],
  [
    "a tunnel at a NAS's port, on another machine",
    ["clusters > k8s > reachedAs", ["https://host.docker.internal:5000"]],
  ],
  [
    "runbooks at a company's domain of services",
    ["monitoring > runbooks", "https://runbooks.svc.example.com"],
  ],
  ["dashboards that Grafana has by their name", ["monitoring > dashboards", { labels: {} }]],
  [
    "an archive of which five files may go in a night",
    [`${mirror} > maxDeletions`, { count: 5, percent: 0 }],
  ],
  [
    "a dump that is a tenth of its data, in seconds",
    [`${dumpOf("postgresql")} > usualRun`, "5s"],
    [`${dumpOf("postgresql")} > size`, "800MB"],
  ],
  ["large volumes with small databases, sent in two minutes", [`${offsite} > usualRun`, "2min"]],
  [
    "attachments by the night's copy, which keeps what is promised",
    [
      `${dumpOf("vaultwarden")} > dump > excludes > +`,
      { name: "attachments", reason: "large, and in the night's copy" },
    ],
    [
      "services > vaultwarden > promise > rpo",
      { application: "13h", "live-disk": "34h", site: "34h", "host-root": "60h" },
    ],
  ],
  [
    "dumps that the NAS's snapshots have until after the drill",
    [`${dumpOf("postgresql")} > keep > age`, "3d"],
  ],
  [
    "what was accepted until a day that is past",
    [`${mirror} > accepted`, [{ path: "servarr", reason: "a planned clean-up", until: "2026-10-01" }]],
  ],
  [
    "a folder by a leg of its own",
    [`${mirror} > excludes > +`, { name: "navidrome", reason: "a leg of its own" }],
    [`${offsite} > legs > +`, { from: "/srv/nfs/navidrome", to: "/Backup/Viki/nfs/navidrome" }],
    ["services > navidrome > promise > rpo", { site: "31h", "live-disk": "31h" }],
  ],
];

test.each(edits.map(([what, ...changes]) => ({ what, changes })))(
  "$what: nothing is wrong with that",
  ({ changes }) =>
    expect(
      findingsOf(
        homelabWith(estate => {
          for (const [at, to] of changes) editAt(estate, at, to);
        }),
      ),
    ).toEqual([]),
);

test("a dump's account that is a letter away from those of others is told, beside two that are sound", () =>
  expect(
    findingsOf(homelabWith(estate => editAt(estate, `${dumpOf("mysql")} > dump > user`, "bakcup"))),
  ).toMatchObject([{ code: "estate/said-once", subject: "bakcup" }]));

test("a claim of a service of two words that is a letter away from it is told where it stands", () => {
  const plan = planOf(
    parseEstate(
      homelabWith(estate =>
        editAt(estate, "services > home-assistant", {
          ...novels,
          data: novels?.data.map(each => ({ ...each, namespace: "hass", claim: "home-asistant-config" })),
        }),
      ),
    ),
  );
  const [finding, ...others] = runChecks(plan, asOfMs);
  expect(others).toEqual([]);
  expect(finding?.fix).toBe('Write "home-assistant-config" in services["home-assistant"].data.');
  expect(finding && placeOf(finding, plan)).toEqual(["services", "home-assistant", "data"]);
});
