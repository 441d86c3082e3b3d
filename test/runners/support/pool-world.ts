import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownerTag, stamp } from "../../../host-scripts/runtime/lvm/snapshots";
import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import type { LvmPvcSnapshotConfig } from "../../../plan/contracts/lvm-pvc-snapshot";
import { runnerOf } from "../../../stacks/runner";
import { makeDiskImage } from "./disk-image";
import { mountNamespace } from "./namespace";
import { startRecorder } from "./recorder";
import { startRunner } from "./started-run";

export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** A row of `lvs`, as far as the tests set it. */
interface Row {
  lv_name: string;
  lv_uuid: string;
  origin: string;
  thin_id: string;
  lv_tags: string;
}

/**
 * What two bundled runners see of a pool whose volumes hold nothing: programs of LVM's names that read and write a list,
 * for tests of what is said of volumes that come and go. What volumes hold, and LVM itself, is `test/volumes`.
 */
export interface PoolWorld {
  readonly folder: string;
  readonly pushes: Awaited<ReturnType<typeof startRecorder>>;
  readonly snapshotState: string;
  readonly backupState: string;
  /** Names of all volumes, sorted. */
  names(): string[];
  /** Words of each call of a program since the world began. */
  calls(program: string): string[];
  add(name: string): void;
  /** A snapshot as the job makes it. @param ageMs how long ago, by its name @returns its name */
  addSnapshot(origin: string, ageMs?: number): string;
  remove(name: string): void;
  rename(from: string, to: string, tags?: readonly string[]): void;
  /** How full the pool is, in percent: by live volumes, and by each snapshot, or each one of the volume `busy`. */
  fill(live: number, eachSnapshot: number, busy?: string): void;
  /** For how many volumes and snapshots LVM has a record; by itself for more than there are. */
  records(most: number): void;
  /** Whose volumes they are, by the word of the last run that reached the cluster. */
  writeMap(map: Readonly<Record<string, object>>): void;
  snapshot(...words: readonly string[]): Promise<Ended>;
  backup(...words: readonly string[]): Promise<Ended>;
  /** Runs a script in a folder of the mounted backup disk, which is made. */
  onDisk(path: string, script: string): Promise<string>;
  /** Text of a textfile, e.g. "daily-backup-volumes". */
  textfile(name: string): string;
  close(): Promise<void>;
}

const dayMs = 86_400_000;

export async function createPoolWorld(): Promise<PoolWorld> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-pool-"));
  const [namespace, pushes] = await Promise.all([mountNamespace(), startRecorder()]);
  for (const name of ["bin", "disk", "textfiles", "credentials"]) mkdirSync(join(folder, name));
  const [list, calls, used] = [join(folder, "pool"), join(folder, "calls"), join(folder, "used")];
  for (const name of ["lvs", "lvcreate", "lvremove", "lvchange", "vgs", "dmsetup"])
    symlinkSync(join(__dirname, "pool-lvm.sh"), join(folder, "bin", name));
  const image = join(folder, "disk.img");
  const fsUuid = await makeDiskImage(image, 96, ["-m", "0", "-O", "^has_journal"]);
  await namespace.run("mount", "-o", "loop,nosuid,nodev", image, join(folder, "disk"));
  const [snapshotState, backupState] = [join(folder, "snapshot-state"), join(folder, "backup-state")];
  for (const state of [snapshotState, backupState]) mkdirSync(state);
  const common = (job: "lvm-pvc-snapshot" | "daily-backup") => ({
    ...{ host: "pve", budgetMs: 600_000, zone: "UTC", credentialsDir: join(folder, "credentials") },
    textfile: join(folder, "textfiles", `${job}.prom`),
    pushgateway: { url: pushes.url, timeoutMs: 2_000, attempts: 1 },
    // There is no such credential: the map is that of an earlier run.
    kubeconfig: "kubeconfig",
  });
  const limits = (percent: number) => ({ dataPercent: percent, metadataPercent: percent });
  const keep = { kind: "age", ms: 7 * dayMs, atLeast: 1 } as const;
  const pool = { vg: "pve", pool: "data", pattern: "vm-*-pvc-*", excludeNamespaces: [] };
  const snapshotConfig: LvmPvcSnapshotConfig = {
    ...{ job: "lvm-pvc-snapshot", ...common("lvm-pvc-snapshot"), ...pool, keep, stateDir: snapshotState },
    guard: { thinOut: limits(80), decline: limits(90) },
    restoresTextfile: join(folder, "textfiles", "restores.prom"),
  };
  const backupConfig: DailyBackupConfig = {
    ...{ job: "daily-backup", ...common("daily-backup"), stateDir: backupState },
    target: { path: join(folder, "disk"), fsUuid },
    volumes: {
      ...{ ...pool, snapshotJob: "lvm-pvc-snapshot", maxSnapshotAgeMs: dayMs / 2 },
      snapshots: { stateDir: snapshotState, keep, zone: "UTC" },
      ...{ keep: { every: "week", count: 4 }, more: [], volumeBudgetMs: 300_000, luksKeys: [], accepted: [] },
      contentPeriodMs: 30 * 86_400_000,
      collapse: { leastPercent: 20, mostChangedPercent: 90 },
    },
    volumesTextfile: join(folder, "textfiles", "daily-backup-volumes.prom"),
  };
  for (const config of [snapshotConfig, backupConfig])
    writeFileSync(join(folder, `${config.job}.json`), JSON.stringify(config));
  const start = async (
    config: LvmPvcSnapshotConfig | DailyBackupConfig,
    words: readonly string[],
  ): Promise<Ended> => {
    const { path: bundle } = await runnerOf(config.job);
    const argv = [process.execPath, bundle, "--config", join(folder, `${config.job}.json`), ...words];
    const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
    const { status, stdout, stderr } = await startRunner(
      namespace.inside(["unshare", "--mount", "--propagation", "private", ...argv]),
      { ...env, INVOCATION_ID: "", JOURNAL_STREAM: undefined },
      config.stateDir,
    ).finished;
    return { status, output: stdout + stderr };
  };
  const read = (): Row[] =>
    readFileSync(list, "utf8")
      .split("\n")
      .filter(line => line !== "")
      .map(line => {
        const [lv_name = "", lv_uuid = "", origin = "", thin_id = "", lv_tags = ""] = line.split("\t");
        return { lv_name, lv_uuid, origin, thin_id, lv_tags };
      });
  const write = (rows: readonly Row[]): void =>
    writeFileSync(
      list,
      rows
        .map(row => `${[row.lv_name, row.lv_uuid, row.origin, row.thin_id, row.lv_tags].join("\t")}\n`)
        .join(""),
    );
  write([]);
  const fill: PoolWorld["fill"] = (live, eachSnapshot, busy = "") =>
    writeFileSync(used, `${live} ${eachSnapshot} ${busy}\n`);
  fill(10, 0);
  const records: PoolWorld["records"] = most => writeFileSync(join(folder, "records"), `${most}\n`);
  records(1_000);
  let made = 0;
  const row = (name: string, more: Partial<Row> = {}): Row => {
    made += 1;
    return { lv_name: name, lv_uuid: `uuid-${made}`, origin: "", thin_id: `${made}`, lv_tags: "", ...more };
  };
  return {
    ...{ folder, pushes, snapshotState, backupState, fill, records },
    names: () =>
      read()
        .map(({ lv_name }) => lv_name)
        .sort(),
    calls: program =>
      readFileSync(calls, "utf8")
        .split("\n")
        .filter(line => line.startsWith(`${program} `)),
    add: name => write([...read(), row(name)]),
    addSnapshot(origin, ageMs = 0) {
      const at = stamp(Date.now() - ageMs);
      const name = `${origin}_snap_${at}`;
      write([...read(), row(name, { origin, lv_tags: ownerTag })]);
      return name;
    },
    remove: name => write(read().filter(({ lv_name }) => lv_name !== name)),
    rename: (from, to, tags = []) =>
      write(read().map(it => (it.lv_name === from ? { ...it, lv_name: to, lv_tags: tags.join(",") } : it))),
    writeMap(map) {
      for (const state of [snapshotState, backupState])
        writeFileSync(join(state, "volume-map.json"), JSON.stringify(map));
    },
    snapshot: (...words) => start(snapshotConfig, words),
    backup: (...words) => start(backupConfig, words),
    onDisk: (path, script) =>
      namespace.run(
        "sh",
        "-c",
        'mkdir -p "$1" && cd "$1" && eval "$2"',
        "sh",
        join(folder, "disk", path),
        script,
      ),
    textfile: name => readFileSync(join(folder, "textfiles", `${name}.prom`), "utf8"),
    async close() {
      await namespace.close();
      await pushes.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
