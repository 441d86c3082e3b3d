import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DrillFacts } from "../../plan/contracts/drill-record";
import { exampleEstate } from "../../plan/estate/example";
import { ReleaseHost } from "./release-host";
import { drilledOnDisk, clearRecords, layRecords, withRecordsOf } from "./support/drill-records";
import { holdfastIn } from "./support/holdfast";

/* A real shell over a stand-in for ssh; the host's program answers as it does (its own tests hold it to that). */
let host: ReleaseHost;

beforeAll(() => {
  host = new ReleaseHost();
  host.leadHere();
});
beforeEach(() => {
  host.installSsh();
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(drilledOnDisk()));
});
afterAll(() => host.remove());

const facts = (of: string, more: Partial<DrillFacts> = {}): DrillFacts => ({
  ...{ at: "2026-11-28T20:00:10Z", host: "pve", tier: "mirror", of },
  copy: { path: `/mnt/backup/${of}`, at: "2026-11-28T02:00:10Z", lacks: 0 },
  ...{
    result: "proved",
    scope: "whole",
    restored: { entries: 3, bytes: 4e6 },
    whole: { entries: 3, bytes: 4e6 },
  },
  ...{ compared: { recorded: 2, copy: 1 }, seconds: { restore: 2, compare: 1 }, release: "9f2c41d0" },
  ...more,
});

const record = (of: string, more: Partial<DrillFacts> = {}): object => ({
  ...{ number: 7, previous: "", hash: "0" },
  ...facts(of, more),
});

/** Has the host's program note what it is asked, and answer. */
function install(answer: object, code = 0, before = ""): void {
  host.installCommand(
    "restore-drill",
    `#!/bin/sh\necho "$*" >>${host.folder}/asked\necho "restore-drill: at books" >&2\n${before}\ncat <<'END'\n${JSON.stringify({ job: "restore-drill", status: code, ...answer })}\nEND\nexit ${code}\n`,
  );
  writeFileSync(join(host.folder, "asked"), "");
}

const asked = (): string => readFileSync(join(host.folder, "asked"), "utf8");
const drill = (...args: readonly string[]) => holdfastIn(host.folder, ["drill", ...args]);

test("a service's copies are drilled where they are, and what, how old, how long and how it was compared is told", async () => {
  install({ drills: [record("books")], passedOver: [] });
  const { exitCode, text } = await drill("books");
  expect(asked()).toBe("run --only=mirror:books --progress --json\n");
  expect(text).toContain("  restore-drill: at books\n");
  expect(text).toContain(`books (mirror): proved
  copy      pve:/mnt/backup/books, read 2026-11-28 04:00:10 +02:00, 18 h old
  restored  all of it, 3 entries, 4 MB in 2 s, 2 MB a second
  compared  2 files with checksums on record, 1 with the copy itself, and owners,`);
  expect(text).toMatch(/1 copy proved, 0 failed, 0 not drilled\.\n$/);
  expect(exitCode).toBe(0);
});

test("--all asks for each kind of copies, --tier for one, and a volume is asked for by its claim", async () => {
  const path = "/mnt/backup/books";
  const would = [
    { tier: "mirror", of: "books", path },
    ...["etcd-backup", "vault-backup"].map(of => ({ tier: "mirror", of, path })),
    { tier: "generations", of: "nextcloud/nextcloud", path },
    { tier: "configuration", of: "configuration", path },
    { tier: "pfsense-backup", of: "pfsense", path },
  ];
  install({ drills: [], would });
  const { exitCode, text } = await drill("--all", "--dry-run");
  expect(text).toContain("books (mirror): would be restored from pve:/mnt/backup/books, read not known\n");
  expect(text).toMatch(
    /No drill proves a restore of [^\n]*etcd \(files of its dumps alone are drilled, copies by etcd-backup, nfs-mirror, /,
  );
  expect(text).toMatch(
    /No drill[^\n]*; nodes\/k8s-1 \(copies by vm-images, [^)]*: a machine that starts from its image would prove it\)/,
  );
  expect(text).not.toMatch(/No drill[^\n]* (books|nextcloud)/);
  expect(text).toMatch(
    /Proved from other copies alone, as no drill restores them: [^\n]*those of nas-snapshots on nas \(of [^)]*books[^)]*: a folder that is brought back from a snapshot would prove it\)/,
  );
  expect(text).toMatch(
    /6 copies would be drilled\. Nothing was changed\. Next: holdfast drill --all --estate /,
  );
  expect(exitCode).toBe(0);
  expect((await drill("--all", "--tier", "mirror")).text).not.toContain("Proved from other copies");
  await drill("nextcloud/nextcloud", "--json");
  await drill("pve-host", "--json");
  expect(asked().split("\n")).toEqual([
    "run --dry-run --only=generations --only=databases --only=configuration --only=mirror --only=pfsense-backup --progress --json",
    "run --only=mirror --progress --json",
    "run --only=generations:nextcloud/nextcloud --progress --json",
    "run --only=configuration:configuration --progress --json",
    "",
  ]);
});

test("what a destination has is called as what was sent, a tree that goes there by itself by its path, and told with its place", async () => {
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(exampleEstate()));
  const tier = "offsite-sync-backup";
  const copy = { path: "nas:/Backup/pve-backup/books", lacks: 0 };
  install({
    drills: [record("books"), record("books", { tier, copy, compared: { recorded: 2, copy: 1, far: 1 } })],
  });
  const { exitCode, text } = await drill("books");
  expect(text).toContain(`books (offsite-sync-backup): proved
  copy      nas:/Backup/pve-backup/books, read not known
  restored  all of it, 3 entries, 4 MB in 2 s, 2 MB a second
  compared  2 files with checksums on record, 1 with what the host has, of 1 the destination alone says what they are to be, and owners,`);
  expect(exitCode).toBe(0);
  install({ would: [{ tier, of: "/srv/nfs/photos", path: "nas:/Backup/nfs/photos" }] });
  expect((await drill("photos", "--dry-run")).text).toContain(
    "/srv/nfs/photos (offsite-sync-backup): would be restored from nas:/Backup/nfs/photos, read not known",
  );
  await drill("nextcloud/nextcloud", "--tier", tier, "--dry-run");
  expect(asked().split("\n")).toEqual([
    "run --dry-run --only=offsite-sync-backup:/srv/nfs/photos --progress --json",
    "run --dry-run --only=offsite-sync-backup:nextcloud/nextcloud --progress --json",
    "",
  ]);
});

test("what isn't there to be drilled owes, and nothing that was drilled proves nothing", async () => {
  install({ drills: [record("books"), record("etcd-backup")], passedOver: [] });
  const some = await drill("--all");
  expect(some.text).toContain(
    "pve has no whole copy of vault-backup (mirror), nextcloud/nextcloud (generations), pfsense (pfsense-backup), configuration (configuration), and nothing was drilled of them. Next: holdfast status",
  );
  expect(some.exitCode).toBe(1);
  const json = JSON.parse(
    (await drill("--all", "--tier", "mirror", "--json")).text.replace(/^[^{]*/, ""),
  ) as object;
  expect(json).toMatchObject({
    hosts: [{ state: "owes", missing: [{ tier: "mirror", of: "vault-backup" }] }],
  });
  install({ drills: [], passedOver: [] });
  expect((await drill("books")).exitCode).toBe(1);
  install({ drills: [record("books", { result: "failed", reason: "1 entries differ" })] });
  expect((await drill("books")).exitCode).toBe(1);
});

test("a copy that is known to lack something is told so, though what it has was proved", async () => {
  const copy = { path: "/mnt/backup/books", at: "2026-11-28T02:00:10Z", lacks: 1 };
  install({ drills: [record("books", { copy })] });
  const { exitCode, text } = await drill("books");
  expect(text).toContain(
    "  lacks     what is known of it, and no restore brings back. Next: holdfast find books\n",
  );
  expect(exitCode).toBe(0);
});

test.each([
  ["instants that are none", { copy: { path: "/", at: "soon", lacks: 0 } }],
  ["times below nothing", { seconds: { restore: -5, compare: 1 } }],
])("an answer with %s is none, and nobody knows what became of the drill", async (_, more) => {
  install({ drills: [record("books", more)] });
  const { exitCode, text } = await drill("books");
  expect(text).toContain(
    "restore-drill on pve ended with 0 and gave no answer that can be read. What it drilled",
  );
  expect(exitCode).toBe(3);
});

test("one that fails and one that is passed over each owe, with the reason; --json has all of it", async () => {
  const why =
    '"/var/lib/holdfast-drills" has room for 1.0 GiB beside what stays free, and 9.0 GiB would come';
  install({ drills: [record("books")], passedOver: [{ tier: "mirror", of: "photos", why }] });
  const passed = await drill("--all");
  expect(passed.text).toContain(`photos (mirror): not drilled, ${why}\n`);
  expect(passed.exitCode).toBe(1);
  const failed = { failed: "the mirror of books did not come back", next: "restore-drill list" };
  install({ drills: [record("books", { result: "failed", reason: "1 entries differ" })], ...failed }, 1);
  const { exitCode, text } = await drill("books");
  expect(text).toMatch(/books \(mirror\): FAILED\n.*\n {2}failed {4}1 entries differ\n/);
  expect(text).toMatch(
    /It failed: the mirror of books[^]*Next: ssh -p 22 root@pve\.example, and there: restore-drill list/,
  );
  expect(exitCode).toBe(1);
  const json = await drill("books", "--json");
  expect(JSON.parse(json.text.slice(json.text.indexOf("{\n")))).toMatchObject({
    hosts: [
      {
        ...{ host: "pve", state: "owes", exitCode: 1 },
        drills: [{ of: "books", ageSeconds: 64800 }],
        ...failed,
      },
    ],
  });
});

test.each([
  [75, {}, 75, /restore-drill on pve is at work already/],
  [2, {}, 3, /it is of an earlier version\. Next: pulumi up/],
  [3, { failed: "the scratch folder holds a stranger", next: "ls" }, 1, /It failed: the scratch folder/],
])("what its program ends with (%d) is told, with what to do", async (code, answer, exit, words) => {
  install(answer, code);
  const { exitCode, text } = await drill("books");
  expect(text).toMatch(words);
  expect(text).not.toContain("no whole copy");
  expect(exitCode).toBe(exit);
});

test("a host that isn't reached, and a connection that is lost meanwhile, are what isn't known", async () => {
  install({});
  host.installSsh("echo refused >&2; exit 255");
  const away = await drill("books");
  expect(away.text).toContain("pve wasn't reached, and nothing was drilled there.");
  expect([away.exitCode, asked()]).toEqual([3, ""]);
  host.installSsh('"$0.run" "$last" </dev/null | head -n 1; exit 255');
  const lost = await drill("books");
  expect(lost.text).toContain("The connection to pve was lost. The drill goes on there to its end");
  expect(lost.exitCode).toBe(3);
});

test.each([
  [[], "What is to be drilled?"],
  [["books", "--all"], '"books" and --all exclude one another'],
  [["bocks"], 'Did you mean "books"'],
  [["books", "--tier", "mirorr"], "expected generations or databases or configuration or mirror"],
  [["books", "--tier", "generations"], 'Nothing of "books" is drilled in the tier generations'],
  [["books/novels/emma.epub"], "a drill brings back all of it"],
  [["nodes"], 'Nothing of "nodes" is drilled: '],
  [["--all", "--host", "pvf"], "expected one of pve"],
])("%j can't be meant", async (words, said) => {
  install({});
  const { exitCode, text } = await drill(...words);
  expect(text).toContain(said);
  expect([exitCode, asked()]).toEqual([2, ""]);
});

test("--report tells promised, planned and measured times, with the arithmetic, and owes where a promise can't hold", async () => {
  const { before } = host;
  clearRecords(host.folder);
  host.before = withRecordsOf(host.folder);
  host.installSsh();
  try {
    const held = { entries: 9, bytes: 1e9 };
    const slow = facts("books", { restored: held, whole: held, seconds: { restore: 500, compare: 9 } });
    layRecords(host.folder, [{ ...slow, seconds: { restore: 50, compare: 9 } }]);
    const holds = await drill("--report");
    expect(holds.text).toMatch(/books +│ live-disk +│ 8 h +│ 13 min 53 s +│ 1 h 23 min +│ \S.* +│ holds/);
    expect(holds.text).toContain(
      "books from pve:/mnt/backup/books (mirror): 1 GB in 50 s on 2026-11-28 (20 MB a second); 100 GB / 1 GB x 50 s = 1 h 23 min, planned 13 min 53 s",
    );
    expect(holds.exitCode).toBe(0);
    layRecords(host.folder, [slow]);
    const owes = await drill("--report");
    expect(owes.text).toMatch(
      /books is promised to be back in 8 h after the disaster "live-disk", and takes 13 h 53 min at the rates/,
    );
    expect(owes.exitCode).toBe(1);
    const estate = drilledOnDisk();
    for (const data of estate.services["photos"]?.data ?? []) delete data.size;
    writeFileSync(join(host.folder, "estate.json"), JSON.stringify(estate));
    layRecords(host.folder, [slow, { ...slow, result: "failed", at: "2026-11-29T20:00:00Z" }]);
    const { text } = await drill("--report");
    expect(text).toContain("pve:/mnt/backup/books failed when it was drilled last, 2026-11-29T20:00:00Z: ");
    expect(text).toMatch(/photos +│ live-disk +│ 12 h +│ - +│ - +│ - +│ unmeasured/);
    expect(text).toContain("no promise of it holds: nobody says how large photos is. Next: holdfast check");
    host.installSsh("exit 255");
    expect((await drill("--report", "--json")).exitCode).toBe(3);
    expect(await drill("--report", "--all")).toMatchObject({ exitCode: 2 });
  } finally {
    host.before = before;
  }
});

test("an estate without such a job is told so", async () => {
  const estate = exampleEstate();
  estate.layers["restore-drill"].length = 0;
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(estate));
  const { exitCode, text } = await drill("--all");
  expect(text).toContain("No job of this estate restores copies for proof. Next: docs/drill.md");
  expect(exitCode).toBe(2);
});
