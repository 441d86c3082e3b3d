import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupScrubConfig } from "../../../plan/contracts/backup-scrub";
import { runnerOf } from "../../../stacks/runner";
import { makeDiskImage } from "./disk-image";
import { goBackToKept, keepFolder } from "./kept";
import { mountNamespace } from "./namespace";
import { type Recorder, startRecorder } from "./recorder";
import { rotFiles } from "./rot";
import { rsyncTools } from "./rsync-tools";
import { startRunner, type StartedRun } from "./started-run";

const blockBytes = 4096;

/** A backup disk that can rot, a live tree that is mirrored to it, a recorder as Pushgateway, and the bundled runner. */
export interface ScrubWorld {
  readonly config: BackupScrubConfig;
  readonly folder: string;
  readonly pushes: Recorder;
  /** The mounted disk and the live tree, as this process reaches them. */
  readonly disk: string;
  readonly source: string;
  outside(path: string): string;
  inside(program: string, ...args: string[]): Promise<string>;
  /** Turns a bit of a file's first block below the file system: no size and no time tells. By paths below the disk. */
  rot(...paths: readonly string[]): Promise<void>;
  writeConfig(change: Partial<BackupScrubConfig>): void;
  start(args?: readonly string[], env?: Readonly<Record<string, string>>): StartedRun;
  /** Program that takes another one's place on the runner's PATH; `REAL` in its text is the real one's path. */
  shadow(program: string, script: string): void;
  unshadow(): void;
  metrics(): Record<string, number>;
  /** Keeps all that the world is now. Once. */
  keep(): Promise<void>;
  /** Makes the world what it was then, whatever has been done to it since. */
  goBack(): Promise<void>;
  close(): Promise<void>;
}

/** @param features of ext4 that the disk has more, or less (mke2fs -O) */
export async function createScrubWorld(megabytes = 64, features = "none"): Promise<ScrubWorld> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-scrub-"));
  const [namespace, pushes] = await Promise.all([mountNamespace(), startRecorder()]);
  const { path: bundle } = await runnerOf("backup-scrub");
  for (const name of ["bin", "disk", "source", "locks"]) mkdirSync(join(folder, name));
  const image = join(folder, "disk.img");
  const format = ["-m", "0", "-b", String(blockBytes), "-O", features];
  const fsUuid = await makeDiskImage(image, megabytes, format);
  const config = configOf(folder, fsUuid, pushes.url);
  const configFile = join(folder, "config.json");
  const mount = (): Promise<string> =>
    namespace.run("mount", "-o", "loop,nosuid,nodev", image, config.target.path);
  const unmount = (): Promise<string> => namespace.run("umount", config.target.path);
  const tools = await rsyncTools(join(folder, "bin"));
  const world: ScrubWorld = {
    ...{ config, folder, pushes, outside: namespace.outside, source: join(folder, "source") },
    disk: namespace.outside(config.target.path),
    inside: (program, ...args) =>
      namespace.run(
        "env",
        ...Object.entries(tools).map(([name, value]) => `${name}=${value}`),
        program,
        ...args,
      ),
    async rot(...paths) {
      const inodes = paths.map(path => lstatSync(join(world.disk, path)).ino);
      await unmount();
      await rotFiles(image, inodes, { blockBytes });
      await mount();
    },
    writeConfig: change => writeFileSync(configFile, JSON.stringify({ ...config, ...change })),
    start: (args = [], env = {}) =>
      startRunner(
        namespace.inside([
          ...["unshare", "--mount", "--propagation", "private"],
          ...[process.execPath, bundle, "--config", configFile, ...args],
        ]),
        { ...process.env, ...tools, INVOCATION_ID: "", JOURNAL_STREAM: undefined, ...env },
        config.stateDir,
      ),
    shadow(program, script) {
      const text = `#!/bin/sh\n${script.replaceAll("REAL", `/usr/bin/${program}`)}\n`;
      writeFileSync(join(folder, "bin", program), text, { mode: 0o755 });
    },
    unshadow() {
      rmSync(join(folder, "bin"), { recursive: true });
      mkdirSync(join(folder, "bin"));
    },
    metrics() {
      try {
        const samples = readFileSync(config.textfile, "utf8").matchAll(/^backup_scrub_(\w+) (\d+)$/gm);
        return Object.fromEntries([...samples].map(([, name = "", value]) => [name, Number(value)]));
      } catch {
        return {};
      }
    },
    keep: () => keepFolder(folder, { mount, unmount }),
    goBack: () => goBackToKept(folder, { mount, unmount }),
    async close() {
      await Promise.all([namespace.close(), pushes.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  world.writeConfig({});
  await mount();
  return world;
}

function configOf(folder: string, fsUuid: string, url: string): BackupScrubConfig {
  return {
    ...{ job: "backup-scrub", host: "pve", budgetMs: 600_000 },
    target: { path: join(folder, "disk"), fsUuid },
    // Shorter than any run: each one reads all of the disk.
    periodMs: 1,
    generations: [
      { folder: "pvc-data", depth: 2 },
      { folder: "pve-config", depth: 0 },
    ],
    sources: [join(folder, "source")],
    accepted: [],
    writers: [join(folder, "locks", "daily-backup.lock")],
    stateDir: join(folder, "state"),
    textfile: join(folder, "textfile", "backup-scrub.prom"),
    pushgateway: { url, timeoutMs: 2_000, attempts: 2 },
  };
}
