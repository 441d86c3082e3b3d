import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate } from "../../cli/evaluate.mjs";
import { hostIn } from "../../cli/discover/host";
import { isForBackups } from "../../cli/discover/places";
import { nasQuestions, type Question, questions } from "../../cli/discover/questions";
import { runChecks } from "../../checks";
import { type Estate, parseEstate, planOf } from "../../plan";
import { projectRoot } from "../../stacks/project";
import { execa } from "execa";
import { testLong } from "../long";
import { ReleaseHost } from "./release-host";
import { holdfastIn } from "./support/holdfast";
import { mountNamespace } from "./support/namespace";
import { findmnt, lsblk, lvs, pct, pvs, qm, timers } from "./support/proxmox-says";

/* A real shell with real find, du, grep, cat and base64 on real folders; what a container hasn't answers in the words of the real ones. */
let host: ReleaseHost;

beforeAll(() => {
  host = new ReleaseHost();
  host.leadHere();
});
afterAll(() => host.remove());

function program(folder: string, name: string, script: string): void {
  mkdirSync(join(host.folder, folder), { recursive: true });
  writeFileSync(join(host.folder, folder, name), `#!/bin/sh\n${script}`, { mode: 0o755 });
}

function answers(name: string, text: string): void {
  program("bin", name, `cat <<'END'\n${text}\nEND\n`);
}

/** A program's list with more in it. */
function withMore(json: string, list: RegExp, entries: readonly object[]): string {
  return json.replace(list, start => `${start}${entries.map(entry => `${JSON.stringify(entry)},`).join("")}`);
}

const disk = (name: string): object => ({ csi: { volumeHandle: `cluster/pve/local-lvm/${name}` } });
const claims: Readonly<Record<string, object>> = {
  "vaultwarden/vaultwarden": disk("vm-9999-pvc-00000000-0000-4000-8000-000000000001"),
  "dbaas/data-postgresql-0": disk("vm-9999-pvc-00000000-0000-4000-8000-000000000022"),
  "films/films": {
    csi: { volumeHandle: "x", volumeAttributes: { server: "10.77.0.11", share: "/srv/nfs/books" } },
  },
  "far/away": { nfs: { server: "192.0.2.9", path: "/volume1/far" } },
};
const pod = (namespace: string, image: string, claim?: string): object => ({
  metadata: { namespace },
  spec: {
    containers: [{ image }],
    volumes: claim === undefined ? [] : [{ persistentVolumeClaim: { claimName: claim } }],
  },
});

/** What kubectl gives for each resource. */
const objects: Readonly<Record<string, readonly object[]>> = {
  persistentvolumes: Object.entries(claims).map(([claim, spec]) => {
    const [namespace, name] = claim.split("/");
    return { spec: { claimRef: { namespace, name }, ...spec }, status: { phase: "Bound" } };
  }),
  pods: [
    pod("vaultwarden", "docker.io/vaultwarden/server:1.32", "other"),
    pod("vaultwarden", "ghcr.io/dani-garcia/vaultwarden:1.32", "vaultwarden"),
    pod("dbaas", "docker.io/library/postgres:16\nprocess.exit(4)", "data-postgresql-0"),
    pod("kube-system", "registry.k8s.io/etcd:3.5.15-0"),
    pod("watching", "quay.io/prometheus/prometheus:v3.0.0"),
  ],
  nodes: [{ metadata: { name: "k8s-1" } }],
  services: [
    {
      metadata: { name: "pushgateway", namespace: "watching" },
      spec: { ports: [{ port: 9091, nodePort: 30091 }] },
    },
  ],
  "cronjobs.batch": [
    {
      metadata: { name: "nightly", namespace: "dbaas" },
      spec: {
        schedule: "10 1 * * *",
        jobTemplate: {
          spec: {
            template: {
              spec: { containers: [{ image: "docker.io/library/postgres:16", command: ["pg_dumpall"] }] },
            },
          },
        },
      },
    },
  ],
};

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFpzVazndooFzSRrMfvPXipheZS2sop+4vpcFyDGAUJB";

function build({
  folders = ["books", "photos", "lost+found"],
  failing = "",
  more = [] as readonly string[],
  says = {} as Readonly<Record<string, string>>,
} = {}): void {
  for (const left of [
    "estate.ts",
    "estate.json",
    "names.ts",
    "nameless.ts",
    "nas.ts",
    "measured.ts",
    "part.json",
  ])
    rmSync(join(host.folder, left), { force: true });
  const made = folders.map(name => `'/srv/nfs/${name.replaceAll("'", `'\\''`)}'`).join(" ");
  const house = [
    "set -e",
    "mount -t tmpfs none /srv && mkdir -p /srv/nfs && mount -t tmpfs none /srv/nfs",
    `mkdir -p ${made} && head -c 3000000 /dev/zero >/srv/nfs/${folders[0] ?? ""}/a.bin`,
    "mount -t tmpfs none /etc && mkdir -p /etc/ssh /etc/cron.d /etc/pve",
    `echo '${key} root@pve' >/etc/ssh/ssh_host_ed25519_key.pub`,
    "echo '15 2 * * * root restic backup /srv' >/etc/cron.d/mine",
    "echo '# 15 2 * * * root restic backup /old' >>/etc/cron.d/mine",
    "echo '@daily root RESTIC_PASSWORD=hunter2 restic backup /srv' >/etc/cron.d/backup",
    "echo 'BORG_PASSPHRASE=hunter2' >>/etc/cron.d/backup",
    ...more,
  ];
  writeFileSync(join(host.folder, "house"), house.join("\n"));
  host.before = `sh ${join(host.folder, "house")}`;
  host.installSsh();
  for (const [name, text] of Object.entries({
    lsblk,
    findmnt,
    lvs,
    pvs,
    qm,
    pct,
    systemctl: timers,
    exportfs: "/srv/nfs  10.0.0.0/8(rw,no_root_squash)",
    timedatectl: "Europe/Berlin",
    ...says,
  }))
    answers(name, text);
  program("bin", "hostname", 'if [ "$1" = -I ]; then echo "10.77.0.11 "; else echo pve; fi\n');
  if (failing !== "") program("bin", failing, "echo 'Permission denied' >&2; exit 5\n");
  const cases = Object.entries(objects).map(
    ([resource, items]) =>
      `*"get ${resource} --all-namespaces"*) cat <<'END'\n${JSON.stringify({ kind: "List", items })}\nEND\n;;`,
  );
  program(
    "ssh",
    "kubectl",
    `case "$*" in
*"config view"*) printf %s 'https://10.77.0.1:6443' ;;
${cases.join("\n")}
*) exit 9 ;;
esac
`,
  );
}

const asked = ["discover", "--host", "root@10.77.0.11", "--host-key", key];
const all = [...asked, "--kubeconfig", "/etc/kube"];

async function written(file = "estate.ts"): Promise<Estate> {
  const path = join(host.folder, file);
  if (file.endsWith(".json")) return parseEstate(JSON.parse(readFileSync(path, "utf8")));
  const outcome = await evaluate(path);
  if (!("data" in outcome)) throw new Error(outcome.problem);
  return parseEstate(outcome.data);
}

/** What the compiler says of the file, for which "holdfast" is the package's own entry. */
async function typeFaults(): Promise<string> {
  const compilerOptions = {
    ...{ noEmit: true, incremental: false, tsBuildInfoFile: null, types: ["node"] },
    ...{ paths: { holdfast: [join(projectRoot, "plan", "index.ts")] } },
    typeRoots: [join(projectRoot, "node_modules", "@types")],
  };
  const config = join(host.folder, "tsconfig.json");
  const own = {
    extends: join(projectRoot, "tsconfig.json"),
    compilerOptions,
    files: ["estate.ts"],
    include: [],
  };
  writeFileSync(config, JSON.stringify(own));
  const compiler = join(projectRoot, "node_modules", "typescript", "bin", "tsc");
  return (await execa(process.execPath, [compiler, "--project", config], { reject: false })).stdout;
}

test("what a host and a cluster have becomes an estate, with a note at each guess", async () => {
  build();
  const { exitCode, text } = await holdfastIn(host.folder, all, []);
  expect(text).toMatch(/^Written: estate\.ts, with 7 services and \d+ TODO\. Nothing was changed/);
  expect(exitCode).toBe(0);
  const path = join(host.folder, "estate.ts");
  const estate = await written();
  expect(estate).toMatchObject({
    zone: "Europe/Berlin",
    hosts: {
      pve: {
        ...{ address: "10.77.0.11", ssh: { hostKey: key } },
        disks: {
          ubda: { medium: "ssd", role: "system" },
          ubde: { medium: "hdd", role: "backup", size: "68.7GB" },
        },
        filesystems: { "/srv/nfs": { disk: "ubdc", fsUuid: "f4b9c56c-51ef-4ac6-aa5f-a5cb50e68f85" } },
        pools: { data: { vg: "pve", disk: "ubdb", metadata: { size: "67.1MB" } } },
      },
    },
    clusters: { k8s: { api: "https://10.77.0.1:6443" } },
    monitoring: { pushgateway: "http://10.77.0.11:30091", namespace: "watching" },
  });
  expect(Object.keys(estate.hosts["pve"]?.disks ?? {})).toEqual(["ubda", "ubdb", "ubdc", "ubde"]);
  expect(Object.keys(estate.hosts["pve"]?.filesystems ?? {})).toEqual(["/", "/srv/nfs", "/mnt/backup"]);
  const data = Object.fromEntries(Object.entries(estate.services).map(([name, { data }]) => [name, data[0]]));
  expect(data).toMatchObject({
    "pve-host": { kind: "configuration", paths: ["/etc/pve", "/etc/network"] },
    "k8s-1": { kind: "vm", id: 101, pool: "data", cluster: "k8s" },
    vaultwarden: { kind: "volume", namespace: "vaultwarden", claim: "vaultwarden", holds: "sqlite" },
    "dbaas-data-postgresql-0": {
      kind: "database",
      engine: "postgresql",
      on: { pool: "data", namespace: "dbaas" },
    },
    etcd: { kind: "database", engine: "etcd", on: { cluster: "k8s" } },
    books: { kind: "tree", path: "/srv/nfs/books", size: expect.stringMatching(/^3(\.\d+)?MB$/) },
    photos: { kind: "tree", path: "/srv/nfs/photos" },
  });
  for (const { promise } of Object.values(estate.services)) expect(promise?.rpo).toBeDefined();
  const file = readFileSync(path, "utf8");
  expect(file).toContain("//   nfs-mirror.timer: *-*-* *:00/2:00 UTC");
  expect(file).toMatch(/^\/\/ {3}\/etc\/cron\.d\/mine: 15 2 \* \* \*, restic, backup$/m);
  expect(file).toMatch(/^\/\/ {3}\/etc\/cron\.d\/backup: @daily, backup, restic$/m);
  // The file is made to be committed.
  expect(file).not.toContain("hunter2");
  expect(file).toContain("//   CronJob dbaas/nightly: 10 1 * * *");
  expect(file).not.toContain("/old");
  expect(file).not.toContain("churnPerDay");
  expect(text).toMatch(
    /^ {2}how much changes each day \(churnPerDay\) of pve-host, k8s-1, vaultwarden, dbaas-data-postgresql-0, etcd and 2 more$/m,
  );
  // The jobs to begin with are sound; what is left to say is what nobody has yet: dumps, another site, who hears of silence.
  const codes = runChecks(planOf(estate), Date.UTC(2026, 10, 1)).map(({ code }) => code);
  expect([...new Set(codes)]).toEqual(["routes/no-copy", "routes/no-route-off-site", "alerts/nobody-waits"]);
  expect(text).not.toContain("_snap_");
  expect(text).toMatch(/claim far\/away lies on 192\.0\.2\.9:\/volume1\/far/);
  expect(text).toMatch(
    /vm-9999-pvc-00000000-0000-4000-8000-000000000090 in a thin pool: whose they are, nobody said/,
  );
}, 300_000);

// A compiler's start, of all that an estate's type is made of, is half a minute here; that the schema takes the file is held above.
testLong("the file has the type of an estate", async () => {
  build({ ...measured() });
  standsNas();
  await holdfastIn(host.folder, [...all, ...asNas], []);
  expect(await typeFaults()).toBe("");
});

const asNas = [
  "--nas",
  "viki@10.77.0.12",
  "--nas-port",
  "2222",
  "--nas-host-key",
  key.replace("IFpz", "IFpy"),
];
const gigabytes = (count: number): number => count * 1e6;

/** The NAS beside the host: it has other programs, which say what a Synology's do. */
function standsNas({
  df = `/dev/md0 2385528 1446924 819820 64% /
tmpfs 2000000 0 2000000 0% /dev/shm
/dev/mapper/cachedev_0 ${gigabytes(7000)} ${gigabytes(3000)} ${gigabytes(4000)} 43% /volume1
/dev/mapper/cachedev_1 ${gigabytes(900)} ${gigabytes(300)} ${gigabytes(600)} 34% /volume2`,
  system = 'productversion="7.2.1"\nupnpmodelname="DS920+"',
  reached = "",
} = {}): void {
  const nas = join(host.folder, "nas");
  program(
    "nas",
    "df",
    `case "$*" in *l*) ;; *) echo "far:/export ${gigabytes(90_000)} 0 ${gigabytes(90_000)} 0% /volume3" ;; esac
cat <<'END'\nFilesystem 1024-blocks Used Available Capacity Mounted on\n${df}\nEND\n`,
  );
  program(
    "nas",
    "find",
    "printf '/volume1/%s\\0' @eaDir '#recycle' 'a\nb' photo NetBackup; printf '/volume2/Backup\\0'\n",
  );
  program(
    "nas",
    "grep",
    `case "$*" in
*productversion*) printf '${system}\n' ;;
*) for disk in sata1 sata2; do echo /sys/block/$disk/queue/rotational:1; done; echo /sys/block/md2/queue/rotational:0 ;;
esac
`,
  );
  const there = reached
    ? `echo '${reached}' >&2; exit 255`
    : `PATH=${nas}:$PATH; export PATH; exec sh -c "$last"`;
  host.installSsh(`case " $* " in *" 10.77.0.12 "*) ${there} ;; esac\nexec "$0.run" "$last"`);
}

test("a NAS becomes a destination, and copies would be sent to its share for backups", async () => {
  build();
  standsNas();
  const { exitCode, text } = await holdfastIn(host.folder, [...all, ...asNas, "--to", "nas.ts"], []);
  expect(exitCode).toBe(0);
  const estate = await written("nas.ts");
  expect(estate.destinations).toEqual({
    nas: {
      ...{ kind: "synology", site: "home", address: "10.77.0.12", user: "backup", port: 2222 },
      ...{ hostKey: asNas[5], medium: "hdd", size: "7.1TB", used: "3.1TB" },
      ...{ secrets: [], transport: "ssh", encryptedAtRest: false },
    },
  });
  expect(estate.layers["offsite-sync"]).toMatchObject([
    { host: "pve", destination: "nas", legs: [{ from: "/mnt/backup", to: "/NetBackup/pve" }] },
  ]);
  expect(estate.links[0]).toMatchObject({ from: "nas", to: "pve" });
  expect(readFileSync(join(host.folder, "nas.ts"), "utf8")).toMatch(
    /\/\/ DS920\+, DSM 7\.2\.1\. TODO: receives: holdfast explain destinations\.nas\.receives; until then nothing is sent\n +nas: \{/,
  );
  expect(text).toMatch(/^ {2}\/volume2 of the NAS, with 614\.4GB free: a destination is one volume$/m);
  expect(text).toMatch(/^ {2}which snapshots the NAS makes.*only its root may ask/m);
  expect(text).not.toContain("as none was named");
  // Elsewhere, it is what the site lacks: sound but for what only people can do.
  const { nas } = estate.destinations;
  if (!nas) throw new Error("just held");
  const elsewhere = { ...estate, destinations: { nas: { ...nas, site: "parents" } } };
  const codes = new Set(runChecks(planOf(elsewhere), Date.UTC(2026, 10, 1)).map(({ code }) => code));
  expect(codes).not.toContain("routes/no-route-off-site");
}, 300_000);

test("a NAS that isn't reached, or tells of no volume, is told, and the rest is written", async () => {
  build();
  standsNas({ reached: "Permission denied (publickey,password)." });
  const refused = await holdfastIn(host.folder, [...asked, ...asNas, "--to", "part.json"], []);
  expect(refused.exitCode).toBe(3);
  expect(refused.text).toMatch(
    /^ {2}the NAS: 10\.77\.0\.12 wasn't asked: Permission denied \(publickey,password\)\. Next: ssh -p 2222 viki@10\.77\.0\.12 true$/m,
  );
  expect(refused.text).toContain("the NAS in part.json: once it answers, remove that file and ask again, ");
  expect((await written("part.json")).destinations).toEqual({});
  rmSync(join(host.folder, "part.json"));
  standsNas({ reached: "Host key verification failed." });
  const unknown = await holdfastIn(host.folder, [...asked, ...asNas, "--to", "part.json"], []);
  expect(unknown.text).toMatch(/^ {2}the NAS: .*; or --nas-host-key$/m);
  rmSync(join(host.folder, "part.json"));
  standsNas({ df: "tmpfs 2000000 0 2000000 0% /volume1/@tmp" });
  const empty = await holdfastIn(host.folder, [...asked, ...asNas, "--to", "part.json"], []);
  expect([empty.exitCode, empty.text]).toEqual([
    3,
    expect.stringContaining(
      "\n  the NAS: df told of no volume for copies at 10.77.0.12. Next: ssh -p 2222 viki@10.77.0.12 'df -Pkl; ",
    ),
  ]);
}, 300_000);

/** A kernel that has counted, as /proc and udev say it: ten days of a VM's disk, of a claim's that is written anew again and again, and of /srv/nfs; of another claim's disk, an hour. */
function measured({ folders = ["books", "photos"] } = {}) {
  const line = (minor: number, sectors: number): string =>
    ` 253 ${minor} dm-${minor} 10 0 80 1 20 0 ${sectors} 9 0 5 10 0 0 0 0 0 0`;
  const at = { disk: 7, claim: 8, other: 9, tree: 10 };
  const named = (name: string, minor: number) => [
    `"lv_name":"${name}",`,
    `"lv_name":"${name}", "lv_kernel_major":"253", "lv_kernel_minor":"${minor}",`,
  ];
  const volumes = [
    named("vm-101-disk-0", at.disk),
    named("vm-9999-pvc-00000000-0000-4000-8000-000000000001", at.claim),
    named("vm-9999-pvc-00000000-0000-4000-8000-000000000022", at.other),
  ].reduce((text, [from = "", to = ""]) => text.replace(from, to), lvs);
  const counted = [
    line(at.disk, 20_000),
    line(at.claim, 1e12),
    line(at.other, 5_000),
    line(at.tree, 4_000_000),
  ];
  const data = "/run/udev/data";
  return {
    folders,
    more: [
      `mount -t tmpfs none /run && mkdir -p ${data}`,
      `echo '${counted.join("\n")}' >/run/stats && mount --bind /run/stats /proc/diskstats`,
      "echo '950400.00 1' >/run/up && mount --bind /run/up /proc/uptime",
      ...[at.disk, at.claim, at.tree].map(minor => `echo I:86400000000 >${data}/b253:${minor}`),
      `echo I:946800000000 >${data}/b253:${at.other}`,
    ],
    says: {
      lvs: volumes,
      findmnt: findmnt.replace('"source": "/dev/ubdc",', '"source": "/dev/ubdc", "maj:min": "253:10",'),
    },
  };
}

test("what changes each day is what the kernel has counted, at most, and says so", async () => {
  build(measured());
  await holdfastIn(host.folder, [...all, "--to", "measured.ts"], []);
  const { services } = await written("measured.ts");
  const churn = (name: string) => services[name]?.data.map(({ churnPerDay }) => churnPerDay);
  // 20,000 sectors in ten days; of the claim, no more than all of it.
  expect(churn("k8s-1")).toEqual(["1.1MB"]);
  expect(churn("vaultwarden")).toEqual([services["vaultwarden"]?.data[0]?.size]);
  expect(churn("dbaas-data-postgresql-0")).toEqual([undefined]);
  expect(churn("books")).toEqual([undefined]);
  const file = readFileSync(join(host.folder, "measured.ts"), "utf8");
  expect(file).toContain(
    'churnPerDay: "1.1MB", // at most, measured: 10.3MB written in 10 days, what was written twice counted twice\n',
  );
  expect(file).toContain("exported by NFS; all that is at /srv/nfs has 204.8MB written a day\n");
  build({ ...measured(), folders: ["books"] });
  const { text } = await holdfastIn(host.folder, [...asked, "--to", "part.json"], []);
  expect((await written("part.json")).services["books"]?.data[0]?.churnPerDay).toMatch(/^3(\.\d)?MB$/);
  expect(text).toMatch(/^ {2}how much changes each day \(churnPerDay\) of pve-host$/m);
}, 300_000);

test("a file that is there stays, and what is new or gone is told in its place", async () => {
  build();
  await holdfastIn(host.folder, [...asked, "--to", "estate.json"], []);
  const before = readFileSync(join(host.folder, "estate.json"), "utf8");
  build({ folders: ["books", "scans", "lost+found"] });
  writeFileSync(join(host.folder, "estate.json"), before);
  const { exitCode, text } = await holdfastIn(host.folder, [...asked, "--to", "estate.json"], []);
  expect(readFileSync(join(host.folder, "estate.json"), "utf8")).toBe(before);
  expect(text).toMatch(/^estate\.json is there already, and stays as it is\./);
  expect(text).toMatch(/live\/not-there {2}photos/);
  expect(text).toContain("/srv/nfs/scans");
  expect(exitCode).toBe(1);
}, 300_000);

test("names that somebody chose to break a file are text in it, or are told and left out", async () => {
  const folders = ["a'b", "-", "x\u2028y", "`${1}`", "books\nprocess.exit(3)", "über alles", "a*"];
  build({ folders: ["first", ...folders] });
  const { text } = await holdfastIn(host.folder, [...asked, "--to", "names.ts"], []);
  const { services } = await written("names.ts");
  const paths = Object.values(services).flatMap(({ data }) =>
    data.flatMap(each => (each.kind === "tree" ? each.path : [])),
  );
  expect(paths).toEqual(
    expect.arrayContaining(["/srv/nfs/a'b", "/srv/nfs/`${1}`", "/srv/nfs/über alles", "/srv/nfs/-"]),
  );
  expect(text).toMatch(/the folder "\/srv\/nfs\/books\\nprocess\.exit\(3\)" has a name that no estate takes/);
  expect(text).toMatch(/the folder "\/srv\/nfs\/x\\u2028y" has a name/);
  expect(text).toMatch(/^ {2}a cluster, as none was named/m);
}, 300_000);

test("what a host doesn't answer is told, and ends with 3", async () => {
  build({ failing: "lvs" });
  const { exitCode, text } = await holdfastIn(host.folder, [...asked, "--to", "part.json"], []);
  expect(exitCode).toBe(3);
  expect(text).toMatch(/^ {2}lvs, of its volumes$/m);
  expect(text).toMatch(/VM 101 \(k8s-1\) has no disk in a thin pool/);
  expect((await written("part.json")).hosts["pve"]?.pools).toEqual({});
}, 300_000);

test("what an estate has no words for is told, and nothing takes another's place", async () => {
  const onBig = {
    vg_name: "big",
    metadata_percent: "10",
    lv_metadata_size: "67108864",
    lv_size: "30000000000",
  };
  const sdx = { ...{ name: "sdx", path: "/dev/sdx", type: "disk", size: 1e12 }, rota: true, tran: "sata" };
  const md = { ...sdx, name: "md0", path: "/dev/md0", type: "raid1" };
  const mounted = (target: string, source: string, fstype: string, uuid: string | null): object => ({
    ...{ target, source, fstype, uuid, size: 1e12, used: 1e11 },
  });
  build({
    says: {
      lvs: withMore(lvs, /"lv": \[/, [
        { ...onBig, lv_name: "data", pool_lv: "", lv_attr: "twi-aotz--", data_percent: "50" },
        { ...onBig, lv_name: "vm-102-disk-0", pool_lv: "data", lv_attr: "Vwi-aotz--", data_percent: "10" },
        {
          ...onBig,
          lv_name: "vm-105-disk-0",
          pool_lv: "data",
          lv_attr: "Vwi-a-tz--",
          data_percent: "10",
        },
        {
          ...onBig,
          lv_name: "vm-103-disk-0",
          pool_lv: "data",
          lv_attr: "Vwi---tz--",
          data_percent: "",
        },
      ]),
      lsblk: withMore(lsblk, /"blockdevices": \[/, [
        { ...sdx, children: [md] },
        { ...sdx, name: "sdy", path: "/dev/sdy", children: [md] },
        { ...sdx, name: "zd16", path: "/dev/zd16", tran: null },
      ]),
      findmnt: withMore(findmnt, /"filesystems": \[/, [
        mounted("/srv/raid", "/dev/md0", "ext4", "f4b9c56c-51ef-4ac6-aa5f-a5cb50e68f99"),
        mounted("/tank\nphotos", "tank/photos", "zfs", null),
        mounted("/etc/pve", "/dev/fuse", "fuse", null),
      ]),
      qm: `${qm}\n       102 win running 2048 0.00 4\n       103 off stopped 2048 0.00 4`,
    },
  });
  const { text } = await holdfastIn(host.folder, [...asked, "--to", "part.json"], []);
  const estate = await written("part.json");
  expect(estate.hosts["pve"]?.pools).toMatchObject({ data: { vg: "big" } });
  expect(Object.keys(estate.hosts["pve"]?.disks ?? {})).not.toContain("zd16");
  expect(estate.services["k8s-1"]).toBeUndefined();
  expect(estate.services["win"]).toMatchObject({ data: [{ id: 102, size: "3GB" }] });
  expect(estate.services["off"]).toMatchObject({ data: [{ id: 103, size: "30GB" }] });
  for (const line of [
    'the file system at "/srv/raid" (ext4), which isn\'t on one disk',
    'the file system at "/tank\\nphotos" (zfs), which isn\'t on one disk',
    "the thin pool pve/data, and what lies in it",
    "VM 101 (k8s-1) has no disk in a thin pool of the estate's",
    "container 105 (mail): no layer copies it",
  ])
    expect(text).toContain(`\n  ${line}`);
  expect(text).not.toMatch(/\/etc\/pve|big\/vm-105/);
}, 300_000);

test("what a host says and no estate takes is left out and told, and the rest is written", async () => {
  const bad = { fstype: "ext4", uuid: "f4b9c56c-51ef-4ac6-aa5f-a5cb50e68f99", size: 1e12, used: 1e11 };
  const off = [110, 111];
  const mayHave = (id: number): string =>
    `{"vg_name":"pve", "lv_name":"vm-${id}-disk-0", "pool_lv":"data", "lv_attr":"Vwi---tz--", "lv_size":"100000000000", "data_percent":"", "metadata_percent":"", "lv_metadata_size":""}`;
  build({
    says: {
      timedatectl: "Foo/Bar",
      // A pool that is full: what is in use is rounded up, and all of it down; beside VMs that are off, and may have more than there is.
      lvs: off.reduce(
        (text, id) => text.replace('{"vg_name":"pve", "lv_name":"vm-101', line => `${mayHave(id)},${line}`),
        lvs.replace('"data_percent":"0.86"', '"data_percent":"100.00"'),
      ),
      qm: [
        qm,
        ...off.map(id => `  ${id} off-${id}  stopped  2048  93.10 0`),
        "  111 twin  stopped  2048  93.10 0",
      ].join("\n"),
      lsblk: lsblk.replace('"ubda"', '"cciss!c0d0"'),
      // One that is full, as its pool is.
      findmnt: withMore(findmnt.replace("33501757440", "2960000"), /"filesystems": \[/, [
        { ...bad, target: "/srv/../etc", source: "/dev/ubdc" },
        { ...bad, target: "/srv/a\u202eb", source: "/dev/ubdc" },
      ]),
    },
  });
  const { exitCode, text } = await holdfastIn(host.folder, [...all, "--to", "part.json"], []);
  expect(text).toMatch(/^Written: part\.json, with 9 services/);
  expect(text).toContain(
    '\n  the time zone "Foo/Bar", which is none that is known: UTC stands in its place\n',
  );
  expect(text).toContain(
    '\n  the file system at "/srv/../etc" (ext4), a path that no estate takes: no layer copies it',
  );
  expect(text).toContain('\n  the file system at "/srv/a\\u202eb" (ext4), a path that no estate takes');
  expect(text).toMatch(/^ {2}twin, which an estate doesn't take: /m);
  expect(exitCode).toBe(0);
  const { zone, hosts, services } = await written("part.json");
  expect(zone).toBe("UTC");
  const sizes = ["off-110", "off-111", "books"].map(name => services[name]?.data[0]?.size);
  expect(sizes).toEqual(["30.7GB", "30.7GB", "2.9MB"]);
  expect(hosts["pve"]?.pools["data"]).toMatchObject({ size: "30.7GB", used: "30.7GB" });
  expect(hosts["pve"]?.disks).toMatchObject({ "cciss-c0d0": { role: "system" } });
  expect(Object.keys(hosts["pve"]?.filesystems ?? {})).toEqual(["/", "/srv/nfs", "/mnt/backup"]);
}, 300_000);

test("of what is no estate at all, no fault of one is told that nobody has", async () => {
  build({ says: { lsblk: lsblk.replace("17179869184", "1e18") } });
  const { exitCode, text } = await holdfastIn(host.folder, [...asked, "--to", "part.json"], []);
  expect(text).toMatch(
    /^10\.77\.0\.11 told what no estate takes: hosts\.pve\.disks\.ubda\.size: "\d+TB" is more than a rack of disks.* Nothing was written\. Next: /,
  );
  expect(exitCode).toBe(3);
  expect(existsSync(join(host.folder, "part.json"))).toBe(false);
}, 300_000);

/** What a host says where it has another disk, with file systems on it or on others. */
function withDisk(filesystems: readonly (readonly [mount: string, source: string])[]) {
  const sdx = { ...{ name: "sdx", path: "/dev/sdx", type: "disk", size: 1e12 }, rota: true, tran: "sata" };
  const on = { fstype: "btrfs", uuid: "f4b9c56c-51ef-4ac6-aa5f-a5cb50e68f99", size: 1e12, used: 1e11 };
  const mounted = filesystems.map(([target, source]) => ({ ...on, target, source }));
  return {
    lsblk: withMore(lsblk, /"blockdevices": \[/, [sdx]),
    findmnt: withMore(findmnt, /"filesystems": \[/, mounted),
  };
}

test("a folder that is mounted elsewhere too is in the estate once, and subvolumes are each their own", async () => {
  build({
    more: ["mkdir /srv/alias /srv/nfs/books/one", "mount --bind /srv/nfs/books /srv/alias"],
    says: {
      ...withDisk([
        ["/srv/alias", "/dev/ubdc[/books]"],
        ["/srv/@one", "/dev/sdx[/@one]"],
        ["/srv/@two", "/dev/sdx[/@two]"],
        ["/srv/@two-again", "/dev/sdx[/@two]"],
        ["/srv/of-root", "/dev/ubda[/of-root]"],
      ]),
      exportfs: "/srv/alias  10.0.0.0/8(rw)\n/srv/nfs  10.0.0.0/8(rw)",
    },
  });
  const { text } = await holdfastIn(host.folder, [...asked, "--to", "part.json"], []);
  const { hosts, services } = await written("part.json");
  const own = ["/srv/@one", "/srv/@two", "/srv/of-root"];
  expect(Object.keys(hosts["pve"]?.filesystems ?? {})).toEqual([...own, "/", "/srv/nfs", "/mnt/backup"]);
  expect(Object.keys(services)).toEqual(["pve-host", "k8s-1", "books", "photos"]);
  expect(text).not.toContain("alias");
}, 300_000);

test("each disk that is called as one for backups is one, and no other", async () => {
  const [bakery, second] = ["/mnt/bakery", "/srv/backup2"];
  build({
    more: ["mkdir -p /srv/backup2/old"],
    says: withDisk([
      [bakery, "/dev/ubda"],
      [second, "/dev/sdx"],
    ]),
  });
  await holdfastIn(host.folder, [...asked, "--to", "part.json"], []);
  const { hosts, services, layers } = await written("part.json");
  expect(hosts["pve"]?.disks).toMatchObject({ sdx: { role: "backup" }, ubde: { role: "backup" } });
  expect(Object.keys(services)).toEqual(["pve-host", "k8s-1", "books", "photos"]);
  expect(JSON.stringify(layers)).not.toContain(bakery);
}, 300_000);

test.each([
  ["/mnt/backup", true],
  ["/mnt/Backups", true],
  ["/backup_usb/a", true],
  ["/mnt/usb-bak3", true],
  ["/mnt/bakery", false],
  ["/mnt/nobackup", false],
])("%s is for backups: %p", (mount, isFor) => expect(isForBackups(mount)).toBe(isFor));

test("the key that was given is the one that is pinned, whatever a file of the host's has", async () => {
  build();
  const given = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGivenGivenGivenGivenGivenGivenGivenGivenGiv";
  const words = ["discover", "--host", "root@10.77.0.11", "--host-key", given, "--to", "part.json"];
  await holdfastIn(host.folder, words, []);
  expect((await written("part.json")).hosts["pve"]?.ssh.hostKey).toBe(given);
}, 300_000);

test("what is printed to be typed is typed so, and JSON isn't told to have notes", async () => {
  build();
  const words = [...all, "--context", "a home", "--to", "part of.json"];
  const { text } = await holdfastIn(host.folder, words, []);
  rmSync(join(host.folder, "part of.json"));
  expect(text).toMatch(/^Written: part of\.json, with 7 services, and no word on what is a guess/);
  expect(text).toMatch(
    /^ {2}(?:npx )?holdfast check --live --estate 'part of\.json' --kubeconfig \/etc\/kube --context 'a home'$/m,
  );
}, 300_000);

test("an answer that was made to be read for ever, or too deep, is none", () => {
  const answers = Object.fromEntries(Object.keys(questions).map(name => [name, ""])) as Record<
    Question,
    string
  >;
  const start = '{"name":"a","path":"/dev/a","type":"disk","size":5,"rota":true,"tran":null,"children":[';
  const disks = `{"blockdevices":[${start.repeat(20_000)}${"]}".repeat(20_000)}]}`;
  const timers = `Id=backup.timer\nTimersCalendar=${"OnCalendar=".repeat(100_000)}`;
  const { unanswered, backups } = hostIn({ ...answers, disks, timers });
  expect(unanswered).toEqual(["lsblk, of its disks"]);
  expect(backups).toEqual(["backup.timer: no calendar"]);
}, 300_000);

test("of a list that isn't as kubectl writes it, the first faults are told, in a line", async () => {
  build();
  program(
    "ssh",
    "kubectl",
    `case "$*" in
*"config view"*) printf %s 'https://10.77.0.1:6443' ;;
*"get nodes"*) echo '{"items":[]}' ;;
*) cat <<'END'\n${JSON.stringify({ items: Array.from({ length: 500 }, () => ({})) })}\nEND\n;;
esac
`,
  );
  const { exitCode, text } = await holdfastIn(host.folder, [...all, "--to", "part.json"], []);
  expect(text).toMatch(
    /^ {2}the cluster's pods: kubectl's answer is no list of pods: items\[0\]\.\S+: Invalid input[^\n]*; and \d+ more$/m,
  );
  expect(text.split("\n").length).toBeLessThan(30);
  expect(exitCode).toBe(3);
}, 300_000);

test("a folder whose name has no letter that a service's takes gets another name", async () => {
  build({ folders: ["first", "снимки", "写真", "-", "x\u2028"] });
  const { text } = await holdfastIn(host.folder, [...asked, "--to", "nameless.ts"], []);
  expect((await written("nameless.ts")).services).toMatchObject({
    "folder-1": { data: [{ path: "/srv/nfs/-" }] },
    "folder-2": { data: [{ path: "/srv/nfs/снимки" }] },
    "folder-3": { data: [{ path: "/srv/nfs/写真" }] },
  });
  expect(text).toContain('\n  the folder "/srv/nfs/x\\u2028" has a name that no estate takes');
  expect(readFileSync(join(host.folder, "nameless.ts"), "utf8")).toMatch(
    /\/\/ TODO: a name that says what it is;.*\n +"folder-2": \{/,
  );
}, 300_000);

test("a folder that can't be listed is told, and a file beside it has a size too", async () => {
  build({ more: ["mkdir /srv/more", "mount -t tmpfs none /srv/more", "echo a >/srv/more/a.txt"] });
  answers("exportfs", "/srv/more  10.0.0.0/8(rw)");
  program(
    "bin",
    "find",
    `case "$*" in *"/srv/nfs -"*) echo 'Permission denied' >&2; exit 1 ;; esac\nexec /usr/bin/find "$@"\n`,
  );
  const { exitCode, text } = await holdfastIn(host.folder, [...asked, "--to", "part.json"], []);
  rmSync(join(host.folder, "bin", "find"));
  expect(text).toMatch(/^ {2}find, of what is at \/srv\/nfs$/m);
  expect(exitCode).toBe(3);
  expect((await written("part.json")).services).toMatchObject({
    "a-txt": { data: [{ kind: "tree", path: "/srv/more/a.txt", size: expect.stringMatching(/B$/) }] },
  });
}, 300_000);

test("a host that isn't reached leaves no file, and says what to type", async () => {
  build();
  host.installSsh("echo 'Host key verification failed.' >&2; exit 255");
  const { exitCode, text } = await holdfastIn(host.folder, ["discover", "--host", "root@10.77.0.11"], []);
  expect(exitCode).toBe(3);
  expect(text).toMatch(
    /^10\.77\.0\.11 wasn't asked: Host key verification failed\. Nothing was written\. Next: ssh -p 22 root@10\.77\.0\.11 true, and compare/,
  );
  expect(existsSync(join(host.folder, "estate.ts"))).toBe(false);
  const json = await holdfastIn(
    host.folder,
    ["discover", "--host", "root@10.77.0.11", "--to", "a.json", "--json"],
    [],
  );
  expect(json.exitCode).toBe(3);
  expect(JSON.parse(json.text)).toEqual({
    ...{ file: null, services: [], todos: 0, next: [] },
    unseen: [expect.stringMatching(/^10\.77\.0\.11 wasn't asked: Host key/)],
  });
});

test("a file that doesn't fit on the disk leaves nothing that a next run would take for an estate", async () => {
  build();
  const namespace = await mountNamespace();
  try {
    mkdirSync(join(host.folder, "small"), { recursive: true });
    await namespace.run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", join(host.folder, "small"));
    const small = namespace.outside(join(host.folder, "small"));
    const { exitCode, text } = await holdfastIn(host.folder, [...all, "--to", join(small, "estate.ts")], []);
    expect(text).toMatch(/estate\.ts" can't be written: .*ENOSPC/);
    expect(exitCode).toBe(2);
    expect(readdirSync(small)).toEqual([]);
  } finally {
    await namespace.close();
  }
}, 300_000);

test("a file that somebody makes while the host is asked stays as it is", async () => {
  build({ more: [`echo mine >'${join(host.folder, "part.json")}'`] });
  const { exitCode, text } = await holdfastIn(host.folder, [...asked, "--to", "part.json"], []);
  expect(text).toMatch(/part\.json" is there already, and stays as it is/);
  expect(exitCode).toBe(2);
  expect(readFileSync(join(host.folder, "part.json"), "utf8")).toBe("mine\n");
}, 300_000);

test.each([
  [["--host", "root@-oProxyCommand=x"], /--host: .* can't be used, expected a host name/],
  [["--host", "pve", "--nas", "me@-oProxyCommand=x"], /--nas: .* can't be used, expected a host name/],
  [["--host", "pve", "--to", "estate.yaml"], /--to: "estate\.yaml" is no estate's file/],
])("%j is refused", async (words, message) => {
  const { exitCode, text } = await holdfastIn(host.folder, ["discover", ...words], []);
  expect(exitCode).toBe(2);
  expect(text).toMatch(message);
});

test("the page has each command that a host is asked", () => {
  const page = readFileSync(join(projectRoot, "docs", "discover.md"), "utf8");
  for (const command of [...Object.values(questions), ...Object.values(nasQuestions)])
    expect(page).toContain(`\`${command}\``);
});
