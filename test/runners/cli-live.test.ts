import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ruleGroups } from "../../alerts/groups";
import { routingsOf } from "../../alerts/routings";
import { stringify } from "yaml";
import type { RuleGroup } from "../../alerts/rules";
import { parseEstate, planOf } from "../../plan";
import { exampleEstate, type ExampleEstate } from "../../plan/estate/example";
import type { DrillFacts } from "../../plan/contracts/drill-record";
import { ReleaseHost } from "./release-host";
import { clearRecords, layRecords, withDrilledDump, withRecordsOf } from "./support/drill-records";
import { holdfastIn } from "./support/holdfast";
import { exampleKey } from "../../plan/estate/example-keys";

/* A real shell with real find and base64 on real folders; lvs, qm, pct, exportfs and kubectl answer in the words of the real ones. */
let host: ReleaseHost;
/** Records of drills, to be laid down on it. */
let records: string;

beforeAll(() => {
  host = new ReleaseHost();
  records = join(host.folder, "records");
  mkdirSync(records);
  host.leadHere();
});
afterAll(() => host.remove());

interface House {
  readonly folders: readonly string[];
  readonly isMounted: boolean;
  /** Claims by namespace/name, and the persistent volume's own place. */
  readonly claims: Readonly<Record<string, object>>;
  /** Images of pods, by namespace. */
  readonly images: Readonly<Record<string, string>>;
  /** Further pods. */
  readonly pods: readonly object[];
  readonly volumes: readonly string[];
  readonly vms: string;
  readonly containers: string;
  readonly exports: string;
  /** PrometheusRules; undefined where the cluster knows none. */
  readonly rules: readonly object[] | undefined;
  /** Groups that Prometheus has loaded; those of the rules, or else of the plan's file, unless given, and a text where it doesn't answer. */
  readonly loaded: readonly LoadedGroup[] | string | undefined;
  /** AlertmanagerConfigs; those of the plan unless given. */
  readonly routings: readonly object[] | undefined;
  /** Receivers that Alertmanager leads to, or routes; those of the plan unless given, and a text where it doesn't answer. */
  readonly routed: readonly (string | object)[] | string | undefined;
}

interface LoadedGroup {
  readonly name: string;
  readonly rules: readonly Readonly<Record<string, unknown>>[];
}

function written(expr: string): string {
  return expr.replaceAll("[7d]", "[1w]").replaceAll("2592000", "2.592e+06").replace(/ /g, "  ");
}

/** As Prometheus says them: in its own writing, ranges in weeks, large numbers by their exponents, and durations in seconds. */
function loadedOf(rules: readonly object[]): LoadedGroup[] {
  return (rules as { spec: { groups: RuleGroup[] } }[])
    .flatMap(({ spec }) => spec.groups)
    .map(({ name, rules }) => ({
      name,
      rules: rules.map(({ alert, expr, labels, for: wait }) => ({
        ...{ type: "alerting", name: alert, query: written(expr) },
        ...{ duration: Number.parseInt(wait) * (wait.endsWith("m") ? 60 : 1), labels, health: "ok" },
      })),
    }));
}

/** PrometheusRules of an estate. */
function planned(
  estate: ExampleEstate,
  change: (groups: RuleGroup[]) => RuleGroup[] = groups => groups,
): object[] {
  return change(ruleGroups(planOf(parseEstate(estate)))).map(group => ({
    metadata: { namespace: "monitoring", name: group.name },
    spec: { groups: [group] },
  }));
}

/** AlertmanagerConfigs of an estate, as the API has them: with what it adds by default. */
function plannedRoutings(estate: ExampleEstate) {
  const { routes, watchdog } = routingsOf(parseEstate(estate));
  return [routes, ...watchdog].map(({ objectName, routing }) => ({
    metadata: { namespace: "monitoring", name: objectName },
    spec: { ...routing, route: { ...routing.route, continue: false } },
  }));
}

function receiversOf(estate: ExampleEstate): string[] {
  return plannedRoutings(estate).flatMap(({ metadata, spec }) =>
    spec.receivers.map(({ name }) => `monitoring/${metadata.name}/${name}`),
  );
}

/** As Alertmanager's status has it. */
function alertmanagerOf(given: readonly (string | object)[]): string {
  const routes = given.map(each => (typeof each === "string" ? { receiver: each, continue: true } : each));
  const config = { route: { receiver: "null", routes: [{ receiver: "null", routes }] } };
  return JSON.stringify({ cluster: { status: "ready" }, config: { original: stringify(config) } });
}

const disk = (name: string): object => ({ csi: { volumeHandle: `cluster/pve/local-lvm/${name}` } });
/** What the example estate says is there, and no more. */
const sound: House = {
  folders: ["books", "photos", "etcd-backup", "vault-backup", "lost+found", ".holdfast-restore"],
  isMounted: true,
  claims: { "nextcloud/nextcloud": disk("vm-9999-pvc-1"), "dbaas/data-vault-0": disk("vm-9999-pvc-2") },
  images: { dbaas: "docker.io/hashicorp/vault:1.14", "kube-system": "registry.k8s.io/etcd:3.5.1-0" },
  pods: [],
  volumes: ["vm-9999-pvc-1", "vm-9999-pvc-2", "vm-101-disk-0"],
  vms: "       101 k8s-1                running    4096              32.00 1234",
  containers: "",
  exports: "/srv/nfs  10.0.0.0/8(rw,no_root_squash)",
  rules: undefined,
  loaded: undefined,
  routings: undefined,
  routed: undefined,
};
const vmHead = "      VMID NAME                 STATUS     MEM(MB)    BOOTDISK(GB) PID";

function program(folder: string, name: string, script: string): void {
  mkdirSync(join(host.folder, folder), { recursive: true });
  writeFileSync(join(host.folder, folder, name), `#!/bin/sh\n${script}`, { mode: 0o755 });
}

function answers(name: string, text: string): void {
  program("bin", name, `cat <<'END'\n${text}\nEND\n`);
}

function build(house: House, estate: ExampleEstate): void {
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(estate));
  const folders = house.folders.map(name => `"/srv/nfs/${name}"`).join(" ");
  const disk = house.isMounted
    ? "mkdir -p /srv/nfs && mount -t tmpfs none /srv/nfs"
    : "mount -t tmpfs none /srv && mkdir /srv/nfs";
  host.before = `mount -t tmpfs none /srv && ${disk} && mkdir -p ${folders} && mount -t tmpfs none /etc && mkdir /etc/pve`;
  host.installSsh();
  answers("lvs", house.volumes.map(name => `  pve/data/${name}`).join("\n"));
  answers("qm", `${vmHead}\n${house.vms}`);
  answers("pct", `VMID       Status     Lock         Name\n${house.containers}`);
  answers("exportfs", house.exports);
  answers("hostname", "10.0.0.5 fd00::5 pve");
  const volumes = Object.entries(house.claims).map(([claim, spec]) => {
    const [namespace, name] = claim.split("/");
    return { spec: { claimRef: { namespace, name }, ...spec }, status: { phase: "Bound" } };
  });
  const pods = Object.entries(house.images).map(([namespace, image]) => ({
    metadata: { namespace },
    spec: { containers: [{ image }] },
  }));
  const list = (items: unknown): string => `cat <<'END'\n${JSON.stringify({ kind: "List", items })}\nEND\n;;`;
  program(
    "ssh",
    "kubectl",
    `case "$*" in
*"config view"*) printf %s 'https://k8s.example:6443' ;;
*"get persistentvolumes --all-namespaces"*) ${list(volumes)}
*"get pods --all-namespaces"*) ${list([...pods, ...house.pods])}
*"get prometheusrules.monitoring.coreos.com --all-namespaces"*) ${house.rules ? list(house.rules) : `echo 'error: the server doesn'"'"'t have a resource type "prometheusrules"' >&2; exit 1 ;;`}
*"get --raw=/api/v1/namespaces/monitoring/services/prometheus-operated:9090/proxy/api/v1/rules?type=alert"*) ${typeof house.loaded === "string" ? `echo '${house.loaded}' >&2; exit 1 ;;` : `cat <<'END'\n${JSON.stringify({ status: "success", data: { groups: house.loaded ?? loadedOf(house.rules ?? planned(estate)) } })}\nEND\n;;`}
*"get alertmanagerconfigs.monitoring.coreos.com --all-namespaces"*) ${list(house.routings ?? plannedRoutings(estate))}
*"get --raw=/api/v1/namespaces/monitoring/services/alertmanager-operated:9093/proxy/api/v2/status"*) ${typeof house.routed === "string" ? `echo '${house.routed}' >&2; exit 1 ;;` : `cat <<'END'\n${alertmanagerOf(house.routed ?? receiversOf(estate))}\nEND\n;;`}
*) exit 9 ;;
esac
`,
  );
}

interface Told {
  readonly code: string;
  readonly severity: string;
  readonly subject: string;
  readonly message: string;
}

/** @param first shell text that the host runs before all else */
async function look(
  house: Partial<House>,
  change: (estate: ExampleEstate) => void = () => undefined,
  first = ":",
): Promise<{ exitCode: number; told: readonly Told[] }> {
  const estate = exampleEstate();
  change(estate);
  build({ ...sound, ...house }, estate);
  host.before = `${host.before} && ${first}`;
  host.installSsh();
  const { exitCode, text } = await holdfastIn(host.folder, ["check", "--live", "--json"]);
  return { exitCode, told: JSON.parse(text) as readonly Told[] };
}

test("a house that is as its estate says has no findings", async () => {
  expect(await look({})).toEqual({ exitCode: 0, told: [] });
});

/** A drill of the mirror's books, 1 GB of its 100. */
function drillOfBooks(change: Partial<DrillFacts>): DrillFacts {
  return {
    ...{ at: "2026-05-01T20:00:00Z", host: "pve", tier: "mirror", of: "books", scope: "sample" },
    ...{ copy: { path: "/mnt/backup/books", lacks: 0 }, result: "proved", release: "abc" },
    ...{ restored: { entries: 5, bytes: 1e9 }, whole: { entries: 500, bytes: 100e9 } },
    ...{ compared: { recorded: 5, copy: 0 }, seconds: { restore: 50, compare: 1 } },
    ...change,
  };
}

test.each<[string, Partial<DrillFacts>, Partial<Told>[]]>([
  ["that is fast enough says nothing", {}, []],
  [
    "that is too slow for a promise",
    { seconds: { restore: 500, compare: 1 } },
    [
      {
        ...{ code: "live/restore-too-slow", subject: "nodes" },
        message: expect.stringMatching(
          /back after 13 h 59 min .*, as 6 services come back over the same links/,
        ) as string,
      },
      {
        ...{ code: "live/restore-too-slow", severity: "error", subject: "books" },
        message:
          'books is promised to be back in 8 h after the disaster "live-disk", and takes 13 h 53 min at the rates that drills have measured. It is too late after application too.',
      },
    ],
  ],
  [
    "that failed",
    { result: "failed", reason: "1 entries differ" },
    [{ code: "live/restore-failed", severity: "error", subject: "pve:/mnt/backup/books" }],
  ],
])("a drill %s", async (_, change, told) => {
  clearRecords(records);
  layRecords(records, [drillOfBooks(change)]);
  const { exitCode, told: findings } = await look({}, undefined, withRecordsOf(records));
  expect(findings.filter(({ code }) => code.startsWith("live/restore"))).toEqual(
    told.map(each => expect.objectContaining(each) as Told),
  );
  expect(exitCode).toBe(told.length > 0 ? 1 : 0);
});

test("a copy that failed when it was drilled is told of a service that is promised no time, too", async () => {
  clearRecords(records);
  layRecords(records, [drillOfBooks({ result: "failed", reason: "1 entries differ" })]);
  // A promise of its own: the example's is that of several services, in each estate.
  const withoutTime = ({ services: { books } }: ExampleEstate): void => {
    if (books?.promise) books.promise = { rpo: books.promise.rpo };
  };
  const { exitCode, told } = await look({}, withoutTime, withRecordsOf(records));
  expect(told.filter(({ code }) => code === "live/restore-failed")).toEqual([
    expect.objectContaining({ subject: "pve:/mnt/backup/books" }),
  ]);
  expect(exitCode).toBe(1);
});

test("records of drills that somebody has changed are told, and hold no promise", async () => {
  clearRecords(records);
  layRecords(records, [drillOfBooks({})], text => text.replace('"restore":50', '"restore":5'));
  const { exitCode, told } = await look({}, undefined, withRecordsOf(records));
  expect(told).toEqual([expect.objectContaining({ code: "live/drill-record", subject: "pve" })]);
  expect(exitCode).toBe(1);
});

test.each<[string, Partial<House>, Partial<Told>]>([
  [
    "a claim that is found by pattern",
    {
      claims: { ...sound.claims, "films/data": disk("vm-9999-pvc-3") },
      volumes: [...sound.volumes, "vm-9999-pvc-3"],
    },
    {
      ...{ code: "live/no-promise", severity: "warning", subject: "pve/data" },
      message:
        "claim films/data is there and copied, and no service of the estate names it: nobody is promised anything, and no size of its is counted.",
    },
  ],
  [
    "a folder that the mirror carries",
    { folders: [...sound.folders, "scans"] },
    {
      ...{ code: "live/no-promise", severity: "warning", subject: "pve" },
      message:
        "/srv/nfs/scans is there and copied, and no service of the estate names it: nobody is promised anything, and no size of its is counted.",
    },
  ],
  [
    "a VM",
    { vms: `${sound.vms}\n       102 win11                stopped    8192              64.00 0` },
    { code: "live/no-copy", severity: "error", subject: "VM 102 (win11)" },
  ],
  [
    "an exported folder on the system's disk",
    { exports: "/srv/nfs  10.0.0.0/8(rw)\n/home/scans  10.0.0.0/8(ro)" },
    { code: "live/no-copy", severity: "error", subject: "/home/scans" },
  ],
  [
    "an exported folder with a space in its name",
    { exports: `${sound.exports}\n/home/my scans 10.0.0.0/8(ro)` },
    { code: "live/no-copy", severity: "error", subject: "/home/my scans" },
  ],
  [
    "a claim on a node's own disk",
    { claims: { ...sound.claims, "wiki/data": { local: { path: "/var/lib/rancher/wiki" } } } },
    {
      ...{ code: "live/out-of-reach", severity: "warning", subject: "claim wiki/data" },
      message:
        "claim wiki/data lies on a node's own disk (/var/lib/rancher/wiki), of which there is a VM's image at best: no job copies its files.",
    },
  ],
  [
    "a claim on a server of somebody else's",
    { claims: { ...sound.claims, "wiki/data": { nfs: { server: "10.0.0.9", path: "/export" } } } },
    {
      ...{ code: "live/out-of-reach", subject: "claim wiki/data" },
      message:
        "claim wiki/data lies on 10.0.0.9:/export, which is no host of the estate: no job copies its files.",
    },
  ],
  [
    "a container",
    { containers: "105        running                 pihole" },
    { code: "live/out-of-reach", subject: "container 105 (pihole)" },
  ],
  [
    "a database that nobody named",
    { images: { ...sound.images, wiki: "ghcr.io/acme/postgres:16@sha256:00" } },
    { code: "live/database-unnamed", severity: "warning", subject: "postgresql in wiki" },
  ],
])("%s that the estate doesn't name is told", async (_, house, told) => {
  const { exitCode, told: findings } = await look(house);
  expect(findings).toEqual([expect.objectContaining(told)]);
  expect(exitCode).toBe(told.severity === "error" ? 1 : 0);
});

const scratch = (estate: ExampleEstate): void => {
  estate.layers["lvm-pvc-snapshot"][0]?.excludeNamespaces?.push({ name: "scratch", reason: "made anew" });
  const unprotected = { reason: "made anew", owner: "viktor", expires: "2027-06-30" };
  const spec = { kind: "volume", host: "pve", pool: "data", namespace: "scratch", claim: "one" } as const;
  estate.services["scratch"] = { data: [{ ...spec, unprotected }] };
};

const podOf = (image: string, namespace: string, claim: string, owner = "StatefulSet"): object => ({
  metadata: { namespace, ownerReferences: [{ kind: owner }] },
  spec: {
    containers: [{ image }],
    volumes: [{ persistentVolumeClaim: { claimName: claim } }, { name: "tmp" }],
  },
});

test("a claim beside a database's own, in a namespace that is left out as the database is dumped, is told", async () => {
  const house = {
    claims: { ...sound.claims, "dbaas/uploads": disk("vm-9999-pvc-3") },
    volumes: [...sound.volumes, "vm-9999-pvc-3"],
  };
  const pods = [
    podOf("hashicorp/vault:1.14", "dbaas", "data-vault-0"),
    podOf("acme/app", "dbaas", "uploads"),
  ];
  expect((await look({ ...house, pods })).told).toEqual([
    expect.objectContaining({ code: "live/no-copy", subject: "claim dbaas/uploads" }),
  ]);
  // Which claim is the database's isn't known where no image tells its server.
  expect((await look(house)).told).toEqual([]);
});

test("a client of a database, an operator, and an NFS server by another address of a host are nothing new", async () => {
  const pods = [
    podOf("hashicorp/vault:1.14", "vault", "none", "Job"),
    podOf("ghcr.io/cloudnative-pg/cloudnative-pg:1.22.0", "cnpg-system", "none"),
  ];
  const claims = { ...sound.claims, "wiki/data": { nfs: { server: "10.0.0.5", path: "/srv/nfs/books" } } };
  expect(await look({ pods, claims })).toEqual({ exitCode: 0, told: [] });
});

test("a folder beside one that a service names and a leg carries by itself is told", async () => {
  const { exitCode, told } = await look(
    { folders: [...sound.folders, "media/films", "media/shows"] },
    estate => {
      estate.layers["nfs-mirror"][0]?.excludes?.push({ name: "media", reason: "too large for one disk" });
      estate.layers["offsite-sync"][0]?.legs.push({ from: "/srv/nfs/media/films", to: "/Backup/nfs/films" });
      const { promise } = estate.services["photos"] ?? {};
      const films = { kind: "tree", host: "pve", path: "/srv/nfs/media/films", size: "300GB" } as const;
      estate.services["films"] = {
        data: [{ ...films, churnPerDay: "1MB", growthPerDay: "0B" }],
        ...(promise && { promise }),
      };
    },
  );
  expect(told).toEqual([expect.objectContaining({ code: "live/no-copy", subject: "/srv/nfs/media/shows" })]);
  expect(exitCode).toBe(1);
});

test("a host without thin pools needs no LVM, and a VM there is told", async () => {
  const estate = exampleEstate();
  (estate.hosts as Record<string, object>)["box"] = {
    ...{ site: "home", address: "box.example", ssh: { hostKey: exampleKey("Bo") } },
    disks: { sda: { medium: "ssd", size: "500GB", role: "system" } },
    filesystems: { "/": { disk: "sda", fsUuid: "44444444-4444-4444-8444-444444444444" } },
  };
  build(sound, estate);
  host.installSsh('case " $* " in *" box.example "*) export BOX=1 ;; esac; exec "$0.run" "$last"');
  const onBox = (name: string, instead: string): void => {
    const script = readFileSync(join(host.folder, "bin", name), "utf8").replace("#!/bin/sh\n", "");
    program("bin", name, `if [ -n "$BOX" ]; then ${instead}; exit; fi\n${script}`);
  };
  onBox("lvs", "exit 127");
  onBox("exportfs", ":");
  onBox("qm", `echo '${vmHead}'; echo '${sound.vms.replace("k8s-1", "mail ")}'`);
  const { exitCode, text } = await holdfastIn(host.folder, ["check", "--live", "--json"]);
  expect(JSON.parse(text)).toEqual([
    expect.objectContaining({
      ...{ code: "live/out-of-reach", severity: "warning", subject: "VM 101 (mail)" },
    }),
  ]);
  expect(exitCode).toBe(0);
});

test("programs of root's are found by an account that has none of them in its PATH", async () => {
  build(sound, exampleEstate());
  host.before += ` && mount --bind "${join(host.folder, "bin")}" /usr/sbin && PATH=/usr/bin:/bin`;
  host.installSsh();
  const { exitCode, text } = await holdfastIn(host.folder, ["check", "--live", "--json"]);
  expect({ exitCode, told: JSON.parse(text) as unknown }).toEqual({ exitCode: 0, told: [] });
});

test("a claim in a namespace that is left out has no copy, and isn't the one that is meant to have none", async () => {
  const { exitCode, told } = await look(
    {
      claims: { ...sound.claims, "scratch/one": disk("vm-9999-pvc-3"), "scratch/two": disk("vm-9999-pvc-4") },
      volumes: [...sound.volumes, "vm-9999-pvc-3", "vm-9999-pvc-4"],
    },
    scratch,
  );
  expect(told).toEqual([
    expect.objectContaining({
      ...{ code: "live/no-copy", severity: "error", subject: "claim scratch/two" },
      message: expect.stringMatching(
        /^claim scratch\/two is there, on pve\/data, and no service of the estate names it\. .*leaves out/,
      ) as string,
    }),
  ]);
  expect(exitCode).toBe(1);
});

test("of as many claims as a service counts out, no copy is missing; of one more, all are told", async () => {
  const countedOut = (estate: ExampleEstate): void => {
    scratch(estate);
    const [{ unprotected } = {}] = estate.services["scratch"]?.data ?? [];
    const spec = { kind: "volume", host: "pve", pool: "data", namespace: "scratch", count: 2 } as const;
    estate.services["scratch"] = { data: [{ ...spec, ...(unprotected && { unprotected }) }] };
  };
  const there = (...names: readonly string[]): Partial<House> => ({
    claims: {
      ...sound.claims,
      ...Object.fromEntries(names.map(name => [`scratch/${name}`, disk(`vm-9999-${name}`)])),
    },
    volumes: [...sound.volumes, ...names.map(name => `vm-9999-${name}`)],
  });
  expect(await look(there("one", "two"), countedOut)).toEqual({ exitCode: 0, told: [] });
  const { told } = await look(there("one", "two", "three"), countedOut);
  expect(told.map(({ code, subject }) => `${code} ${subject}`)).toEqual(
    ["one", "two", "three"].map(name => `live/no-copy claim scratch/${name}`),
  );
});

test.each<[string, Partial<House>, RegExp]>([
  [
    "a claim",
    { claims: { "nextcloud/nextclod": disk("vm-9999-pvc-1"), "dbaas/d": disk("vm-9999-pvc-2") } },
    /^nextcloud is claim nextcloud\/nextcloud, which isn't there: .*\. Did you mean "nextcloud\/nextclod"\?$/,
  ],
  [
    "a folder",
    { folders: ["books", "fotos", "etcd-backup", "vault-backup"] },
    /^photos is \/srv\/nfs\/photos of pve, which isn't there: what is promised of it is kept by nobody\. Did you mean "fotos"\?$/,
  ],
  ["a VM", { vms: "" }, /^nodes\/k8s-1 is VM 101 of pve, which isn't there: /],
  [
    "a database's namespace",
    { claims: { "nextcloud/nextcloud": disk("vm-9999-pvc-1") } },
    /^vault is in a volume of namespace dbaas, which isn't there: /,
  ],
])("%s that isn't there is told", async (_, house, said) => {
  const { exitCode, told } = await look(house);
  expect(told).toContainEqual(
    expect.objectContaining({
      ...{ code: "live/not-there", severity: "error" },
      message: expect.stringMatching(said) as string,
    }),
  );
  expect(exitCode).toBe(1);
});

test("volumes that the estate counts are as many as it says", async () => {
  const apps = ["app-1", "app-2", "app-3"];
  const house = {
    claims: {
      ...sound.claims,
      ...Object.fromEntries(apps.map(app => [`${app}/data`, disk(`vm-9999-${app}`)])),
    },
    volumes: [...sound.volumes, ...apps.map(app => `vm-9999-${app}`)],
  };
  const counted = (count: number) => (estate: ExampleEstate) => {
    const { promise } = exampleEstate().services["nextcloud"] ?? {};
    const spec = { kind: "volume", host: "pve", pool: "data", namespace: "apps", size: "1GB" } as const;
    const change = { churnPerDay: "1MB", growthPerDay: "0B" };
    estate.services["apps"] = { data: [{ ...spec, ...change, count }], ...(promise && { promise }) };
  };
  expect(await look(house, counted(3))).toEqual({ exitCode: 0, told: [] });
  expect((await look(house, counted(2))).told).toEqual([
    expect.objectContaining({
      ...{ code: "live/no-promise", subject: "pve/data" },
      message: expect.stringContaining(
        'The estate speaks of 2 more volumes there by their number ("count"), and there are 3.',
      ) as string,
    }),
  ]);
});

test.each<[string, () => void, string, string?]>([
  [
    "a host that isn't reached",
    () => host.installSsh("echo no route >&2; exit 255"),
    "pve wasn't asked of all that it has, and nothing is said of that: no route",
    "ssh -p 22 root@pve.example true, and ask again.",
  ],
  [
    "lvs that fails",
    () => program("bin", "lvs", "exit 5"),
    "pve wasn't asked of all that it has, and nothing is said of that: no answer to lvs, of its logical volumes",
  ],
  [
    "a cluster that doesn't answer",
    () => program("ssh", "kubectl", "echo refused >&2; exit 1"),
    "k8s wasn't asked of all that it has, and nothing is said of that: refused",
  ],
  [
    "a folder that can't be listed whole",
    () => program("bin", "find", "printf '/srv/nfs/books\\0'; exit 1"),
    "pve wasn't asked of all that it has, and nothing is said of that: no answer to find, of what is mounted at /srv/nfs",
  ],
  [
    "a disk that isn't mounted",
    () => build({ ...sound, folders: ["lost+found"], isMounted: false }, exampleEstate()),
    "pve wasn't asked of all that it has, and nothing is said of that: no answer to find, of what is mounted at /srv/nfs",
  ],
])(
  "%s is told, and nothing is held to be gone for it",
  async (_, break_, message, fix = "Ask again once it answers.") => {
    build(sound, exampleEstate());
    break_();
    const { exitCode, text } = await holdfastIn(host.folder, ["check", "--live", "--json"]);
    for (const name of ["find", "lvs"]) rmSync(join(host.folder, "bin", name), { force: true });
    expect(JSON.parse(text)).toEqual([expect.objectContaining({ code: "live/unknown", message, fix })]);
    expect(exitCode).toBe(3);
  },
);

test("a host that isn't reached is told once, whatever lies there of a drill in a cluster too", async () => {
  build(sound, exampleEstate());
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(withDrilledDump()));
  host.installSsh("echo no route >&2; exit 255");
  const { text } = await holdfastIn(host.folder, ["check", "--live", "--json"]);
  const told = JSON.parse(text) as { code: string; subject: string }[];
  const unknown = told.filter(({ code }) => code === "live/unknown").map(({ subject }) => subject);
  expect(unknown).toEqual(["pve", "k8s"]);
});

describe("rules of the cluster", () => {
  const objects = (change?: (groups: RuleGroup[]) => RuleGroup[]): object[] =>
    planned(exampleEstate(), change);
  const hand = (expr: string, wait = "5m"): object => ({
    metadata: { namespace: "velero", name: "handmade" },
    spec: { groups: [{ name: "mine", rules: [{ alert: "BackupOld", expr, for: wait }] }] },
  });
  const sometimes = 'time() - backup_last_success_timestamp{job="etcd-backup"}';

  test("that are the plan's, and those that speak of other things, are told nothing of", async () => {
    const rules = [...objects(), hand("velero_backup_failure_total > 0"), hand(`${sometimes} > 93600`, "0")];
    rules.push(hand('time() - backup_last_success_timestamp{job="velero"} > 72000'));
    expect(await look({ rules })).toEqual({ exitCode: 0, told: [] });
  });

  test.each<[string, object[], Partial<Told>]>([
    [
      "edited by hand",
      objects(groups =>
        groups.map(group => ({
          ...group,
          rules: group.rules.map(rule =>
            rule.alert === "NfsMirrorStale"
              ? { ...rule, expr: rule.expr.replace(/> \d+/, "> 999999") }
              : rule,
          ),
        })),
      ),
      { code: "live/rule-differs", severity: "error", subject: "NfsMirrorStale" },
    ],
    [
      "gone",
      objects(groups => groups.filter(({ name }) => name !== "holdfast-pve-nfs-mirror")),
      { code: "live/rule-differs", severity: "error", subject: "holdfast-pve-nfs-mirror" },
    ],
    [
      "one fewer",
      objects(groups =>
        groups.map(group => ({
          ...group,
          rules: group.rules.filter(({ alert }) => alert !== "NfsMirrorFailing"),
        })),
      ),
      { code: "live/rule-differs", severity: "error", subject: "NfsMirrorFailing" },
    ],
    [
      "given to another receiver by hand",
      objects(groups =>
        groups.map(group => ({
          ...group,
          rules: group.rules.map(rule =>
            rule.alert === "NfsMirrorStale"
              ? { ...rule, labels: { ...rule.labels, receiver: "nobody" } }
              : rule,
          ),
        })),
      ),
      { code: "live/rule-differs", severity: "error", subject: "NfsMirrorStale" },
    ],
    [
      "of somebody else's, with a slip in the job's name",
      [...objects(), hand('time() - backup_last_success_timestamp{job="etcd-bakup"} > 93600')],
      { code: "alerts/label-unknown", severity: "error", subject: "BackupOld (velero/handmade)" },
    ],
    [
      "of somebody else's, with 20 hours on a daily job",
      [...objects(), hand(`${sometimes} > 72000`)],
      { code: "alerts/fires-when-healthy", severity: "error", subject: "BackupOld (velero/handmade)" },
    ],
  ])("%s are told", async (_, rules, told) => {
    const { exitCode, told: findings } = await look({ rules });
    expect(findings).toEqual([expect.objectContaining(told)]);
    expect(exitCode).toBe(1);
  });

  const loaded = (change: (rule: Readonly<Record<string, unknown>>) => object[]): LoadedGroup[] =>
    loadedOf(objects()).map(({ name, rules }) => ({
      name,
      rules: rules.flatMap(rule =>
        rule["name"] === "NfsMirrorStale" ? change(rule) : [rule],
      ) as LoadedGroup["rules"],
    }));
  test.each<[string, LoadedGroup[], string, RegExp]>([
    [
      "hasn't loaded",
      loaded(() => []),
      "NfsMirrorStale",
      /^Prometheus hasn't loaded NfsMirrorStale of group /,
    ],
    [
      "hasn't loaded a group of",
      loadedOf(objects()).filter(({ name }) => name !== "holdfast-pve-nfs-mirror"),
      "holdfast-pve-nfs-mirror",
      /none of its alerts can fire/,
    ],
    [
      "has another threshold of",
      loaded(rule => [{ ...rule, query: String(rule["query"]).replace(/>  \d+/, ">  999999") }]),
      "NfsMirrorStale",
      /is another one in Prometheus: `.*999999/,
    ],
    ["waits longer with", loaded(rule => [{ ...rule, duration: 9_000 }]), "NfsMirrorStale", /for 9000 s/],
    [
      "can't evaluate",
      loaded(rule => [{ ...rule, health: "err", lastError: "many-to-many matching" }]),
      "NfsMirrorStale",
      /can't evaluate .*: many-to-many matching$/,
    ],
  ])("what Prometheus %s is told, by its own word", async (_, loaded, subject, message) => {
    const { exitCode, told } = await look({ rules: objects(), loaded });
    expect(told).toEqual([
      expect.objectContaining({
        ...{ code: "live/rule-not-loaded", severity: "error", subject },
        message: expect.stringMatching(message) as string,
      }),
    ]);
    expect(exitCode).toBe(1);
  });

  test("of a Prometheus that doesn't answer, or isn't there, nothing is held to be gone, and that it isn't known is told", async () => {
    const refused = "Error from server (Forbidden): services is forbidden";
    const none = 'Error from server (NotFound): services "prometheus-operated" not found';
    for (const rules of [objects(), undefined])
      for (const [loaded, cause, fix] of [
        [refused, refused, "Ask again once it answers."],
        [
          none,
          "there is no service prometheus-operated in namespace monitoring",
          'monitoring: { prometheus: "http://…:9090" } in the estate, and ask again.',
        ],
      ] as const) {
        const { exitCode, told } = await look({ rules, loaded });
        expect(told).toEqual([
          expect.objectContaining({
            ...{ code: "live/unknown", subject: "k8s" },
            message: `k8s wasn't asked of all that it has, and nothing is said of that: the rules that Prometheus has loaded: ${cause}`,
            fix,
          }),
        ]);
        expect(exitCode).toBe(3);
      }
  });

  test.each<[string, Partial<House>, string, string, string]>([
    [
      "that is gone from the cluster",
      { routings: [] },
      ...([
        "live/route-differs",
        "monitoring/holdfast",
        "The cluster has no AlertmanagerConfig monitoring/holdfast: nobody hears of any alert of the estate.",
      ] as const),
    ],
    [
      "whose routes somebody has changed",
      {
        routings: plannedRoutings(exampleEstate()).map(each => ({
          ...each,
          spec: { ...each.spec, route: { ...each.spec.route, routes: [] } },
        })),
      },
      ...([
        "live/route-differs",
        "monitoring/holdfast",
        "AlertmanagerConfig monitoring/holdfast isn't the plan's: somebody has changed its routes or its receivers there.",
      ] as const),
    ],
    [
      "that Alertmanager doesn't have, as the Secret that it names is gone",
      { routed: ["monitoring/other/infra"] },
      ...([
        "live/route-not-loaded",
        "monitoring/holdfast/infra",
        expect.stringMatching(
          /^The receiver infra of AlertmanagerConfig monitoring\/holdfast doesn't hear of what it is to: Alertmanager leads all its alerts \(\w+, \w+, \w+, \w+ and \d+ more\) to "monitoring\/other\/infra"\.$/,
        ) as string,
      ] as const),
    ],
  ])("a route %s is told", async (_, house, code, subject, message) => {
    const { exitCode, told } = await look({ rules: objects(), ...house });
    expect(told).toContainEqual(expect.objectContaining({ code, severity: "error", subject, message }));
    expect(told.every(each => each.code === code)).toBe(true);
    expect(exitCode).toBe(1);
  });

  test.each<[string, House["routed"], string]>([
    ["doesn't answer", "Error from server (NotFound): none", "Error from server (NotFound): none"],
    [
      "has an expression before them that nobody reads here",
      [{ receiver: "quiet", matchers: ['alertname=~"(?i:watchdog)"'] }, ...receiversOf(exampleEstate())],
      'its expression "(?i:watchdog)" can\'t be read',
    ],
  ])(
    "of an Alertmanager that %s no route is held to be gone, and that it isn't known is told",
    async (...given) => {
      const [, routed, why] = given;
      const { exitCode, told } = await look({ rules: objects(), routed });
      expect(told).toEqual([
        expect.objectContaining({
          ...{ code: "live/unknown", subject: "alertmanager" },
          message: `alertmanager wasn't asked of all that it has, and nothing is said of that: where it leads alerts to: ${why}`,
        }),
      ]);
      expect(exitCode).toBe(3);
    },
  );

  test("that Prometheus gets as a file are looked for there too", async () => {
    const loaded = loadedOf(objects()).filter(({ name }) => name !== "holdfast-pve-nfs-mirror");
    const { exitCode, told } = await look({ rules: undefined, loaded });
    expect(told).toEqual([
      expect.objectContaining({
        ...{ code: "live/rule-not-loaded", severity: "error", subject: "holdfast-pve-nfs-mirror" },
        message:
          "Prometheus hasn't loaded the group holdfast-pve-nfs-mirror of the plan's file of rules: none of its alerts can fire.",
      }),
    ]);
    expect(exitCode).toBe(1);
  });

  test("of one cluster's Prometheus, nothing follows for rules that another cluster may have", async () => {
    const { told } = await look({ rules: undefined, loaded: [] }, estate => {
      Object.assign(estate.clusters, {
        other: { hosts: ["pve"], disk: "sdc", api: "https://other.example:6443" },
      });
    });
    // With a second cluster, the plan's own checks have something to say too.
    expect(told.filter(({ code }) => code.startsWith("live/"))).toMatchObject([
      { code: "live/unknown", subject: "other" },
    ]);
  });

  test("a Prometheus whose address the estate has is asked itself", async () => {
    const asked: (string | undefined)[] = [];
    let groups = loadedOf(objects());
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify({ status: "success", data: { groups } }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const nowhere = 'Error from server (NotFound): services "prometheus-operated" not found';
    const at = (address: string) => (estate: ExampleEstate) => {
      Object.assign(estate.monitoring, { prometheus: address });
    };
    try {
      expect(await look({ loaded: nowhere }, at(`http://127.0.0.1:${port}/`))).toEqual({
        ...{ exitCode: 0, told: [] },
      });
      expect(asked).toEqual(["/api/v1/rules?type=alert"]);
      groups = groups.filter(({ name }) => name !== "holdfast-pve-nfs-mirror");
      expect((await look({ loaded: nowhere }, at(`http://127.0.0.1:${port}`))).told).toMatchObject([
        { code: "live/rule-not-loaded", subject: "holdfast-pve-nfs-mirror" },
      ]);
    } finally {
      server.close();
    }
    const { exitCode, told } = await look({}, at("http://127.0.0.1:1"));
    expect(told).toMatchObject([
      {
        ...{ code: "live/unknown", subject: "prometheus" },
        message: expect.stringContaining("http://127.0.0.1:1 isn't reached: ") as string,
      },
    ]);
    expect(exitCode).toBe(3);
  });
});
