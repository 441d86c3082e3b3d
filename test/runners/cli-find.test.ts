import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Versions } from "../../plan/contracts/versions";
import { exampleEstate, type ExampleEstate } from "../../plan/estate/example";
import { ReleaseHost } from "./release-host";
import { holdfastIn } from "./support/holdfast";

/* A real shell with real find, stat and base64 on real folders; the jobs' programs answer as theirs do (their own tests hold them to the contract). */
let host: ReleaseHost;

beforeAll(() => {
  host = new ReleaseHost();
  host.leadHere();
  // Both are folders of the host's own, of which nothing outlives a command.
  host.before = [
    "mount -t tmpfs none /srv && mount -t tmpfs none /mnt",
    ...files.map(({ path, at, text }) => {
      const folder = path.slice(0, path.lastIndexOf("/"));
      return `mkdir -p ${folder} && printf %s ${text} >${path} && touch -d ${at} ${path}`;
    }),
    "ln -s /etc /mnt/backup/pvc-data/2026-48/nextcloud/nextcloud/out",
    "ln -s /nowhere /mnt/backup/pvc-data/2026-48/nextcloud/nextcloud/dead",
  ].join(" && ");
});
beforeEach(() => withEstate(() => undefined));
afterAll(() => host.remove());

const files = [
  { path: "/mnt/backup/books/novels/emma.epub", at: "2026-11-20T08:00:00Z", text: "Emma" },
  { path: "/srv/nfs/etcd-backup/etcd-1.db", at: "2026-11-26T01:00:00Z", text: "one" },
  { path: "/srv/nfs/etcd-backup/etcd-2.db", at: "2026-11-27T01:00:00Z", text: "two" },
  { path: "/srv/nfs/etcd-backup/.part/etcd-3.db", at: "2026-11-28T01:00:00Z", text: "half" },
  { path: "/mnt/backup/etcd-backup/etcd-1.db", at: "2026-11-26T01:00:00Z", text: "one" },
  { path: "/mnt/backup/pvc-data/2026-47/nextcloud/nextcloud/a.txt", at: "2026-11-19T07:00:00Z", text: "aa" },
  { path: "/mnt/backup/pvc-data/2026-48/nextcloud/nextcloud/b.txt", at: "2026-11-26T07:00:00Z", text: "b" },
  {
    path: "/mnt/backup/pvc-data/2026-48/nextcloud/nextcloud/-b.txt",
    at: "2026-11-26T07:00:00Z",
    text: "c",
  },
  {
    path: "/mnt/backup/pve-config/2026-48/files/etc/pve/storage.cfg",
    at: "2026-11-25T07:00:00Z",
    text: "dir",
  },
];

const claim = { of: "nextcloud/nextcloud", lacks: [] };
const generation = (week: string, at: string): Versions["versions"][number] => ({
  ...{ ...claim, at, path: `/mnt/backup/pvc-data/${week}/nextcloud/nextcloud`, bytes: 2e9 },
  pick: ["--at", at],
});
const sound: Readonly<Record<string, Versions | object>> = {
  "lvm-pvc-snapshot": {
    versions: [
      { ...claim, at: "2026-11-28T00:00:05Z", pick: ["snap-2"] },
      { of: "wiki/data", at: "2026-11-28T00:00:05Z", lacks: [], pick: ["snap-w"] },
    ],
  },
  "daily-backup": {
    versions: [
      generation("2026-48", "2026-11-26T04:00:00Z"),
      {
        ...generation("2026-47", "2026-11-19T04:00:00Z"),
        lacks: ['1 entries, first "x": refused'],
        pick: ["--at", "2026-11-19T04:00:00Z", "--incomplete"],
      },
    ],
  },
  "nfs-mirror": {
    versions: [
      { of: "books", at: "2026-11-28T02:00:00Z", path: "/mnt/backup/books", lacks: [], pick: [] },
      { of: "etcd-backup", at: "2026-11-28T02:00:00Z", path: "/mnt/backup/etcd-backup", lacks: [], pick: [] },
    ],
  },
  "offsite-sync-backup": {
    versions: [{ of: "/mnt/backup", at: "2026-11-28T06:30:00Z", lacks: [], pick: [] }],
  },
  "nas-snapshots": {
    versions: [
      { of: "/Backup", at: "2026-11-27T10:00:00Z", lacks: [], pick: ["--at", "2026-11-27T10:00:00Z"] },
    ],
  },
};

interface Shown {
  readonly where: string;
  readonly taken: string | null;
  readonly restore: string;
  readonly lacks: readonly string[];
  readonly chosen: boolean;
  readonly there: object | null;
  readonly backSeconds: number | null;
  readonly medium: string;
  readonly copied: string | null;
}
interface Answer {
  readonly versions: readonly Shown[];
  readonly unasked: readonly string[];
  readonly byHand: readonly string[];
}

function installed(programs: Readonly<Record<string, object>>): void {
  mkdirSync(join(host.folder, "commands"), { recursive: true });
  for (const name of Object.keys(sound)) {
    const answer = programs[name];
    const script =
      answer === undefined
        ? "exit 127"
        : `[ "$*" = "list --versions --json" ] || exit 9\ncat <<'END'\n${JSON.stringify(answer)}\nEND`;
    host.installCommand(name, `#!/bin/sh\n${script}\n`);
  }
  host.installSsh();
}

/** For one test. */
function withEstate(change: (estate: ExampleEstate) => void): void {
  const estate = exampleEstate();
  change(estate);
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(estate));
}

async function find(
  args: readonly string[],
  programs = sound,
): Promise<Answer & { readonly exitCode: number }> {
  installed(programs);
  const { exitCode, text } = await holdfastIn(host.folder, ["find", ...args, "--json"]);
  return { exitCode, ...(JSON.parse(text) as Answer) };
}

const brief = ({ taken, where }: Shown): string => `${taken} ${where}`;

test("each version of a volume is told, the newest first, with the command that brings back that one", async () => {
  const { exitCode, versions, unasked } = await find(["nextcloud"]);
  expect(unasked).toEqual([]);
  expect(exitCode).toBe(0);
  expect(versions.map(brief)).toEqual([
    "2026-11-28T06:30:00.000Z nas:/Backup/pve-backup/pvc-data/nextcloud/nextcloud",
    "2026-11-28T00:00:05.000Z pve:pool:data/snapshots/nextcloud/nextcloud",
    "2026-11-27T10:00:00.000Z nas:/Backup/#snapshot/pve-backup/pvc-data/nextcloud/nextcloud",
    "2026-11-26T04:00:00.000Z pve:/mnt/backup/pvc-data/2026-48/nextcloud/nextcloud",
    "2026-11-19T04:00:00.000Z pve:/mnt/backup/pvc-data/2026-47/nextcloud/nextcloud",
  ]);
  const [sent, snapshot, ofNas, week, incomplete] = versions;
  expect(snapshot).toMatchObject({ backSeconds: 0, medium: "hdd sdc, home" });
  expect(snapshot?.restore).toBe("# on pve:\nlvm-pvc-snapshot restore nextcloud/nextcloud snap-2");
  expect(week?.restore).toBe("# on pve:\ndaily-backup restore nextcloud/nextcloud --at 2026-11-26T04:00:00Z");
  // 40 GB at 120 MB a second.
  expect(week?.backSeconds).toBeCloseTo(40e9 / 120e6);
  expect(incomplete?.lacks).toEqual(['1 entries, first "x": refused']);
  expect(incomplete?.restore).toMatch(/ --at 2026-11-19T04:00:00Z --incomplete$/);
  expect(sent).toMatchObject({ medium: "hdd, parents", copied: "daily-backup" });
  expect(ofNas?.restore).toContain("nas-snapshots restore");
  expect(ofNas?.restore).toContain("--at 2026-11-27T10:00:00Z");
});

test("of one path, each version is asked what it has, and one without it isn't told", async () => {
  const { exitCode, versions } = await find(["nextcloud/nextcloud/b.txt"]);
  expect(versions.map(brief)).toContain(
    "2026-11-26T04:00:00.000Z pve:/mnt/backup/pvc-data/2026-48/nextcloud/nextcloud/b.txt",
  );
  expect(versions.map(brief).join("\n")).not.toContain("2026-47");
  // It alone, beside the volume; what is a person's follows.
  expect(versions.find(({ there }) => there)?.restore).toMatch(
    /^# on pve:\ndaily-backup restore nextcloud\/nextcloud b\.txt --at 2026-11-26T04:00:00Z\n# out of that folder into the volume/,
  );
  expect(versions.find(({ there }) => there)?.there).toEqual({
    ...{ bytes: 1, modified: "2026-11-26T07:00:00.000Z", isFolder: false },
  });
  expect(exitCode).toBe(0);
});

test("a name that begins as a flag does is behind what picks its version", async () => {
  const { versions } = await find(["nextcloud/nextcloud/-b.txt"]);
  expect(versions.find(({ there }) => there)?.restore).toContain(
    "daily-backup restore nextcloud/nextcloud --at 2026-11-26T04:00:00Z -- -b.txt\n",
  );
});

test.each(["out/passwd", "dead/x"])(
  "%s, behind a link of the tenant's, is looked for nowhere else",
  async path => {
    const { exitCode, versions, unasked } = await find([`nextcloud/nextcloud/${path}`]);
    const where = `pve:/mnt/backup/pvc-data/2026-48/nextcloud/nextcloud/${path}`;
    expect(versions.find(each => each.where === where)).toMatchObject({ there: null });
    expect(versions.map(brief).join("\n")).not.toContain("2026-47");
    expect(unasked).toEqual([
      `what there is at ${where} isn't known: a symbolic link is above it, and may lead out of the copy`,
    ]);
    expect(exitCode).toBe(3);
  },
);

test("a path of the host is found in the mirror, and comes back by itself", async () => {
  const { versions } = await find(["/srv/nfs/books/novels/emma.epub"]);
  const mirrored = versions.find(({ where }) => where.startsWith("pve:/mnt/backup/"));
  expect(mirrored).toMatchObject({
    where: "pve:/mnt/backup/books/novels/emma.epub",
    there: { bytes: 4, modified: "2026-11-20T08:00:00.000Z" },
    restore: "# on pve:\nnfs-mirror restore books novels/emma.epub",
  });
});

test("a path of a host's configuration is found where a generation has it", async () => {
  const folder = "/mnt/backup/pve-config/2026-48/files";
  const at = "2026-11-26T04:10:00Z";
  const made = { of: "configuration", at, path: folder, lacks: [], pick: ["--at", at] };
  const { versions } = await find(["/etc/pve/storage.cfg", "--host", "pve"], {
    ...sound,
    "daily-backup": { versions: [made] },
  });
  expect(versions.find(({ where }) => where.startsWith("pve:"))).toMatchObject({
    where: `pve:${folder}/etc/pve/storage.cfg`,
    there: { bytes: 3 },
    restore: `# on pve:\ndaily-backup restore configuration --at ${at}`,
  });
});

test("dumps are told file by file, where they were made and where they were copied to", async () => {
  const { versions } = await find(["etcd"]);
  expect(versions.map(brief).filter(text => text.includes(" pve:"))).toEqual([
    "2026-11-27T01:00:00.000Z pve:/srv/nfs/etcd-backup/etcd-2.db",
    "2026-11-26T01:00:00.000Z pve:/srv/nfs/etcd-backup/etcd-1.db",
    "2026-11-26T01:00:00.000Z pve:/mnt/backup/etcd-backup/etcd-1.db",
  ]);
});

test("a dump is asked for by its own time, where its program restores it", async () => {
  withEstate(estate => {
    const [etcd] = estate.layers["cluster-dump"];
    const { k8s } = estate.clusters;
    if (k8s) k8s.runnerImage = `docker.io/library/node:24-bookworm-slim@sha256:${"0".repeat(64)}`;
    if (etcd)
      etcd.dump = {
        engine: "postgresql",
        databases: "together",
        image: `docker.io/library/postgres:15@sha256:${"0".repeat(64)}`,
        server: { host: "postgresql.dbaas.svc.cluster.local", namespace: "dbaas" },
        user: "backup",
        secret: "nas-look-password",
      };
    estate.services["etcd"] = {
      ...estate.services["etcd"],
      data: [
        {
          ...{
            kind: "database",
            engine: "postgresql",
            size: "200MB",
            churnPerDay: "1MB",
            growthPerDay: "0B",
          },
          on: { host: "pve", pool: "data", namespace: "dbaas" },
        },
      ],
    };
  });
  const { versions } = await find(["etcd"]);
  const older = versions.find(({ where }) => where === "pve:/srv/nfs/etcd-backup/etcd-1.db");
  const [asked = ""] = /ASK=restore\S* --at\S* [^ ]*/.exec(older?.restore ?? "") ?? [];
  const { stdout } = await execa("sh", ["-c", `printf '%s\\n' ${asked}`]);
  expect(stdout).toBe("ASK=restore --at 2026-11-26T01:00:00Z");
});

test("of volumes that are counted, what a person does is told, and not that there is none", async () => {
  withEstate(estate => {
    const [nextcloud] = estate.services["nextcloud"]?.data ?? [];
    if (nextcloud?.kind === "volume") nextcloud.count = 3;
  });
  const none = Object.fromEntries(Object.keys(sound).map(name => [name, { versions: [] }]));
  const { exitCode, byHand } = await find(["nextcloud"], none);
  expect(exitCode).toBe(3);
  expect(byHand.join("\n")).toMatch(/for each of its volumes.*lvm-pvc-snapshot restore/);
});

test("of many volumes alike, which the plan tells as one, each has its own versions", async () => {
  withEstate(estate => {
    const spec = estate.services["nextcloud"]?.data[0];
    const data = Array.from({ length: 12 }, (_, index) => ({
      name: `part-${index}`,
      claim: `part-${index}`,
    }));
    if (spec?.kind === "volume")
      estate.services["nextcloud"] = {
        ...estate.services["nextcloud"],
        data: data.map(names => ({ ...spec, ...names })),
      };
  });
  const made = (part: string): object => ({
    ...{ of: `nextcloud/${part}`, lacks: [], at: "2026-11-28T00:00:05Z", pick: [`snap-${part}`] },
  });
  const own = { "lvm-pvc-snapshot": { versions: [made("part-0"), made("part-7")] } };
  const { versions } = await find(["nextcloud/part-7"], { ...sound, ...own });
  expect(versions.map(({ where }) => where)).toContain("pve:pool:data/snapshots/nextcloud/part-7");
  expect(versions.map(({ restore }) => restore).join("\n")).toContain("restore nextcloud/part-7 snap-part-7");
  expect(versions.map(({ where }) => where).join("\n")).not.toContain("part-0");
});

test("a dataset deep in a tree is looked for where it lies in the copy", async () => {
  withEstate(estate => {
    const [books] = estate.services["books"]?.data ?? [];
    if (books?.kind === "tree") books.path = "/srv/nfs/books/gone";
  });
  const { versions } = await find(["books"]);
  expect(versions.map(({ where }) => where).filter(where => where.startsWith("pve:"))).toEqual([]);
});

test("with a time, the newest version at or before it is the first, and is said by the estate's clocks", async () => {
  installed(sound);
  const words = ["find", "nextcloud", "--at", "2026-11-26 06:00"];
  const { exitCode, text } = await holdfastIn(host.folder, words);
  expect(text).toContain(
    "nextcloud: the newest at or before 2026-11-26 06:00:00 +02:00 is of 2026-11-26 06:00:00 +02:00.",
  );
  expect(exitCode).toBe(0);
  const { versions } = await find(words.slice(1));
  expect(versions.map(({ taken, chosen }) => `${taken} ${chosen}`).slice(0, 2)).toEqual([
    "2026-11-26T04:00:00.000Z true",
    "2026-11-28T06:30:00.000Z false",
  ]);
});

test("where nothing is so old, that is told, and what there is", async () => {
  const { exitCode, versions } = await find(["nextcloud", "--at", "2026-01-01 00:00"]);
  expect(versions.length).toBe(5);
  expect(exitCode).toBe(1);
});

test("where nothing is there, it ends with 1", async () => {
  const none = Object.fromEntries(Object.keys(sound).map(name => [name, { versions: [] }]));
  expect(await find(["nextcloud"], none)).toMatchObject({ exitCode: 1, versions: [], unasked: [] });
});

test.each<[string, () => void, string]>([
  [
    "a host that isn't reached",
    () => host.installSsh("echo no route >&2; exit 255"),
    "pve wasn't asked: no route. Next: ssh -p 22 root@pve.example true",
  ],
  [
    "a program that refuses",
    () =>
      installed({
        ...sound,
        "daily-backup": { failed: "the disk isn't mounted", next: "mount /mnt/backup" },
      }),
    "daily-backup on pve has told nothing: the disk isn't mounted. Next: mount /mnt/backup",
  ],
  [
    "a program of an earlier release",
    () => installed({ ...sound, "daily-backup": { volumes: [] } }),
    "daily-backup on pve has told nothing: its program isn't there, is of an earlier release, or didn't answer in a minute",
  ],
])("%s is told with what the others have, and it ends with 3", async (_, break_, said) => {
  installed(sound);
  break_();
  const { exitCode, text } = await holdfastIn(host.folder, ["find", "nextcloud", "--json"]);
  expect((JSON.parse(text) as Answer).unasked).toEqual([said]);
  expect(exitCode).toBe(3);
});

test.each([
  [
    ["nextclod"],
    '"nextclod" is no service, no claim and no path that a service names. Did you mean "nextcloud"?',
  ],
  [["/srv/nfs/boks"], 'Did you mean "/srv/nfs/books"'],
  [["books", "--host", "pvee"], '--host: "pvee" is no host, expected one of pve.'],
  [["books/../x"], "goes up by"],
  [["books", "--at", "yesterday"], "--at: "],
])("%s is refused before anybody is asked", async (args, said) => {
  host.installSsh("echo asked >&2; exit 255");
  const { exitCode, text } = await holdfastIn(host.folder, ["find", ...args]);
  expect(text).toContain(said);
  expect(text).not.toContain("asked");
  expect(exitCode).toBe(2);
});

test("a name from a host acts on no terminal, and adds no row", async () => {
  const lacks = ["\u001b[2J\nverified"];
  installed({ ...sound, "lvm-pvc-snapshot": { versions: [{ ...claim, lacks, pick: ["a\nb; reboot"] }] } });
  const { text } = await holdfastIn(host.folder, ["find", "nextcloud"]);
  expect(text).not.toContain("\u001b");
  expect(text).toContain("LACKS \\u001b[2J\\nverified");
  expect(text).toContain("lvm-pvc-snapshot restore nextcloud/nextcloud $'a\\x0ab; reboot'");
});
