import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../cli/evidence/ask";
import { type DrillFacts, dumpsTier, lineOf } from "../../plan/contracts/drill-record";
import { ReleaseHost } from "./release-host";
import {
  chainText,
  drilledOnDisk,
  clearRecords,
  layRecords,
  withDrilledDump,
  withRecordsOf,
} from "./support/drill-records";
import { holdfastIn } from "./support/holdfast";

/* A real shell with real files, over a stand-in for ssh; the records are those that the host's program writes. */
let host: ReleaseHost;

beforeAll(() => {
  host = new ReleaseHost();
  host.leadHere();
  host.before = withRecordsOf(host.folder);
});
beforeEach(() => {
  host.installSsh();
  rmSync(join(host.folder, "dossiers"), { recursive: true, force: true });
  clearRecords(host.folder);
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(drilledOnDisk()));
});
afterAll(() => host.remove());

const facts = (of: string, more: Partial<DrillFacts> = {}): DrillFacts => ({
  ...{ at: "2024-11-28T22:30:00Z", host: "pve", tier: "mirror", of, result: "proved", scope: "whole" },
  ...{ copy: { path: `/mnt/backup/${of}`, at: "2024-11-28T02:30:00Z", lacks: 0 }, release: "abc" },
  ...{ restored: { entries: 2, bytes: 3 }, whole: { entries: 2, bytes: 3 } },
  ...{ compared: { recorded: 1, copy: 0 }, seconds: { restore: 0.1, compare: 0.2 } },
  ...more,
});

const four = [
  facts("books", { at: "2024-10-01T20:00:00Z" }),
  facts("vault-backup", { result: "failed", reason: "<b>2 entries differ" }),
  facts("etcd-backup"),
  facts("books"),
];

const lay = (all: readonly DrillFacts[], change?: Parameters<typeof layRecords>[2]): void =>
  layRecords(host.folder, all, change);

const evidence = (...args: readonly string[]) => holdfastIn(host.folder, ["evidence", ...args]);
const dossiers = (ending: string): string[] =>
  readdirSync(join(host.folder, "dossiers")).filter(name => name.endsWith(ending));

test("what is on record is verified here, and told by service: what was proved, and what wasn't in that time", async () => {
  lay(four);
  const { exitCode, text } = await evidence();
  expect(text).toMatch(/books +│ 2024-11-28T22:30:00Z/);
  expect(text).toMatch(/vault +│ - +│ mirror:vault-backup on pve/);
  // The files of its dumps came back, and no server was asked to take one.
  expect(text).toMatch(/etcd +│ - +│ no drill restores etcd/);
  expect(text).toMatch(/nodes +│ - +│ no /);
  expect(text).toMatch(
    /pve: 4 drills in that time, 1 of them failed; all 4 records hang together\. Record 4 has the hash [0-9a-f]{64}/,
  );
  expect(exitCode).toBe(0);
  const since = JSON.parse((await evidence("--since", "2024-11-01", "--json")).text) as object;
  expect(since).toMatchObject({
    since: "2024-10-31T22:00:00.000Z",
    hosts: [{ state: "sound", records: 4, drills: [{ number: 2 }, { number: 3 }, { number: 4 }] }],
  });
});

const without = (index: number) => (text: string) =>
  text
    .split("\n")
    .filter((_, at) => at !== index)
    .join("\n");

test.each<[string, Parameters<typeof lay>[1], RegExp]>([
  ["changed", text => text.replace('"failed"', '"proved"'), /pve: record 2 \(line 2\) was changed/],
  ["removed", without(1), /pve: record 3 \(line 2\) comes after record 1: what is between them is missing/],
  [
    "removed at the end of both",
    without(3),
    /pve: record 4 was written, and the last one that is there is 3/,
  ],
  [
    "put in",
    text => text + lineOf(facts("wiki"), undefined, sha256),
    /pve: record 1 \(line 5\) comes after record 4/,
  ],
  [
    "changed in one file",
    text => ({ disk: text.replace('"vault-backup"', '"other"') }),
    /tell different things from line 2 on/,
  ],
])("a record that was %s is named", async (_, change, words) => {
  lay(four, change);
  const { exitCode, text } = await evidence();
  expect(text).toMatch(words);
  expect(text).toContain("the records aren't those that were written. Next: docs/evidence.md");
  expect(text).toMatch(/books +│ - +│ mirror:books on pve/);
  expect(exitCode).toBe(1);
});

test("a report with --live shows which restores were proved, and says where the records aren't what was written", async () => {
  const page = async (): Promise<string> => {
    await holdfastIn(host.folder, ["report", "--live"]);
    return readFileSync(join(host.folder, "holdfast-report.html"), "utf8");
  };
  lay(four);
  const sound = await page();
  expect(sound).toMatch(
    /<td>books<\/td><td><time datetime="2024-11-28T22:30Z">2024-11-29 00:30<\/time><\/td><td><\/td>/,
  );
  expect(sound).toMatch(
    /<td>vault<\/td><td><span class="mark unpromised">· not proved<\/span><\/td><td>mirror:vault-backup on pve/,
  );
  expect(sound).toMatch(/<th scope="col">with all others<\/th>[^]*<tr><td>books<\/td>/);
  lay(four, without(1));
  expect(await page()).toMatch(
    /<li>pve: record 3 \(line 2\) comes after record 1.*\n<li>pve: the records aren't those/,
  );
  host.installSsh("exit 255");
  expect(await page()).toMatch(/<td>books<\/td><td><span class="mark unpromised">\? unknown</);
});

test("a dossier is one page and one file for a program, which need nothing else; each record can be verified by them", async () => {
  lay(four);
  const { exitCode, text } = await evidence("--to", "dossiers");
  const [page = "", json = ""] = [...dossiers(".html"), ...dossiers(".json")].map(name =>
    readFileSync(join(host.folder, "dossiers", name), "utf8"),
  );
  expect(exitCode).toBe(0);
  expect(text.match(/: written/g)).toHaveLength(2);
  expect(page).toContain("FAILED: &lt;b&gt;2 entries differ");
  expect(page).not.toMatch(/src=|href=|<script/);
  const { hosts } = JSON.parse(json) as {
    hosts: { lines: string[]; head: { hash: string }; drills: object[] }[];
  };
  // Its text stands once, among the lines.
  expect(hosts[0]?.drills[0]).not.toHaveProperty("json");
  const lines = hosts[0]?.lines ?? [];
  expect(lines.map(line => line.slice(0, 64))).toEqual(lines.map(line => sha256(line.slice(65))));
  expect(lines.at(-1)?.slice(0, 64)).toBe(hosts[0]?.head.hash);
});

test("a chain that was written anew hangs together, and is noticed by an earlier dossier; one that only grew is not", async () => {
  lay(four);
  await evidence("--to", "dossiers");
  const [first = ""] = dossiers(".json");
  // Two of one second have one name.
  const earlier = "evidence-20261101T000000Z.json";
  writeFileSync(join(host.folder, "dossiers", earlier), readFileSync(join(host.folder, "dossiers", first)));
  for (const name of [first, first.replace("json", "html")]) rmSync(join(host.folder, "dossiers", name));
  lay([...four, facts("wiki")]);
  const grown = await evidence("--to", "dossiers");
  expect([grown.exitCode, grown.text]).toEqual([0, expect.stringContaining("held to 1 earlier dossier.")]);
  for (const name of dossiers("").filter(name => name !== earlier))
    rmSync(join(host.folder, "dossiers", name));
  lay(four.map(each => ({ ...each, result: "proved" }) as const));
  expect((await evidence()).exitCode).toBe(0);
  const anew = await evidence("--to", "dossiers");
  expect(anew.text).toContain(`pve: record 2 isn't the one that ${earlier} has of it`);
  expect(anew.exitCode).toBe(1);
  for (const name of dossiers("").filter(name => name !== earlier))
    rmSync(join(host.folder, "dossiers", name));
  lay(four.slice(0, 2));
  const shorter = await evidence("--to", "dossiers");
  expect(shorter.text).toContain(`pve: record 3, which ${earlier} has`);
  expect(shorter.exitCode).toBe(1);
});

test("a copy that failed since it was proved is told beside its proof; one that is dated ahead is no proof", async () => {
  const failed = facts("books", { at: "2024-11-28T23:30:00Z", result: "failed", reason: "rotten" });
  lay([facts("books"), failed, facts("etcd-backup", { at: "9000-01-01T00:00:00Z" })]);
  const { exitCode, text } = await evidence("--to", "dossiers");
  expect(text).toMatch(/books +│ 2024-11-28T22:30:00Z +│ FAILED 2024-11-28T23:30:00Z: mirror:books on pve/);
  expect(text).toContain("\nmirror:books on pve failed 2024-11-28T23:30:00Z: rotten");
  expect(text).toMatch(/etcd +│ - +│ mirror:etcd-backup on pve/);
  expect(text).toContain("pve: record 3 is dated 9000-01-01T00:00:00Z, which hasn't come: the host's clock");
  expect(readFileSync(join(host.folder, "dossiers", dossiers(".html")[0] ?? ""), "utf8")).toContain(
    "<td>mirror:books on pve, 2024-11-28T23:30:00Z</td>",
  );
  expect(exitCode).toBe(0);
  expect((await evidence("--since", "9000-01-01")).exitCode).toBe(2);
  expect((await evidence("--since", "foo")).text).toMatch(
    /^--since: "foo" isn't an instant\..*, or a day, "\d{4}-\d\d-\d\d"\.$/m,
  );
});

test("records of another host, whose disk this one has now, are told and prove nothing here", async () => {
  lay([facts("vault-backup", { host: "pve2" }), facts("books")]);
  const { exitCode, text } = await evidence();
  expect(text).toMatch(/vault +│ - +│ mirror:vault-backup on pve/);
  expect(text).toMatch(/books +│ 2024-11-28T22:30:00Z/);
  expect(text).toContain(
    'pve: record 1 is of a drill on another host, by the name "pve2": the disk was that host\'s',
  );
  expect(exitCode).toBe(0);
});

test("records that were broken when a dossier was made, and were mended since, are held to none of it", async () => {
  lay(four, text => ({ own: text + lineOf(facts("wiki"), undefined, sha256) }));
  expect((await evidence("--to", "dossiers")).exitCode).toBe(1);
  const [first = ""] = dossiers(".json");
  const earlier = join(host.folder, "dossiers/evidence-20261101T000000Z.json");
  renameSync(join(host.folder, "dossiers", first), earlier);
  rmSync(join(host.folder, "dossiers", first.replace("json", "html")));
  lay(four);
  const { exitCode, text } = await evidence("--to", "dossiers");
  expect(text).toContain("all 4 records hang together");
  expect(exitCode).toBe(0);
});

test("a place that can't be entered isn't one without records", async () => {
  lay(four);
  rmSync(join(host.folder, "own"), { recursive: true });
  writeFileSync(join(host.folder, "own"), "");
  const { exitCode, text } = await evidence();
  expect(text).toContain(
    "pve: the host wasn't asked: /var/lib/holdfast/restore-drill/evidence.log couldn't be read",
  );
  expect(exitCode).toBe(3);
  rmSync(join(host.folder, "own"));
});

test("an earlier dossier that was cut is refused, and nothing is written over", async () => {
  lay(four);
  mkdirSync(join(host.folder, "dossiers"));
  writeFileSync(join(host.folder, "dossiers/evidence-20261101T000000Z.json"), '{"made":');
  const { exitCode, text } = await evidence("--to", "dossiers");
  expect(text).toContain("isn't what this command has written: it was changed, or cut. Nothing was written.");
  expect([exitCode, dossiers("")]).toEqual([2, ["evidence-20261101T000000Z.json"]]);
  rmSync(join(host.folder, "dossiers/evidence-20261101T000000Z.json"));
  mkdirSync(join(host.folder, "dossiers/evidence-20261101T000000Z.json"));
  const folder = await evidence("--to", "dossiers");
  expect([folder.exitCode, folder.text]).toEqual([2, expect.stringContaining("can't be read")]);
});

test("a host that isn't reached, a disk that isn't there, and a host without any drill", async () => {
  lay(four);
  rmSync(join(host.folder, "disk/evidence.log"));
  const one = await evidence();
  expect(one.text).toMatch(/pve: \/mnt\/backup\/\.holdfast\/restore-drill\/evidence\.log isn't there: /);
  expect(one.exitCode).toBe(0);
  rmSync(join(host.folder, "own"), { recursive: true });
  mkdirSync(join(host.folder, "own"));
  expect(await evidence()).toMatchObject({
    exitCode: 0,
    text: expect.stringContaining("nothing was drilled yet"),
  });
  host.installSsh("echo refused >&2; exit 255");
  const away = await evidence();
  expect(away.text).toContain("pve: the host wasn't asked: refused. Next: ssh");
  expect(away.exitCode).toBe(3);
});

describe("records of a drill in a cluster, beside its dumps", () => {
  const inPod = (name: string): string =>
    join(host.folder, "srv/nfs/redis-backup/.holdfast/redis-drill", name);
  const dumps = (more: Partial<DrillFacts> = {}): DrillFacts =>
    facts("redis-backup", {
      ...{ at: "2024-11-27T03:30:00Z", host: "k8s", tier: dumpsTier, compared: { recorded: 1, copy: 0 } },
      dumps: [{ file: "dump_1.rdb.gz", at: "2024-11-27T01:20:00Z", bytes: 3, seconds: 0.1 }],
      ...more,
    });
  /** As who runs in the pod. */
  const layInPod = (text: string, lastRecord: number): void => {
    const uid = 64738;
    mkdirSync(inPod(""), { recursive: true });
    writeFileSync(inPod("evidence.log"), text, { mode: 0o600 });
    writeFileSync(inPod("drills.json"), JSON.stringify({ seen: {}, lastRecord }), { mode: 0o600 });
    for (const path of ["", "evidence.log", "drills.json"]) chownSync(inPod(path), uid, uid);
    // Nobody else gets there but by the folder itself.
    chmodSync(join(host.folder, "srv"), 0o700);
  };

  beforeAll(() => {
    host.before = `${withRecordsOf(host.folder)} && mount --bind ${host.folder}/srv /srv`;
  });
  beforeEach(() => {
    rmSync(join(host.folder, "srv"), { recursive: true, force: true });
    mkdirSync(join(host.folder, "srv/nfs/redis-backup"), { recursive: true });
    host.installSsh();
    writeFileSync(join(host.folder, "estate.json"), JSON.stringify(withDrilledDump()));
  });

  test("are told as those of a host are, and held to an earlier dossier", async () => {
    layInPod(chainText([dumps()]), 1);
    lay([facts("books"), facts("redis-backup")]);
    const { exitCode, text } = await evidence("--to", "dossiers");
    expect(text).toMatch(/redis-drill: 1 drill in that time, 0 of them failed; all 1 record hang together/);
    expect(text).toMatch(/redis +│ 2024-11-27T03:30:00Z +│ +│/);
    expect(exitCode).toBe(0);
    const page = readFileSync(join(host.folder, "dossiers", dossiers(".html")[0] ?? ""), "utf8");
    expect(page).toContain("all: 1 dump into an empty server (dump_1.rdb.gz)");
    const report = await holdfastIn(host.folder, ["drill", "--report"]);
    expect(report.text).toMatch(
      /redis from pve:\/srv\/nfs\/redis-backup \(dumps\): 3 B in 0\.1 s on 2024-11-27 .*; 3 B \/ 3 B x 0\.1 s = 100 ms/,
    );
    // Written anew as a whole, it hangs together. Two of one second have one name.
    for (const name of dossiers("")) {
      const to = name.replace(/-.*\./, "-20261101T000000Z.");
      renameSync(join(host.folder, "dossiers", name), join(host.folder, "dossiers", to));
    }
    layInPod(chainText([dumps({ result: "failed" })]), 1);
    expect((await evidence("--to", "dossiers")).text).toMatch(
      /redis-drill: record 1 isn't the one that evidence-.* has of it/,
    );
  });

  test.each<[string, (text: string) => string, number, RegExp]>([
    [
      "changed",
      text => text.replace('"failed"', '"proved"'),
      2,
      /redis-drill: record 1 \(line 1\) was changed/,
    ],
    [
      "removed",
      text => text.slice(0, text.indexOf("\n") + 1),
      2,
      /redis-drill: record 2 was written, and the last/,
    ],
    [
      "a terminal's command",
      () => chainText([dumps({ host: "\u001b]0;k8s" })]),
      1,
      /redis-drill: line 1 is no record/,
    ],
  ])("one that was %s is named", async (_, change, last, words) => {
    layInPod(change(chainText([dumps({ result: "failed", reason: "none" }), dumps()])), last);
    const { exitCode, text } = await evidence();
    expect(text).toMatch(words);
    expect(text).not.toContain("\u001b");
    // What lies there proves nothing then, and nothing is measured by it.
    expect(text).toMatch(/redis +│ - +│ dumps:redis-backup on k8s/);
    expect(exitCode).toBe(1);
    expect((await holdfastIn(host.folder, ["drill", "--report"])).text).toMatch(
      /redis +│ .*│ (owes|unmeasured) +│/,
    );
  });

  test("a host with several such jobs is asked of one after the other, and of none twice that isn't reached", async () => {
    layInPod(chainText([dumps()]), 1);
    lay([facts("books")]);
    host.installSsh('exec flock --nonblock --conflict-exit-code 255 "$0" "$0.run" "$last"');
    expect((await evidence()).exitCode).toBe(0);
    host.installSsh('echo "$$" >>"$0.calls"; exit 255');
    expect((await evidence()).text).toMatch(
      /redis-drill: the host wasn't asked[^]*pve: the host wasn't asked/,
    );
    expect(readFileSync(join(host.folder, "ssh/ssh.calls"), "utf8").trim().split("\n")).toHaveLength(1);
  });

  test("none is nothing drilled yet; what the pod can't read itself, or more than all drills write, isn't read for it", async () => {
    expect((await evidence()).text).toContain("redis-drill: nothing was drilled yet.");
    const unread = async (): Promise<void> =>
      expect(await evidence()).toMatchObject({
        exitCode: 3,
        text: expect.stringContaining("redis-drill: the host wasn't asked: /srv/nfs/redis-backup/.holdfast/"),
      });
    layInPod("", 0);
    writeFileSync(join(host.folder, "srv/secret"), chainText([dumps()]), { mode: 0o600 });
    rmSync(inPod("evidence.log"));
    symlinkSync("/srv/secret", inPod("evidence.log"));
    await unread();
    rmSync(inPod("evidence.log"));
    layInPod("", 0);
    truncateSync(inPod("evidence.log"), 2 ** 40);
    await unread();
    expect((await evidence()).text).toContain("has 34 MB or more, which isn't read. Next: docs/evidence.md");
  });
});
