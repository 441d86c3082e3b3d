import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { Versions } from "../../plan/contracts/versions";
import { exampleEstate } from "../../plan/estate/example";
import { withDump } from "../program/dump-estate";
import { testLong } from "../long";
import { ReleaseHost } from "./release-host";
import { holdfastIn } from "./support/holdfast";

/* A real shell over a stand-in for ssh; the jobs' programs restore a file, and end as theirs do (their own tests hold them to the contract). */
let host: ReleaseHost;

beforeAll(() => {
  host = new ReleaseHost();
  host.leadHere();
  // What is restored outlives a command.
  mkdirSync(join(host.folder, "srv/nfs"), { recursive: true });
  host.before = [
    `mount --bind ${host.folder}/srv /srv && mount -t tmpfs none /mnt`,
    "mkdir -p /mnt/backup/books/novels && echo Emma >/mnt/backup/books/novels/emma.epub",
    "mkdir -p /mnt/backup/etcd-backup /srv/nfs/etcd-backup && echo one >/mnt/backup/etcd-backup/etcd-1.db",
  ].join(" && ");
});
beforeEach(() => {
  rmSync(join(host.folder, "srv/nfs"), { recursive: true });
  mkdirSync(join(host.folder, "srv/nfs/books"), { recursive: true });
  host.installSsh();
  install("nfs-mirror", mirrored);
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(exampleEstate()));
  for (const name of ["lvm-pvc-snapshot", "daily-backup", "offsite-sync-backup", "nas-snapshots"])
    install(name, { versions: [] });
});
afterAll(() => host.remove());

const mirrored: Versions = {
  versions: [
    { of: "books", at: "2026-11-28T02:00:00Z", path: "/mnt/backup/books", lacks: [], pick: [] },
    { of: "etcd-backup", at: "2026-11-28T02:00:00Z", path: "/mnt/backup/etcd-backup", lacks: [], pick: [] },
  ],
};

const copies = `case "$*" in *--dry-run*) echo "would bring books back"; exit ;; esac
cp -a /mnt/backup/books /srv/nfs/ && echo "books is back; what was there is kept aside"`;

function install(name: string, answer: Versions, restores = copies): void {
  host.installCommand(
    name,
    `#!/bin/sh
case $1 in
list) cat <<'END'
${JSON.stringify(answer)}
END
;;
restore)
${restores}
;;
esac
`,
  );
}

function restore(...args: readonly string[]): Promise<{ exitCode: number; text: string }> {
  return holdfastIn(host.folder, ["restore", ...args]);
}

function isBack(): boolean {
  try {
    return readFileSync(join(host.folder, "srv/nfs/books/novels/emma.epub"), "utf8") === "Emma\n";
  } catch {
    return false;
  }
}

test("a service comes back by its program, after all is told, and at the end what is true and how to undo it", async () => {
  const { exitCode, text } = await restore("books", "--yes");
  expect(text).toMatch(/books: back to 2026-11-28 04:00:00 \+02:00/);
  expect(text).toMatch(/copy +pve:\/mnt\/backup\/books \(nfs-mirror,/);
  expect(text).toMatch(
    /would bring books back[^]*Step 1 of 1, on pve:\n {2}books is back; what was there is kept aside\n/,
  );
  expect(text).toMatch(
    /1 step of 1 ended well:[^]*undo +nfs-mirror restore --rollback -- books\n[^]*Next: start what uses it/,
  );
  expect([exitCode, isBack()]).toEqual([0, true]);
});

test("a dry run tells all and changes nothing; without a person or --yes, no host is even asked", async () => {
  const { exitCode, text } = await restore("books", "--dry-run", "--json");
  expect(text).toContain("would bring books back");
  expect(text).toMatch(/"state": "tried",\n +"changed": false/);
  expect([exitCode, isBack()]).toEqual([0, false]);
  host.installSsh("echo reached-it >&2; exit 255");
  for (const args of [["books"], ["books", "--json"]]) {
    const alone = await restore(...args);
    expect(alone).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining("without --yes nothing is changed"),
    });
    expect(alone.text).not.toContain("reached-it");
  }
});

test.each([
  [3, 1, /Step 1 was refused by pve \(3\), which changed nothing/],
  [75, 75, /Step 1 was refused by pve \(75\)/],
])(
  "what its program says before anything has changed is passed on (%d), and nothing else is run",
  async (code, exit, words) => {
    install(
      "nfs-mirror",
      mirrored,
      `echo "no room: 3 GB. Next: df"; echo "$*" >>/srv/nfs/runs; exit ${code}`,
    );
    const { exitCode, text } = await restore("books", "--yes");
    expect(text).toContain("no room: 3 GB. Next: df");
    expect(text).toMatch(words);
    expect(exitCode).toBe(exit);
    expect(readFileSync(join(host.folder, "srv/nfs/runs"), "utf8")).toBe("restore --dry-run books\n");
  },
);

const cut = `case "$*" in *--dry-run*) exit ;; esac
trap 'echo "cut; the same command again goes on"; exit 143' TERM
echo begins; until [ -e /srv/nfs/go ]; do sleep 0.02; done
for each in 1 2 3 4 5 6 7 8 9; do echo $each; sleep 0.05; done
${copies}`;

test("a restore that is told to stop is waited for, and its own words and code are told", async () => {
  install("nfs-mirror", mirrored, cut);
  const going = restore("books", "--yes");
  const written = process.stdout.write as unknown as jest.Mock<boolean, [string]>;
  const hasBegun = (): boolean => written.mock.calls.some(([text]) => text.includes("begins"));
  while (
    !hasBegun() &&
    (await Promise.race([going, new Promise<void>(resolve => setTimeout(resolve, 5))])) === undefined
  );
  process.emit("SIGINT");
  const { exitCode, text } = await going;
  expect(text).toMatch(
    /Stopping: what must not be cut short ends first\.\n +cut; the same command again goes on/,
  );
  expect(text).toMatch(/Step 1 was stopped \(143\)[^]*Next: ssh -p 22 root@pve\.example nfs-mirror list/);
  expect([exitCode, isBack()]).toEqual([143, false]);
});

test("a connection that is lost doesn't end what goes on there, and that its end isn't known is told", async () => {
  install("nfs-mirror", mirrored, cut);
  // Whoever would read what it says is gone after its first line.
  host.installSsh(`case $last in
*--dry-run*|*versions*) exec "$0.run" "$last" ;;
esac
"$0.run" "$last" </dev/null | head -n 1; exit 255`);
  writeFileSync(join(host.folder, "srv/nfs/go"), "");
  const { exitCode, text } = await restore("books", "--yes");
  expect(text).toMatch(
    /The connection to pve was lost in step 1\. The restore goes on there by itself; [^]*Next: ssh .* nfs-mirror list/,
  );
  expect([exitCode, isBack()]).toEqual([3, true]);
});

test("what is a person's stands in its place, and again at the end where nobody says that it is done", async () => {
  const { exitCode, text } = await restore("etcd", "--yes");
  expect(text).toMatch(
    / {2}1\. on pve: nfs-mirror restore etcd-backup\n[^]*\n {2}2\. YOURS, on pve: by hand,/,
  );
  expect(text).toMatch(
    /1 step of 2 ended well:[^]*What is left is yours, in this order:\n {2}2\. on pve: by hand,/,
  );
  expect(exitCode).toBe(1);
});

test("at a terminal the service's name is asked for, and a step that is a person's waits for them", async () => {
  // As with a real host, what runs there knows nothing of this terminal.
  host.installSsh('exec setsid --wait "$0.run" "$last"');
  const words = `node cli/holdfast.mjs restore etcd --estate ${host.folder}/estate.json`;
  const typed = async (...answers: readonly string[]): Promise<{ exitCode?: number; stdout: string }> => {
    const child = execa("script", ["-qec", words, "/dev/null"], { reject: false, stdin: "pipe" });
    const left = [...answers];
    child.stdout.on("data", (text: Buffer) => {
      if (/type etcd: |ends here: /.test(text.toString())) child.stdin.write(`${left.shift()}\n`);
    });
    return child;
  };
  const done = await typed("etcd", "done");
  expect(done.stdout).toMatch(/To do this, type etcd: [^]*Step 2 of 2 is yours:[^]*2 steps of 2 ended well:/);
  expect(done.exitCode).toBe(0);
  const other = await typed("y");
  expect(other.stdout).toMatch(/isn't the word that was asked for\s+Nothing was changed\./);
  expect([other.exitCode, other.stdout.includes("Step 1 of 2")]).toEqual([1, false]);
});

/** Makes kubectl lead to a cluster in which each job ends well. */
function installKubectl(server: string): void {
  const script = `#!/bin/sh
case "$*" in
*"config view"*) printf %s '${server}' ;;
*"set env"*) cat; echo "$*" >>${host.folder}/asked ;;
*"get job/"*) echo Complete ;;
*logs*) echo "shop is as its dump has it" ;;
esac
`;
  writeFileSync(join(host.folder, "ssh", "kubectl"), script, { mode: 0o755 });
}

test("what a cluster does is asked of the estate's own by kubectl; where that leads elsewhere, it is a person's", async () => {
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(withDump()));
  const dumps =
    "mkdir -p /srv/nfs/postgresql-backup && touch -d 2026-11-27T01:00:00Z /srv/nfs/postgresql-backup/dump_1";
  await execa("sh", ["-c", dumps.replaceAll("/srv", `${host.folder}/srv`)]);
  installKubectl("https://other.example:6443");
  const elsewhere = await restore("postgresql", "--yes");
  expect(elsewhere.text).toMatch(
    /What is done in cluster k8s is yours: kubectl's context leads to https:\/\/other/,
  );
  expect([elsewhere.exitCode, elsewhere.text.includes("shop")]).toEqual([1, false]);
  installKubectl("https://k8s.example:6443");
  const { exitCode, text } = await restore("postgresql", "--yes", "--context", "house");
  expect(text).toMatch(/Step 1 of 1, on k8s:\n {2}shop is as its dump has it\n/);
  expect(readFileSync(join(host.folder, "asked"), "utf8")).toMatch(
    /^--context=house .*ASK=restore --at 2026-11-27T01:00:00Z$/m,
  );
  expect(exitCode).toBe(0);
  // A shell looks for no program in there, as in a folder that is mounted noexec.
  const strange = join(host.folder, "a:b");
  mkdirSync(strange);
  // Node asks the environment of its own process, which a test can't set.
  const asked = jest.spyOn(os, "tmpdir").mockReturnValue(strange);
  try {
    const astray = await restore("postgresql", "--yes", "--context", "house");
    expect(astray.text).toMatch(/Nothing was asked of the cluster: [^]*Step 1 failed/);
    expect([astray.exitCode, astray.text.includes("shop")]).toEqual([1, false]);
  } finally {
    asked.mockRestore();
  }
});

testLong("the page's commands run as they are printed", async () => {
  const page = readFileSync("docs/restore.md", "utf8");
  const commands = [...page.matchAll(/`npm run holdfast -- (restore [^`[]*|find [^`[]*)`/g)].map(
    ([, words = ""]) => words,
  );
  expect(commands.length).toBeGreaterThan(3);
  for (const words of commands) {
    const { stdout } = await execa("bash", ["-c", `printf '%s\\n' ${words}`]);
    const { exitCode, text } = await holdfastIn(host.folder, stdout.split("\n"));
    expect([words, exitCode, text]).toEqual([words, 0, expect.stringContaining("books")]);
  }
});

describe("all that a disaster has taken", () => {
  const names = ["etcd-backup", "index", "books"];
  const all = ["--all", "--domain", "live-disk", "--place", "pve/sdc"];
  /** What the mirror's program was asked to bring back, in turn. */
  const asked = (): string[] => readFileSync(join(host.folder, "srv/nfs/runs"), "utf8").trim().split("\n");

  beforeEach(() => {
    const estate = exampleEstate();
    const [books] = estate.services["books"]?.data ?? [];
    if (books?.kind !== "tree") throw new Error("the example's books are a tree");
    // Promised nothing, and needed by what is.
    estate.services["index"] = { data: [{ ...books, path: "/srv/nfs/index", size: "1GB" }] };
    Object.assign(estate.services["books"] ?? {}, { needs: ["index"] });
    writeFileSync(join(host.folder, "estate.json"), JSON.stringify(estate));
    mirror("");
  });

  function mirror(fails: string): void {
    const versions = names.map(of => ({
      ...{ of, at: "2026-11-28T02:00:00Z", path: `/mnt/backup/${of}`, lacks: [], pick: [] },
    }));
    const restores = `case "$*" in *--dry-run*) exit ;; esac
echo "$2" >>/srv/nfs/runs
[ "$2" != "${fails}" ] || { echo "it is full. Next: df"; exit 1; }
cp -a "/mnt/backup/$2" /srv/nfs/`;
    install("nfs-mirror", { versions }, restores);
  }
  let before: string;
  beforeAll(() => {
    before = host.before;
    host.before = `${before} && mkdir /mnt/backup/index /mnt/backup/covers`;
  });
  afterAll(() => void (host.before = before));

  test("comes back one after the other, what others need before them, and what has no copy is told", async () => {
    const { exitCode, text } = await restore(...all, "--yes");
    expect(text).toMatch(/In this order, [^]*: etcd, index, books\n/);
    expect(text).toContain("No copy of nextcloud is there.");
    expect(asked()).toEqual(names);
    expect([exitCode, isBack()]).toEqual([1, true]);
  });

  test("a dry run tells all of it and changes nothing", async () => {
    const { exitCode, text } = await restore(...all, "--dry-run");
    expect(text).toMatch(
      /Nothing was changed\. Next: holdfast restore --all --domain live-disk --place pve\/sdc --estate /,
    );
    expect([exitCode, isBack()]).toEqual([0, false]);
    expect(asked).toThrow("ENOENT");
  });

  test("one that fails ends it, and the same goes on behind what is back", async () => {
    mirror("books");
    const failed = await restore(...all, "--yes");
    expect(failed.text).toContain("it is full. Next: df");
    // Whoever does it finds it at the end, as what goes on behind it doesn't tell it again.
    expect(failed.text).toMatch(/ended well:[^]*What is left is yours, in this order:\n {2}2\. /);
    expect(failed.exitCode).toBe(1);
    const [, rest = ""] = /^Then, for the rest: holdfast restore (.*) --estate /m.exec(failed.text) ?? [];
    // Of vault there was no copy, which what goes on tells again; and nobody has said of etcd that it is back.
    expect(rest).toBe(`${all.join(" ")} --after etcd --except index --unconfirmed etcd`);
    mirror("");
    const gone = await restore(...rest.split(" "), "--yes");
    expect(gone.text).toMatch(/In this order, [^]*: etcd, books\n/);
    expect(gone.text).toMatch(/What is left is yours, in this order:\n {2}1\. on pve: by hand,/);
    expect(asked()).toEqual([...names, "books"]);
    expect([gone.exitCode, isBack()]).toEqual([1, true]);
  });

  test("a service of which one part has no copy isn't passed over as back: what goes on tells of that part again", async () => {
    const estate = exampleEstate();
    const [books] = estate.services["books"]?.data ?? [];
    if (books?.kind !== "tree") throw new Error("the example's books are a tree");
    estate.services["index"] = {
      data: ["index", "covers"].map(name => ({ ...books, name, path: `/srv/nfs/${name}`, size: "1GB" })),
    };
    Object.assign(estate.services["books"] ?? {}, { needs: ["index"] });
    writeFileSync(join(host.folder, "estate.json"), JSON.stringify(estate));
    mirror("books");
    const failed = await restore(...all, "--yes");
    expect(failed.text).toContain("No copy of index/covers is there.");
    const [, rest = ""] = /^Then, for the rest: holdfast restore (.*) --estate /m.exec(failed.text) ?? [];
    mirror("");
    const gone = await restore(...rest.split(" "), "--yes");
    expect(gone.text).toContain("No copy of index/covers is there.");
    expect([gone.exitCode, isBack()]).toEqual([1, true]);
    expect(rest).toMatch(/ --missing index\/covers$/);
    // Once there is one, that part comes, and none of what is back comes a second time.
    names.push("covers");
    mirror("");
    names.pop();
    await restore(...rest.split(" "), "--yes");
    expect(asked()).toEqual([...names, "books", "covers", "books"]);
  });

  test("what is behind another one that it needs may be refused before that is back, and is asked for in its turn", async () => {
    const versions = names.map(of => ({
      ...{ of, at: "2026-11-28T02:00:00Z", path: `/mnt/backup/${of}`, lacks: [], pick: [] },
    }));
    const waits = `[ "$2$3" != --dry-runbooks ] || [ -e /srv/nfs/index ] || { echo "no index yet"; exit 3; }
case "$*" in *--dry-run*) exit ;; esac
[ "$2" != books ] || [ -e /srv/nfs/index ] || exit 3
cp -a "/mnt/backup/$2" /srv/nfs/`;
    install("nfs-mirror", { versions }, waits);
    const dry = await restore(...all, "--dry-run");
    expect(dry.text).toMatch(
      /no index yet\n.*It is behind index, which its service needs[^]*Not to be known/,
    );
    expect([dry.exitCode, isBack()]).toEqual([1, false]);
    await restore(...all, "--yes");
    expect(isBack()).toBe(true);
    // Of two that wait for nothing, a refusal is one of all, and the others can be had without it.
    rmSync(join(host.folder, "srv/nfs/index"), { recursive: true });
    install("nfs-mirror", { versions }, waits.replaceAll("books", "index"));
    const refused = await restore(...all, "--yes");
    expect(refused.text).toContain(`Or all others first: holdfast restore ${all.join(" ")} --except index `);
    expect(refused.exitCode).toBe(1);
    // Whoever has left it out finds it told, as all else may end well.
    const others = await restore(...all, "--except", "index", "--dry-run");
    expect(others.text).toMatch(/^Left out by --after or --except, [^\n]*: index$/m);
  });

  test("what comes over a line doesn't wait for what comes from a disk: both are at work at once", async () => {
    const at = "2026-11-28T02:00:00Z";
    const meets = (own: string, other: string): string => `case "$*" in *--dry-run*) exit ;; esac
>/srv/nfs/${own}; n=0; until [ -e /srv/nfs/${other} ]; do n=$((n+1)); [ $n -lt 3000 ] || exit 1; sleep 0.02; done`;
    const books = { of: "books", at, path: "/mnt/backup/books", lacks: [], pick: [] };
    install("nfs-mirror", { versions: [books] }, meets("one", "two"));
    const photos = { of: "/srv/nfs/photos", at, lacks: [], pick: [] };
    install("offsite-sync-backup", { versions: [photos] }, meets("two", "one"));
    const { text } = await restore(...all, "--yes");
    expect(text).toContain("3 of 4 steps ended well, 0 at work\n");
  });

  test("what another disk has, and a firewall, isn't taken with one disk, and of several disks one is to be named", async () => {
    const versions = [
      { of: "configuration", at: "2026-11-28T02:00:00Z", path: "/mnt/backup/pve-config/2026-47/files" },
    ];
    install("daily-backup", { versions: versions.map(each => ({ ...each, lacks: [], pick: [] })) }, "exit");
    const { text } = await restore(...all, "--dry-run");
    expect(text).toContain('All that the disaster "live-disk" of pve/sdc has taken.\n');
    expect(text).toContain("No copy of vault is there.");
    expect(text).not.toMatch(/pve-host|pfsense/);
    const other = await restore(...all.slice(0, 3), "--place", "pve/sdb", "--dry-run");
    expect(other.text).toMatch(/before each what it needs: pve-host\n/);
    const several = await restore(...all.slice(0, 3), "--yes");
    expect(several.text).toContain(
      'The disaster "live-disk" may be of pve/sdc or pfsense or pve/sdb. Nothing was changed. Next: the same with --place NAME.',
    );
    expect([several.exitCode, isBack()]).toEqual([2, false]);
  });

  test("a firewall of the site comes back with it, and what --host leaves out is told", async () => {
    const site = ["--all", "--domain", "site", "--dry-run"];
    expect((await restore(...site)).text).toContain("No copy of pfsense is there.");
    expect((await restore(...site, "--host", "pve")).text).toContain(
      "Left out by --host, though it is taken too: pfsense\n",
    );
  });

  test("what whoever is root there could write to is no copy after that, however new it is", async () => {
    const { exitCode, text } = await restore("--all", "--domain", "host-root", "--yes");
    expect(text).toContain(
      "No copy of books is left: what is there at pve:/mnt/backup/books the disaster has taken too. Is it sound all the same? holdfast restore books takes it",
    );
    expect(asked).toThrow("ENOENT");
    expect([exitCode, isBack()]).toEqual([3, false]);
  });

  test("of many, one that has nothing whole takes no whole copy from another", async () => {
    const version = (of: string, day: number, lacks: string[]) => ({
      ...{ of, at: `2026-11-${day}T02:00:00Z`, path: `/mnt/backup/${of}`, lacks, pick: [] },
    });
    const versions = [version("books", 27, []), version("books", 28, ["emma"]), version("index", 28, ["a"])];
    install("nfs-mirror", { versions }, "exit");
    const { exitCode, text } = await restore(...all, "--partial", "--dry-run");
    expect(text).toMatch(/index: back to 2026-11-28 [^]*LACKS a\n[^]*books: back to 2026-11-27 /);
    expect(exitCode).toBe(0);
    expect((await restore(...all, "--dry-run")).text).toContain("the same with --partial");
  });

  test.each([
    [[], "What is to come back?"],
    [["--all"], "--domain: it is missing, expected one of live-disk, host, "],
    [["--all", "--domain", "volume"], '"volume" is no disaster that takes all at once'],
    [["--all", "--domain", "site", "--after", "bocks"], "in this order: etcd, vault, "],
    [["books", ...all], '"books" can\'t be with --all'],
    [["--all", "--domain", "live-disk", "--place", "pve/sda"], "expected pve/sdc or pfsense or pve/sdb."],
    [["books", "--place", "pve/sdc"], "--place goes with --all alone"],
    [["books", "--domain", "site"], "--domain goes with --all alone"],
  ])("%j can't be meant", async (words, said) => {
    const { exitCode, text } = await restore(...words, "--yes");
    expect(text).toContain(said);
    expect(exitCode).toBe(2);
  });
});
