import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { runnerOf } from "../../../stacks/runner";
import { makeDiskImage } from "./disk-image";
import { goBackToKept, keepFolder } from "./kept";
import { mountNamespace } from "./namespace";
import { type Recorder, startRecorder } from "./recorder";
import { rsyncProgram, rsyncTools } from "./rsync-tools";
import { startRunner, type StartedRun } from "./started-run";

/** As the unit starts it: with a mount table of its own, by the same process. */
const ownTable = ["unshare", "--mount", "--propagation", "private"];

export interface World {
  /** Paths of the mount points, and of the state folder, as the runner sees them. */
  readonly config: NfsMirrorConfig;
  /** The mounted trees, and anything else, as this process reaches them. */
  readonly source: string;
  readonly target: string;
  readonly folder: string;
  readonly pushes: Recorder;
  outside(path: string): string;
  /** Runs a command where the trees are mounted. */
  inside(program: string, ...args: string[]): Promise<string>;
  /** Shell command that runs another one where the trees are mounted, from wherever it is started. */
  fromHost(command: string): string;
  /** Mounts one of the disks, e.g. again after it was unmounted. */
  mount(disk: "src" | "dst", at?: string): Promise<void>;
  writeConfig(change: Partial<NfsMirrorConfig>): void;
  /** @param table what gives the run its mount table */
  start(
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
    table?: readonly string[],
  ): StartedRun;
  /** Another job's runner with a config for the same disks. @returns what starts it */
  addJob(
    job: string,
    config: { readonly stateDir: string },
  ): Promise<(args?: readonly string[], env?: Readonly<Record<string, string>>) => StartedRun>;
  /** Program that takes another one's place on the runner's PATH; `REAL` in its text is the real one's path. */
  shadow(program: string, script: string): void;
  unshadow(program: string): void;
  /** The job's command for people, on the PATH of what runs inside. */
  installCommand(): void;
  /** Keeps all that the world is now. Once. */
  keep(): Promise<void>;
  /** Makes the world what it was then, whatever has been done to it since. */
  goBack(): Promise<void>;
  close(): Promise<void>;
}

/** Two ext4 file systems on loop devices, a recorder as Pushgateway, and the bundled runner with a config for them. */
export async function createWorld(options: { sourceMb?: number; targetMb?: number } = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-runner-"));
  const namespace = await mountNamespace();
  const pushes = await startRecorder();
  const { path: bundle } = await runnerOf("nfs-mirror");
  mkdirSync(join(folder, "bin"));
  const disks = { src: options.sourceMb ?? 256, dst: options.targetMb ?? 256 };
  const uuids = {
    src: await makeDisk(folder, "src", disks.src),
    dst: await makeDisk(folder, "dst", disks.dst),
  };
  const tools = await rsyncTools(join(folder, "bin"));
  const environment = { ...tools, INVOCATION_ID: "", JOURNAL_STREAM: undefined };
  const realRsync = await rsyncProgram();
  const config = configOf(folder, uuids, pushes.url);
  const configFile = join(folder, "config.json");
  const world: World = {
    config,
    ...{ folder, pushes, outside: namespace.outside },
    source: namespace.outside(config.source.path),
    target: namespace.outside(config.target.path),
    async inside(program, ...args) {
      const variables = Object.entries(tools).map(([name, value]) => `${name}=${value}`);
      return namespace.run("env", ...variables, program, ...args);
    },
    fromHost: command => namespace.inside([command]).join(" "),
    async mount(disk, at = join(folder, disk)) {
      const options = disk === "dst" ? "loop,nosuid,nodev" : "loop";
      await namespace.run("mount", "-o", options, join(folder, `${disk}.img`), at);
    },
    writeConfig: change => writeFileSync(configFile, JSON.stringify({ ...config, ...change })),
    start: (args = [], env = {}, table = ownTable) =>
      startRunner(
        namespace.inside([...table, process.execPath, bundle, "--config", configFile, ...args]),
        { ...process.env, ...environment, ...env },
        config.stateDir,
      ),
    async addJob(job, config) {
      const [{ path: program }, file] = [await runnerOf(job), join(folder, `${job}.json`)];
      writeFileSync(file, JSON.stringify(config));
      return (args = [], env = {}) =>
        startRunner(
          namespace.inside([...ownTable, process.execPath, program, "--config", file, ...args]),
          { ...process.env, ...environment, ...env },
          config.stateDir,
        );
    },
    shadow(program, script) {
      const real = program === "rsync" ? realRsync : `/usr/bin/${program}`;
      const text = `#!/bin/sh\n${script.replaceAll("REAL", real)}\n`;
      writeFileSync(join(folder, "bin", program), text, { mode: 0o755 });
    },
    installCommand: () =>
      writeFileSync(
        join(folder, "bin", config.job),
        `#!/bin/sh\nexec ${process.execPath} ${bundle} --config ${configFile} "$@"\n`,
        { mode: 0o755 },
      ),
    unshadow: program => rmSync(join(folder, "bin", program)),
    keep: () => keepFolder(folder, mounts),
    goBack: () => goBackToKept(folder, mounts),
    async close() {
      await namespace.close();
      await pushes.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const mounts = {
    mount: () => Promise.all([world.mount("src"), world.mount("dst")]),
    unmount: () => namespace.run("umount", config.source.path, config.target.path),
  };
  world.writeConfig({});
  await mounts.mount();
  return world;
}

async function makeDisk(folder: string, name: string, megabytes: number): Promise<string> {
  const image = join(folder, `${name}.img`);
  mkdirSync(join(folder, name));
  return makeDiskImage(image, megabytes, ["-O", "^has_journal", "-N", String(megabytes * 60)]);
}

function configOf(folder: string, uuids: { src: string; dst: string }, url: string): NfsMirrorConfig {
  return {
    job: "nfs-mirror",
    host: "pve",
    source: { path: join(folder, "src"), fsUuid: uuids.src },
    target: { path: join(folder, "dst"), fsUuid: uuids.dst },
    excludes: ["frigate", "temp"],
    keep: ["pvc-data"],
    nested: [],
    accepted: [],
    rewritten: [],
    mostListed: 500_000,
    maxDeletions: { count: 10, percent: 10, bytesPercent: 100 },
    collapse: { leastPercent: 20, mostChangedPercent: 90 },
    budgetMs: 600_000,
    stateDir: join(folder, "state"),
    textfile: join(folder, "textfile", "nfs-mirror.prom"),
    pushgateway: { url, timeoutMs: 2_000, attempts: 2 },
  };
}

/** Values of the runner's textfile; none before its first end. */
export function metricsOf(world: World): Record<string, number> {
  try {
    const text = readFileSync(world.config.textfile, "utf8");
    return Object.fromEntries(
      [...text.matchAll(/^nfs_mirror_(\w+) (\d+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
    );
  } catch {
    return {};
  }
}
