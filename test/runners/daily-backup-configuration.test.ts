import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { execaSync } from "execa";
import {
  configurationPhase,
  type ConfigurationRun,
  judgeConfiguration,
} from "../../host-scripts/daily-backup/configuration";
import { manifestFaults } from "../../host-scripts/daily-backup/ways/manifest";
import { createLog } from "../../host-scripts/runtime/log";
import { Stop } from "../../host-scripts/runtime/stop";
import type { DailyBackupConfig } from "../../plan/contracts/daily-backup";
import { inTime } from "../long";
import { rsyncProgram, useRsyncTools } from "./support/rsync-tools";

let folder: string;
let restoreEnvironment: () => void;
let host: string;
let disk: string;
let handedOver: string[];

beforeEach(async () => {
  // In memory: a generation is synced, and this machine's disk has much else to write.
  folder = mkdtempSync("/dev/shm/holdfast-configuration-");
  [host, disk] = [join(folder, "host"), join(folder, "disk")];
  for (const path of ["bin", "host", "disk"]) mkdirSync(join(folder, path));
  restoreEnvironment = await useRsyncTools(join(folder, "bin"));
  handedOver = [];
  // The real one builds its cache of all packages anew for each call.
  program("apt-mark", "echo bash");
  file("etc/pve/storage.cfg", "dir: local\n");
  file("etc/pve/priv/token.cfg", "secret", 0o600);
  file("etc/pve/.version", "changes by the second");
  file("usr/local/bin/script", "#!/bin/sh\n", 0o755);
  file("etc/ssh/ssh_host_ed25519_key", "key", 0o600);
  file("etc/fstab", "UUID=1 / ext4\n");
  file("var/lib/holdfast/restore-drill/evidence.log", "a record\n", 0o600);
  file("root/holdfast-runbooks/home/README.md", "# What happened?\n");
  file("root/notes", "somebody's own");
});
afterEach(() => {
  restoreEnvironment();
  rmSync(folder, { recursive: true, force: true });
});

function file(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(host, path)), { recursive: true });
  writeFileSync(join(host, path), text, { mode });
}

function program(name: string, script: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

interface Given {
  readonly at?: string;
  readonly paths?: readonly string[];
  readonly stop?: Stop;
  readonly accepted?: readonly string[];
  readonly every?: "day" | "week";
}

const log = createLog("test", { json: true, progress: false });

async function back({
  at = "2026-05-26T03:00:00Z",
  paths = ["/etc/pve", "/usr/local/bin"],
  stop,
  accepted = [],
  every = "week",
}: Given = {}): Promise<readonly string[]> {
  const run: ConfigurationRun = {
    config: {
      ...{ job: "daily-backup", host: "pve", budgetMs: 600_000, zone: "Europe/Berlin" },
      target: { path: disk, fsUuid: "1" },
      configuration: { every, count: 4, paths: [...paths] },
    } as unknown as DailyBackupConfig,
    ...{ dryRun: false, log, notes: [], accepted: new Set(accepted), bytes: 0 },
    // Commands inherit it; nobody locks it here.
    lock: { fd: 2, leftovers: [], release: () => undefined },
    ...{ stop: stop ?? new Stop("daily-backup", log), startedAt: new Date(at) },
  };
  await configurationPhase((_, target) => handedOver.push(target), host).run(run);
  await judgeConfiguration.run(run);
  return run.notes;
}

const generations = (): string[] =>
  readdirSync(join(disk, "pve-config")).filter(name => !name.startsWith("."));
const kept = (path: string, period = "2026-22"): string => join(disk, "pve-config", period, path);

test("keeps listed files, and what a new host needs, by their full paths with all of their metadata", async () => {
  utimesSync(join(host, "etc/fstab"), 1_700_000_000, 1_700_000_000);
  execaSync("chown", ["12345:54321", join(host, "usr/local/bin/script")]);
  symlinkSync("../bin/script", join(host, "usr/local/bin/alias"));
  writeFileSync(
    Buffer.concat([Buffer.from(`${host}/usr/local/bin/`), Buffer.from([0x2d, 0xff, 0x0a])]),
    "odd",
  );
  await back();
  expect(generations()).toEqual(["2026-22"]);
  expect(lstatSync(kept("files/etc/fstab")).mtimeMs).toBe(1_700_000_000_000);
  expect(lstatSync(kept("files/etc/ssh/ssh_host_ed25519_key")).mode & 0o777).toBe(0o600);
  expect(lstatSync(kept("files/usr/local/bin/script"))).toMatchObject({ uid: 12345, gid: 54321 });
  expect(readdirSync(kept("files/etc/pve"))).toEqual(["priv", "storage.cfg"]);
  // The host's records of drills, and none of its programs' state.
  expect(readdirSync(kept("files/var/lib/holdfast/restore-drill"))).toEqual(["evidence.log"]);
  expect(readdirSync(kept("files/usr/local/bin"))).toHaveLength(3);
  // The estate's pages, which go off site with it.
  expect(readdirSync(kept("files/root"), { recursive: true })).toEqual([
    ...["holdfast-runbooks", "holdfast-runbooks/home", "holdfast-runbooks/home/README.md"],
  ]);
  expect(lstatSync(kept("")).mode & 0o777).toBe(0o700);
  expect(handedOver).toEqual([kept("").replace(/\/$/, "")]);
});

test("asks the host what it is, and lists each file and command in a manifest", async () => {
  rmSync(join(folder, "bin", "apt-mark"));
  await back();
  const real = execaSync("dpkg-query", [
    "--show",
    "--showformat",
    "${binary:Package}\t${Version}\n",
    "bash",
  ]).stdout;
  expect(readFileSync(kept("facts/packages.txt"), "utf8")).toContain(real.trim());
  expect(JSON.parse(readFileSync(kept("facts/disks.json"), "utf8"))).toHaveProperty("blockdevices");
  const manifest = JSON.parse(readFileSync(kept("manifest.json"), "utf8")) as {
    entries: { path: string }[];
    commands: { file: string }[];
  };
  expect(manifest.entries.find(({ path }) => path === "files/etc/pve/priv/token.cfg")).toEqual({
    ...{ path: "files/etc/pve/priv/token.cfg", type: "file", mode: "0600", uid: 0, gid: 0, sizeBytes: 6 },
    sha256: "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
  });
  expect(manifest.commands.find(({ file: name }) => name === "packages.txt")).toMatchObject({
    need: "always",
    exitCode: 0,
  });
  expect(manifest.commands.find(({ file: name }) => name === "vgs.json")).toMatchObject({
    need: "if-installed",
    exitCode: null,
  });
});

test("the same week without a change: the generation is left as it is; with one, it is made anew", async () => {
  await back();
  const first = lstatSync(kept("")).ino;
  file("etc/pve/.version", "changed by the second");
  await back({ at: "2026-05-27T03:00:00Z" });
  expect(lstatSync(kept("")).ino).toBe(first);
  expect(handedOver).toHaveLength(1);
  file("etc/pve/storage.cfg", "dir: local\nnfs: nas\n");
  await back({ at: "2026-05-28T03:00:00Z" });
  expect(lstatSync(kept("")).ino).not.toBe(first);
  expect(readFileSync(kept("files/etc/pve/storage.cfg"), "utf8")).toContain("nas");
  rmSync(join(host, "etc/pve/priv"), { recursive: true });
  await back({ at: "2026-05-29T03:00:00Z" });
  expect(existsSync(kept("files/etc/pve/priv"))).toBe(false);
});

test("another mode alone is a change", async () => {
  await back();
  chmodSync(join(host, "etc/fstab"), 0o600);
  await back();
  expect(lstatSync(kept("files/etc/fstab")).mode & 0o777).toBe(0o600);
});

test("the next week is a generation of its own, which shares what is the same; the earlier one stays as it was", async () => {
  await back();
  file("etc/fstab", "UUID=2 / ext4\n");
  await back({ at: "2026-06-02T03:00:00Z" });
  expect(generations()).toEqual(["2026-22", "2026-23"]);
  const inode = (period: string, path: string): number => lstatSync(kept(path, period)).ino;
  expect(inode("2026-23", "files/usr/local/bin/script")).toBe(inode("2026-22", "files/usr/local/bin/script"));
  expect(readFileSync(kept("files/etc/fstab"), "utf8")).toContain("UUID=1");
});

const failures = [
  {
    what: "an empty /etc/pve",
    break: () => emptyFolder("etc/pve"),
    says: /"\/etc\/pve" is empty: its file system isn't mounted/,
  },
  {
    what: "an /etc/pve with nothing but views of a cluster",
    break: () => {
      emptyFolder("etc/pve");
      file("etc/pve/.members", "{}");
    },
    says: /"\/etc\/pve" is empty: its file system isn't mounted/,
  },
  {
    what: "a missing listed path",
    break: () => rmSync(join(host, "usr"), { recursive: true }),
    says: /"\/usr\/local\/bin" is missing/,
  },
  {
    what: "a needed command that fails",
    break: () => program("dpkg-query", "echo broken database >&2; exit 2"),
    says: /dpkg-query.* ended with 2: broken database/,
  },
  {
    what: "an installed LVM that fails",
    break: () => program("vgs", "echo no such device >&2; exit 5"),
    says: /vgs.* ended with 5: no such device/,
  },
  {
    what: "what rsync gives no name of",
    break: () => program("rsync", "echo 'read errors mapping' >&2; exit 23"),
    says: /rsync ended with 23: read errors/,
    isNamed: false,
  },
  {
    what: "a partition table that can't be told",
    break: () => {
      program("lsblk", `echo '{"blockdevices": [{"path": "/dev/sda", "type": "disk", "pttype": "gpt"}]}'`);
      program("sfdisk", "echo cannot open >&2; exit 1");
    },
    says: /sfdisk --dump \/dev\/sda.* ended with 1: cannot open/,
  },
];

function emptyFolder(path: string): void {
  rmSync(join(host, path), { recursive: true });
  mkdirSync(join(host, path));
}

const apart = (path = ""): string => join(disk, "pve-config/.incomplete", path);

test.each(failures)(
  "$what fails the phase, and the earlier generation stays; all else is kept apart, as far as that is known",
  async ({ break: damage, says, isNamed = true }) => {
    await back();
    const before = lstatSync(kept("")).ino;
    damage();
    file("etc/fstab", "UUID=2 / ext4\n");
    await expect(back({ at: "2026-06-02T03:00:00Z" })).rejects.toThrow(says);
    expect(generations()).toEqual(["2026-22"]);
    expect(lstatSync(kept("")).ino).toBe(before);
    expect(readdirSync(join(disk, "pve-config", ".part"))).toEqual([]);
    expect(existsSync(apart("2026-23"))).toBe(isNamed);
    if (!isNamed) return;
    expect(readFileSync(apart("2026-23/files/etc/fstab"), "utf8")).toContain("UUID=2");
    expect(JSON.parse(readFileSync(apart("2026-23.lacks.json"), "utf8"))).toEqual([
      { path: expect.any(String) as string, reason: expect.stringMatching(says) as string },
    ]);
  },
);

test("an entry that can't be copied keeps no other one from being kept, until it can be", async () => {
  await back();
  const said = `rsync: [sender] read errors mapping "${host}/usr/local/bin/script": Input/output error (5)`;
  program(
    "rsync",
    `${await rsyncProgram()} --exclude=/usr/local/bin/script "$@"; echo '${said}' >&2; exit 23`,
  );
  file("etc/pve/storage.cfg", "dir: local\nnfs: nas\n");
  await expect(back({ at: "2026-05-27T03:00:00Z" })).rejects.toMatchObject({
    failed: expect.stringMatching(
      /"\/usr\/local\/bin\/script" can't be copied: .*Input\/output error/,
    ) as string,
    kept: `All else is in "${apart("2026-22")}"; the earlier generations are whole.`,
  });
  expect(generations()).toEqual(["2026-22"]);
  expect(readFileSync(kept("files/etc/pve/storage.cfg"), "utf8")).not.toContain("nas");
  const newest = (period: string): string =>
    readFileSync(apart(`${period}/files/etc/pve/storage.cfg`), "utf8");
  expect(newest("2026-22")).toContain("nas");

  // What lacks most of the rest too takes no place of it.
  emptyFolder("etc/pve");
  await expect(back({ at: "2026-06-02T03:00:00Z" })).rejects.toMatchObject({
    failed: expect.stringContaining("isn't mounted, and 1 more such faults") as string,
    kept: expect.stringContaining("No generation was made of it") as string,
  });
  expect(newest("2026-22")).toContain("nas");
  file("etc/pve/storage.cfg", "nfs: nas\n");
  file("etc/pve/priv/token.cfg", "secret", 0o600);
  await expect(back({ at: "2026-06-02T03:00:00Z" })).rejects.toThrow("can't be copied");
  expect(readdirSync(apart()).sort()).toEqual(["2026-23", "2026-23.lacks.json"]);

  rmSync(join(folder, "bin/rsync"));
  await back({ at: "2026-06-03T03:00:00Z" });
  expect(generations()).toEqual(["2026-22", "2026-23"]);
  expect(existsSync(apart())).toBe(false);
  expect(handedOver.map(folder => relative(join(disk, "pve-config"), folder))).toEqual([
    ...["2026-22", ".incomplete/2026-22.lacks.json", ".incomplete/2026-22"],
    ...[".incomplete/2026-23.lacks.json", ".incomplete/2026-23", ".incomplete/2026-22"],
    ...["2026-23", ".incomplete/2026-23"],
  ]);
});

/** What whoever went from folder to folder has made. */
function makeDeep(folders: number): void {
  let above = openSync(join(host, "usr/local/bin"), constants.O_DIRECTORY);
  for (let depth = 0; depth < folders; depth += 1) {
    const below = `/proc/self/fd/${above}/${"n".repeat(200)}`;
    mkdirSync(below);
    const next = openSync(below, constants.O_DIRECTORY);
    closeSync(above);
    above = next;
  }
  symlinkSync("file", `/proc/self/fd/${above}/link`);
  writeFileSync(`/proc/self/fd/${above}/file`, "far below");
  closeSync(above);
}

describe("paths that no call takes as a whole", () => {
  // Node removes by whole paths.
  afterEach(() => execaSync("rm", ["-rf", host, disk]));

  test("where rsync has copied it, it is listed and compared as any other one", async () => {
    makeDeep(20);
    await back();
    expect(await manifestFaults(kept(""), new AbortController().signal)).toEqual([]);
    const { entries } = JSON.parse(readFileSync(kept("manifest.json"), "utf8")) as {
      entries: { path: string }[];
    };
    expect(entries.filter(({ path }) => /n\/(file|link)$/.test(path))).toMatchObject([
      { sizeBytes: 9 },
      { target: "file" },
    ]);
    await back({ at: "2026-06-02T03:00:00Z" });
    expect(generations()).toEqual(["2026-22", "2026-23"]);
  });

  test("where rsync itself can't, all else is kept apart", async () => {
    makeDeep(22);
    await expect(back()).rejects.toMatchObject({
      failed: expect.stringMatching(
        /"\/usr\/local\/bin\/n+.{0,200} can't be copied: filename overflows/,
      ) as string,
      kept: `All else is in "${apart("2026-22")}"; the earlier generations are whole.`,
    });
    expect(readFileSync(apart("2026-22/files/etc/pve/storage.cfg"), "utf8")).toBe("dir: local\n");
  });
});

describe("a host that lost most of what it was", () => {
  const losses = [
    {
      what: "its guests",
      lose: () => rmSync(join(host, "etc/pve/nodes"), { recursive: true }),
      says: '"/etc/pve" holds 2 files, in the last generation 42',
    },
    {
      what: "what its scripts say",
      lose: () => file("usr/local/bin/long", ""),
      says: 'the files of "/usr/local/bin" have 10 bytes, in the last generation 1010',
    },
    {
      what: "its keys, which nobody has listed",
      lose: () => emptyFolder("etc/ssh"),
      says: '"/etc/ssh" holds 0 files, in the last generation 1',
    },
    {
      what: "its mounts, of which the file is empty",
      lose: () => file("etc/fstab", ""),
      says: 'the files of "/etc/fstab" have 0 bytes, in the last generation 14',
    },
  ];
  test.each(inTime(1, losses))(
    "$what: this week's generation stays until somebody accepts it",
    async ({ lose, says }) => {
      for (let guest = 100; guest < 140; guest += 1)
        file(`etc/pve/nodes/pve/qemu-server/${guest}.conf`, `guest ${guest}\n`);
      file("usr/local/bin/long", "x".repeat(1_000));
      await back();
      const before = lstatSync(kept("")).ino;
      lose();
      const later = { at: "2026-05-27T03:00:00Z" };
      await expect(back(later)).rejects.toMatchObject({
        failed: expect.stringContaining(says) as string,
        next: expect.stringMatching(/^ls -la \S+ {3}\(.* daily-backup --accept=configuration\)$/) as string,
        exitCode: 1,
      });
      expect(lstatSync(kept("")).ino).toBe(before);
      expect(await back({ ...later, accepted: ["configuration"] })).toEqual([
        expect.stringContaining(`${says}, which is accepted`),
      ]);
      expect(lstatSync(kept("")).ino).not.toBe(before);
      await back(later);
    },
  );
});

test("a generation of the other kind, that was made before the estate asked for this one, is what a loss is seen by", async () => {
  for (let guest = 100; guest < 140; guest += 1) file(`etc/pve/nodes/pve/${guest}.conf`, "a guest\n");
  await back();
  const { ino } = lstatSync(kept("files/etc/pve/nodes/pve/100.conf"));
  const daily = { at: "2026-05-27T03:00:00Z", every: "day" } as const;
  rmSync(join(host, "etc/pve/nodes"), { recursive: true });
  await expect(back(daily)).rejects.toThrow("holds 2 files, in the last generation 42");
  await back({ ...daily, accepted: ["configuration"] });
  expect(generations()).toEqual(["2026-05-27", "2026-22"]);
  // From then on it is the newer one that counts.
  file("etc/pve/other.cfg", "x");
  await back({ ...daily, at: "2026-05-28T03:00:00Z" });
  const script = (period: string): number => lstatSync(kept("files/usr/local/bin/script", period)).ino;
  expect([script("2026-05-28"), script("2026-05-27")]).toEqual([script("2026-22"), script("2026-22")]);
  expect(lstatSync(kept("files/etc/pve/nodes/pve/100.conf")).ino).toBe(ino);
});

test("partition tables and volume groups are kept by the programs that write them back", async () => {
  program(
    "lsblk",
    `echo '{"blockdevices": [{"path": "/dev/nvme0n1", "type": "disk", "pttype": "gpt"}, {"path": "/dev/sdb", "type": "disk", "pttype": null}]}'`,
  );
  program("sfdisk", 'echo "label: gpt of $2"');
  program("vgcfgbackup", 'for vg in pve backup; do echo "$vg {" > "$(printf "$2" $vg)"; done');
  for (const name of ["pvs", "vgs", "lvs"]) program(name, `echo '{"report": []}'`);
  await back();
  expect(readFileSync(kept("facts/partitions-nvme0n1.sfdisk"), "utf8")).toBe("label: gpt of /dev/nvme0n1\n");
  expect(existsSync(kept("facts/partitions-sdb.sfdisk"))).toBe(false);
  expect(readdirSync(kept("facts/lvm")).sort()).toEqual(["backup.vg", "pve.vg"]);
});

test("a listed path that is a link: the link is kept, and what it leads to", async () => {
  mkdirSync(join(host, "opt"));
  execaSync("mv", [join(host, "usr/local/bin"), join(host, "opt/scripts")]);
  symlinkSync("../../opt/scripts", join(host, "usr/local/bin"));
  await back();
  expect(lstatSync(kept("files/usr/local/bin")).isSymbolicLink()).toBe(true);
  expect(existsSync(kept("files/opt/scripts/script"))).toBe(true);
});

test("a stop in the middle leaves nothing that can be seen", async () => {
  const stop = new Stop("daily-backup", log);
  program("dpkg-query", `touch ${folder}/reached; exec sleep 60`);
  const running = back({ stop });
  const ended = expect(running).rejects.toThrow();
  while (!existsSync(join(folder, "reached"))) await new Promise(resolve => setTimeout(resolve, 10));
  stop.request({ kind: "signal", name: "SIGTERM" });
  await ended;
  expect(generations()).toEqual([]);
});
