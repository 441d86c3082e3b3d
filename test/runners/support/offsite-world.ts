import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OffsiteSyncConfig } from "../../../plan/contracts/offsite-sync";
import { runnerOf } from "../../../stacks/runner";
import { makeDiskImage } from "./disk-image";
import { type Far, startFar } from "./far";
import { mountNamespace } from "./namespace";
import { type Recorder, startRecorder } from "./recorder";
import { rsyncProgram, rsyncTools } from "./rsync-tools";
import { startRunner, type StartedRun } from "./started-run";

/** A backup disk and a folder of photos on loop devices, a destination, and the bundled runner with a config for them. */
export interface OffsiteWorld {
  readonly config: OffsiteSyncConfig;
  readonly folder: string;
  readonly far: Far;
  readonly pushes: Recorder;
  /** The sources, as this process reaches them. */
  readonly backup: string;
  readonly photos: string;
  /** Journal of the writer of the backup disk. */
  readonly journal: string;
  outside(path: string): string;
  inside(program: string, ...args: string[]): Promise<string>;
  /** Shell command that runs another one where the sources are mounted. */
  fromHost(command: string): string;
  mount(disk: "backup" | "photos"): Promise<void>;
  writeConfig(change: Partial<OffsiteSyncConfig>): void;
  /** @param also a config that takes the place of some of this one's fields, as that of another job */
  start(
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
    also?: Partial<OffsiteSyncConfig>,
  ): StartedRun;
  shadow(program: string, script: string): void;
  unshadow(program: string): void;
  metrics(): Record<string, number>;
  close(): Promise<void>;
}

/** @param farMegabytes size of a disk that is the destination's own */
export async function createOffsiteWorld(megabytes = 64, farMegabytes?: number): Promise<OffsiteWorld> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-offsite-"));
  // Who logs in at the destination passes through.
  chmodSync(folder, 0o711);
  const [namespace, pushes, far] = await Promise.all([
    mountNamespace(),
    startRecorder(),
    startFar(join(folder, "far"), farMegabytes),
  ]);
  const { path: bundle } = await runnerOf("offsite-sync");
  for (const name of ["bin", "credentials", "backup", "photos"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "credentials", "nas-key"), far.privateKey, { mode: 0o600 });
  const uuids = {
    backup: await makeDiskImage(join(folder, "backup.img"), megabytes),
    photos: await makeDiskImage(join(folder, "photos.img"), megabytes),
  };
  const [tools, realRsync] = [await rsyncTools(join(folder, "bin")), await rsyncProgram()];
  const journal = join(folder, "writer");
  const config: OffsiteSyncConfig = {
    ...{ job: "offsite-sync-backup", metricsJob: "offsite-backup-sync", host: "pve", budgetMs: 600_000 },
    stateDir: join(folder, "state"),
    textfile: join(folder, "textfile", "offsite.prom"),
    legsTextfile: join(folder, "textfile", "offsite-legs.prom"),
    pushgateway: { url: pushes.url, timeoutMs: 2_000, attempts: 1 },
    credentialsDir: join(folder, "credentials"),
    destination: {
      name: "nas",
      address: "127.0.0.1",
      port: far.port,
      user: far.user,
      hostKey: far.hostKey,
      key: "nas-key",
    },
    legs: [
      {
        from: join(folder, "backup"),
        to: "pve-backup",
        mount: { path: join(folder, "backup"), fsUuid: uuids.backup },
        excludes: ["scratch"],
        generations: [{ folder: "pvc-data", keeps: 2 }],
        journals: [{ writer: "nfs-mirror", folder: journal, root: join(folder, "backup"), watches: false }],
      },
      {
        from: join(folder, "photos", "immich"),
        to: "nfs/immich",
        mount: { path: join(folder, "photos"), fsUuid: uuids.photos },
        excludes: [],
        generations: [],
        journals: [],
      },
    ],
    predecessors: [{ job: "daily-backup", stateDir: join(folder, "daily-backup") }],
    fullPass: "Sun *-*-1..7 UTC",
    collapse: { leastPercent: 20, mostChangedPercent: 90 },
    scrub: { periodMs: 30 * 86_400_000 },
    ...{ sample: 16, stallMs: 60_000 },
  };
  const configFile = join(folder, "config.json");
  const world: OffsiteWorld = {
    ...{ config, folder, far, pushes, journal, outside: namespace.outside },
    backup: namespace.outside(join(folder, "backup")),
    photos: namespace.outside(join(folder, "photos")),
    async inside(program, ...args) {
      const variables = Object.entries(tools).map(([name, value]) => `${name}=${value}`);
      return namespace.run("env", ...variables, program, ...args);
    },
    fromHost: command => namespace.inside([command]).join(" "),
    async mount(disk) {
      await namespace.run(
        "mount",
        "-o",
        "loop,nosuid,nodev",
        join(folder, `${disk}.img`),
        join(folder, disk),
      );
    },
    writeConfig: change => writeFileSync(configFile, JSON.stringify({ ...config, ...change })),
    start(args = [], env = {}, also) {
      const file = also ? join(folder, "also.json") : configFile;
      if (also) writeFileSync(file, JSON.stringify({ ...config, ...also }));
      return startRunner(
        namespace.inside([
          ...["unshare", "--mount", "--propagation", "private"],
          ...[process.execPath, bundle, "--config", file, ...args],
        ]),
        { ...process.env, ...tools, INVOCATION_ID: "", JOURNAL_STREAM: undefined, ...env },
        also?.stateDir ?? config.stateDir,
      );
    },
    shadow(program, script) {
      const real = program === "rsync" ? realRsync : `/usr/bin/${program}`;
      writeFileSync(join(folder, "bin", program), `#!/bin/sh\n${script.replaceAll("REAL", real)}\n`, {
        mode: 0o755,
      });
    },
    unshadow: program => rmSync(join(folder, "bin", program)),
    metrics() {
      const text = [config.textfile, config.legsTextfile].map(file => readOr(file)).join("");
      return Object.fromEntries(
        [...text.matchAll(/^(?:offsite_sync_|backup_)(\w+(?:\{[^}]*\})?) (\d+)$/gm)].map(
          ([, name = "", value]) => [name.replaceAll(`${folder}/`, ""), Number(value)],
        ),
      );
    },
    async close() {
      await far.stop();
      await namespace.close();
      await pushes.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  world.writeConfig({});
  await world.mount("backup");
  await world.mount("photos");
  return world;
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
