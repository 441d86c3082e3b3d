import {
  lstatSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { configurationPhase, type ConfigurationRun } from "../../host-scripts/daily-backup/configuration";
import { makeGeneration } from "../../host-scripts/daily-backup/make-generation";
import { freshGeneration, promote } from "../../host-scripts/runtime/generations";
import { createLog } from "../../host-scripts/runtime/log";
import { Stop } from "../../host-scripts/runtime/stop";
import { parseEstate, planOf } from "../../plan";
import type { DailyBackupConfig } from "../../plan/contracts/daily-backup";
import { restoreCommand } from "../../plan/graph/lose";
import { estate } from "../../stacks/homelab/estate";
import { backupRun, volumeTask } from "./support/backup-run";
import { type MountNamespace, mountNamespace } from "./support/namespace";
import { createPoolWorld } from "./support/pool-world";
import { useRsyncTools } from "./support/rsync-tools";
import { bundleProgram, type SqliteNamespace, sqliteNamespace } from "./support/sqlite-world";
import { createWorld } from "./support/world";

// What `holdfast lose` prints is run as it is printed, on what the runners themselves have made.

jest.setTimeout(120_000);

const plan = planOf(parseEstate(estate));

/** What is printed for the copy that came by these jobs, the last one into a folder of such a name. */
function printed(service: string, folder: string, ...jobs: readonly string[]): string {
  const copy = plan.copies.find(
    ({ dataset, way, location }) =>
      dataset.service === service &&
      way.jobs.map(({ name }) => name).join() === jobs.join() &&
      location.path.includes(`/${folder}`),
  );
  if (!copy) throw new Error(`no copy of ${service} by ${jobs.join(", ")} in ${folder}`);
  return restoreCommand(copy);
}

let folder: string;
let namespace: MountNamespace;
let undo: () => void;

beforeEach(async () => {
  // In memory: each generation is synced.
  folder = mkdtempSync("/dev/shm/holdfast-restore-");
  for (const name of ["bin", "disk", "volume", "nas"]) mkdirSync(join(folder, name));
  undo = await useRsyncTools(join(folder, "bin"));
  namespace = await mountNamespace();
});
afterEach(async () => {
  await namespace.close();
  undo();
  rmSync(folder, { recursive: true, force: true });
});

/** Folders of this test take the places that they have on a host: the backup disk, a mounted volume, a home of root's. */
async function asOnAHost(): Promise<void> {
  for (const path of ["/mnt", "/srv"]) await namespace.run("mount", "-t", "tmpfs", "none", path);
  await namespace.run("mkdir", "-p", "/mnt/backup", "/mnt/restore", "/srv/nfs");
  await namespace.run("mount", "--bind", join(folder, "disk"), "/mnt/backup");
}

async function mountVolume(): Promise<void> {
  await namespace.run("mount", "--bind", join(folder, "volume"), "/mnt/restore");
}

interface Pasted {
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Pasted into a shell of the host. */
async function paste(text: string, environment: readonly string[] = []): Promise<Pasted> {
  const [enter = "", ...rest] = namespace.inside(["env", ...environment, "bash", "--norc", "-c", text]);
  return execa(enter, rest, { reject: false });
}

const weeks = ["2026-05-19T03:00:00Z", "2026-05-26T03:00:00Z"] as const;

/** Two weeks of a volume's files, by the runner's own code; "text" says of which week they are. */
async function nights(): Promise<void> {
  const source = join(folder, "source");
  mkdirSync(source);
  for (const date of weeks) {
    writeFileSync(join(source, "text"), `of ${date}`);
    const claim = { namespace: "nextcloud", name: "nextcloud" };
    const task = { ...volumeTask(), claim, path: "nextcloud/nextcloud" };
    const stop = new AbortController().signal;
    await makeGeneration(backupRun(folder, date), task, source, { every: "week" }, undefined, stop);
  }
}

const volumeHas = (): string => readFileSync(join(folder, "volume/text"), "utf8");

test("a volume's files come back from the newest of the weeks, into a mounted volume only", async () => {
  await nights();
  await asOnAHost();
  const command = printed("nextcloud", "pvc-data", "lvm-pvc-snapshot", "daily-backup");
  expect(await paste(command)).toMatchObject({
    exitCode: 32,
    stdout: "/mnt/restore is not a mountpoint",
  });
  expect(await namespace.run("ls", "/mnt/restore")).toBe("");
  await mountVolume();
  expect(await paste(command)).toMatchObject({ exitCode: 0 });
  expect(volumeHas()).toBe(`of ${weeks[1]}`);
});

test("a volume without a generation brings nothing back, and says so", async () => {
  await asOnAHost();
  await mountVolume();
  const command = printed("nextcloud", "pvc-data", "lvm-pvc-snapshot", "daily-backup");
  const { exitCode, stderr } = await paste(command);
  expect(exitCode).toBe(23);
  expect(stderr).toContain("nextcloud/nextcloud");
  expect(readdirSync(join(folder, "volume"))).toEqual([]);
});

test("a volume comes back from off the site too: its weeks first, then its files", async () => {
  await nights();
  cpSync(join(folder, "disk"), join(folder, "nas/Backup/Viki/pve-backup"), { recursive: true });
  rmSync(join(folder, "disk/pvc-data"), { recursive: true });
  await asOnAHost();
  await mountVolume();
  // Of `-l USER ADDRESS rsync --server …` what the NAS would run, on a folder in the NAS' place.
  const remote = join(folder, "bin/remote");
  const script = `#!/bin/sh\nshift 3\nexec sh -c "$(echo "$*" | sed 's#/Backup/#${folder}/nas/Backup/#')"\n`;
  writeFileSync(remote, script, { mode: 0o755 });
  const command = printed("nextcloud", "pvc-data", "lvm-pvc-snapshot", "daily-backup", "offsite-sync-backup");
  expect(await paste(command, [`RSYNC_RSH=${remote}`])).toMatchObject({ exitCode: 0, stderr: "" });
  expect(readdirSync(join(folder, "disk/pvc-data"))).toEqual(["2026-21", "2026-22"]);
  expect(volumeHas()).toBe(`of ${weeks[1]}`);
});

test("the host's configuration comes into a folder that root alone can read, and into no place of the host", async () => {
  const host = join(folder, "host");
  writeFileSync(join(folder, "bin/apt-mark"), "#!/bin/sh\necho bash\n", { mode: 0o755 });
  for (const [path, text] of [
    ["etc/pve/storage.cfg", "dir: local"],
    ["usr/local/bin/script", "#!/bin/sh"],
    ["etc/systemd/system/x.service", "[Unit]"],
    ["etc/shadow", "root:secret"],
  ] as const) {
    mkdirSync(dirname(join(host, path)), { recursive: true });
    writeFileSync(join(host, path), text);
  }
  const log = createLog("test", { json: true, progress: false });
  const paths = ["/etc/pve", "/usr/local/bin", "/etc/systemd/system"];
  const config = {
    ...{ job: "daily-backup", host: "pve", budgetMs: 60_000, zone: "UTC" },
    target: { path: join(folder, "disk"), fsUuid: "1" },
    configuration: { every: "week", count: 4, paths },
  } as unknown as DailyBackupConfig;
  const run: ConfigurationRun = {
    ...{ config, dryRun: false, log, notes: [], accepted: new Set<string>(), bytes: 0 },
    ...{ stop: new Stop("daily-backup", log), startedAt: new Date(weeks[1]) },
  };
  await configurationPhase(() => undefined, host).run(run);
  await asOnAHost();
  const ofHost = (): Promise<string> => namespace.run("find", "/etc", "/usr/local", "-printf", "%p %T@\n");
  // A command that would write there must not reach the machine of this test.
  await namespace.run("mount", "--bind", "/etc", "/etc");
  await namespace.run("mount", "-o", "remount,bind,ro", "/etc");
  const before = await ofHost();
  const { exitCode, stdout: files } = await paste(printed("pve-host", "pve-config", "daily-backup"));
  try {
    expect(exitCode).toBe(0);
    expect(files).toMatch(/^\/root\/[^/]+\/files$/);
    expect(lstatSync(dirname(files)).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(files, "etc/pve/storage.cfg"), "utf8")).toBe("dir: local");
    expect(existsSync(join(files, "usr/local/bin/script"))).toBe(true);
    // What isn't asked for isn't unpacked.
    expect(existsSync(join(files, "etc/shadow"))).toBe(false);
    expect(await ofHost()).toBe(before);
  } finally {
    if (files.startsWith("/root/")) rmSync(dirname(files), { recursive: true });
  }
});

test("a firewall's newest configuration is named", async () => {
  for (const week of ["2026-21", "2026-22"]) {
    const fresh = freshGeneration(join(folder, "disk/pfsense"), week, ".");
    writeFileSync(join(fresh.folder, "config.xml"), "<pfsense/>");
    await promote(fresh, new AbortController().signal);
  }
  await asOnAHost();
  const pasted = await paste(printed("pfsense", "pfsense", "pfsense-backup"));
  expect(pasted).toMatchObject({ exitCode: 0, stdout: "/mnt/backup/pfsense/2026-22/config.xml" });
});

test("a service's tree comes back from the mirror", async () => {
  const world = await createWorld();
  try {
    mkdirSync(join(world.source, "navidrome"));
    writeFileSync(join(world.source, "navidrome/song"), "la");
    const ended = await world.start(["--accept", "."]).finished;
    expect(ended.status).toBe(0);
    cpSync(world.target, join(folder, "disk"), { recursive: true });
  } finally {
    await world.close();
  }
  await asOnAHost();
  expect(await paste(printed("navidrome", "navidrome", "nfs-mirror"))).toMatchObject({ exitCode: 0 });
  expect(await namespace.run("cat", "/srv/nfs/navidrome/song")).toBe("la");
});

test("a volume's snapshots are listed by its claim, and the restore that the list prints is one that the runner takes", async () => {
  const world = await createPoolWorld();
  try {
    world.add("vm-9-pvc-a");
    world.add("vm-9-pvc-b");
    world.writeMap({
      "vm-9-pvc-a": { namespace: "nextcloud", name: "nextcloud" },
      "vm-9-pvc-b": { namespace: "shop", name: "data" },
    });
    expect(await world.snapshot()).toMatchObject({ status: 0 });
    // The wrapper on the host gives the config; all else is the words as a shell splits them.
    const words = async (text: string): Promise<string[]> => {
      const { stdout } = await execa("bash", ["-c", `lvm-pvc-snapshot() { printf '%s\\n' "$@"; }; ${text}`]);
      return stdout.split("\n");
    };
    const list = await world.snapshot(
      ...(await words(printed("nextcloud", "snapshots", "lvm-pvc-snapshot"))),
    );
    expect(list).toMatchObject({ status: 0 });
    expect(list.output).not.toContain("vm-9-pvc-b");
    const [, restore = ""] = /: (lvm-pvc-snapshot restore .*)$/m.exec(list.output) ?? [];
    expect(restore).toMatch(/ vm-9-pvc-a vm-9-pvc-a_snap_/);
    expect(await world.snapshot(...(await words(restore)), "--dry-run")).toMatchObject({ status: 0 });
    expect(await world.snapshot("list", "shop/nothing")).toMatchObject({
      status: 3,
      output: expect.stringContaining("Next: lvm-pvc-snapshot list"),
    });
  } finally {
    await world.close();
  }
});

const copies = `
import { copyStores } from "./host-scripts/daily-backup/copy-stores";
import { backupRun, volumeTask } from "./test/runners/support/backup-run";
const [folder, source, date] = process.argv.slice(2);
const task = { ...volumeTask(), claim: { namespace: "books", name: "books" }, path: process.argv[5] };
copyStores(backupRun(folder, date), task, source, undefined, new AbortController().signal).then(
  ({ failed }) => { if (failed) throw failed; },
).catch(error => { console.error(error); process.exitCode = 1; });
`;

describe("databases", () => {
  let sqlite: SqliteNamespace;
  beforeEach(async () => {
    mkdirSync(join(folder, "sqlite"));
    await namespace.close();
    sqlite = await sqliteNamespace(join(folder, "sqlite"));
    namespace = sqlite.namespace;
  });

  test("come back without the logs that lie beside the ones of today", async () => {
    const copy = plan.copies.find(
      ({ location, way }) => way.jobs.length === 2 && location.path.includes("/sqlite-backup/"),
    );
    const claim = copy?.location.path.split("/sqlite-backup/")[1] ?? "";
    const source = join(folder, "source");
    mkdirSync(source);
    const sql = (file: string, statements: string): Promise<string> =>
      namespace.run("env", ...sqlite.environment, "sqlite3", "-batch", "-bail", file, statements);
    await sql(join(source, "app.db"), "CREATE TABLE notes(text); INSERT INTO notes VALUES('kept');");
    const bundle = join(folder, "copy.cjs");
    await bundleProgram(copies, bundle);
    const argv = [process.execPath, bundle, folder, source, weeks[1], claim];
    await namespace.run("env", ...sqlite.environment, ...argv);
    await asOnAHost();
    await mountVolume();
    for (const suffix of ["", "-wal", "-shm"])
      writeFileSync(join(folder, `volume/app.db${suffix}`), `a log of today's ${suffix}`);
    writeFileSync(join(folder, "volume/other-wal"), "no database's");
    expect(await paste(copy ? restoreCommand(copy) : "false")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readdirSync(join(folder, "volume")).sort()).toEqual(["app.db", "other-wal"]);
    expect(await sql("/mnt/restore/app.db", "SELECT text FROM notes;")).toBe("kept");
  });
});
