import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleRunner } from "../../../host-scripts/bundle-runner";
import { projectRoot } from "../../../lab/cache";
import { clusterDumpConfig, type ClusterDumpConfig } from "../../../plan/contracts/cluster-dump";
import { type MountNamespace, mountNamespace } from "./namespace";
import { clockFrom } from "./clock";
import type { DatabaseServer } from "./postgresql-server";
import { type Recorder, startRecorder } from "./recorder";
import { type FinishedRun, type StartedRun, startRunner } from "./started-run";

/** Both containers of a dump's pod as processes, with the folder that they share, a server, and a target. */
export interface DumpWorld {
  readonly server: DatabaseServer;
  readonly config: ClusterDumpConfig;
  readonly pushes: Recorder;
  readonly target: string;
  /** Both halves of a pod: how each of them ended. */
  pod(script: string, options?: PodOptions): Promise<{ client: FinishedRun; runner: FinishedRun }>;
  /** The same of a job in which a person asks something of the dumps, e.g. "restore shop". */
  ask(
    script: string,
    ask: string,
    options?: PodOptions,
  ): Promise<{ client: FinishedRun; runner: FinishedRun }>;
  /** Both halves of a drill's pod, which has no password and knows no server, as an account that no system has a name for. */
  drill(script: string, options?: PodOptions): Promise<{ client: FinishedRun; runner: FinishedRun }>;
  /** The client's half alone. */
  client(script: string, options?: PodOptions): StartedRun;
  runner(ask?: string, environment?: Readonly<Record<string, string>>): StartedRun;
  writeConfig(change: Partial<ClusterDumpConfig>): void;
  /** Mounts the target anew with options of mount(8), as an export that was changed. */
  remount(options: string): Promise<void>;
  /** Names below the target, state left out. */
  files(below?: string): string[];
  /** The pushed metrics of the last run. */
  metrics(): Record<string, number>;
  reset(): void;
  close(): Promise<void>;
}

export interface PodOptions {
  /** Text of a program that takes another one's place; REAL is that one's path. */
  readonly shadow?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** The instant at which its runner's clock begins. */
  readonly at?: string;
  /** A pod besides another one that is at work: it has the dumps in common with that one, and nothing else. */
  readonly beside?: true;
}

/** Room on the target: more than a few dumps of a small server. */
const targetBytes = 16 * 2 ** 20;

/** Numbers of the accounts that the containers run as: each is in the other's group, as in their pod. */
interface Accounts {
  readonly client: number;
  readonly runner: number;
}

/** What the containers of one pod have in common, and programs that take others' places in its client. */
interface Pod {
  readonly exchange: string;
  readonly scratch: string;
  readonly bin: string;
}

function podIn(folder: string, prefix: string): Pod {
  const [exchange, scratch, bin] = ["exchange", "scratch", "bin"].map(name =>
    join(folder, `${prefix}${name}`),
  ) as [string, string, string];
  for (const made of [exchange, scratch, bin]) mkdirSync(made, { recursive: true });
  for (const shared of [exchange, scratch]) chmodSync(shared, 0o777);
  return { exchange, scratch, bin };
}

/**
 * @param startServer starts a database server below a folder that any user may reach
 * @param accounts by default both are root
 * @param other a runner that isn't cluster-dump, and what it is given of that one's config
 * @param mountTarget mounts what the dumps are written to; an empty one unless given
 */
export async function createDumpWorld(
  job: string,
  startServer: (namespace: MountNamespace, folder: string) => Promise<DatabaseServer>,
  accounts?: Accounts,
  other?: { readonly name: string; configOf(config: ClusterDumpConfig): object },
  mountTarget = (namespace: MountNamespace, target: string): Promise<unknown> =>
    namespace.run("mount", "-t", "tmpfs", "-o", `size=${targetBytes}`, "none", target),
): Promise<DumpWorld> {
  const as = (who: keyof Accounts): string[] =>
    accounts
      ? [
          ...["setpriv", `--reuid=${accounts[who]}`, `--regid=${accounts[who]}`],
          `--groups=${accounts.client},${accounts.runner}`,
        ]
      : [];
  const folder = mkdtempSync(join(tmpdir(), "holdfast-dump-"));
  chmodSync(folder, 0o755);
  const [namespace, pushes, bundle] = await Promise.all([
    mountNamespace(),
    startRecorder(),
    bundleRunner(other?.name ?? "cluster-dump", projectRoot, "cluster-scripts"),
  ]);
  const server = await startServer(namespace, folder);
  const program = join(folder, "cluster-dump.cjs");
  writeFileSync(program, bundle.text);
  const target = join(folder, "target");
  const first = podIn(folder, "");
  const { exchange, scratch } = first;
  mkdirSync(target);
  await mountTarget(namespace, target);
  const seen = namespace.outside(target);
  if (accounts) chownSync(seen, accounts.runner, accounts.runner);
  const file = join(folder, "config.json");
  let config: ClusterDumpConfig = clusterDumpConfig.parse({
    ...{ job, host: "k8s", budgetMs: 600_000, zone: "UTC", exchange, target },
    ...{ stateDir: join(target, ".holdfast"), textfile: join(target, ".holdfast", "metrics.prom") },
    pushgateway: { url: pushes.url, timeoutMs: 2_000, attempts: 1 },
    seen: { host: "pve", path: `/srv/nfs/${job}`, namespace: "dbaas" },
    keep: { kind: "age", ms: 14 * 86_400_000, atLeast: 2 },
    band: { leastPercent: 20, mostPercent: 1_000 },
    clientWithinMs: 20_000,
  });
  const writeConfig = (change: Partial<ClusterDumpConfig>): void => {
    config = { ...config, ...change };
    writeFileSync(file, JSON.stringify(other?.configOf(config) ?? config));
  };
  writeConfig({});
  const original = config;
  const empty = (path: string): void => {
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
  };
  const client = (
    script: string,
    { shadow = {}, environment = {} }: PodOptions = {},
    account = as("client"),
    { bin, exchange, scratch }: Pod = first,
  ): StartedRun => {
    empty(bin);
    for (const [name, text] of Object.entries(shadow)) {
      const real = join(server.programs, name);
      writeFileSync(join(bin, name), `#!/bin/sh\n${text.replaceAll("REAL", real)}\n`, { mode: 0o755 });
    }
    const all = {
      ...server.environment,
      ...{ PATH: `${bin}:${server.environment["PATH"] ?? ""}`, EXCHANGE: exchange, SCRATCH: scratch },
      ...{ PASSWORD_FILE: join(folder, "password"), ...environment },
    };
    const words = Object.entries(all).map(([name, value]) => `${name}=${value}`);
    const path = join(projectRoot, "cluster-scripts/clients", script);
    return startRunner(namespace.inside([...account, "env", "-i", ...words, "sh", path]), process.env, "");
  };
  const runner = (ask = "run", environment = {}): StartedRun =>
    startRunner(
      namespace.inside([...as("runner"), process.execPath, program, "--config", file]),
      { ...process.env, ASK: ask, ...environment },
      join(seen, ".holdfast"),
    );
  const ask: DumpWorld["ask"] = async (script, asked, options) => {
    for (const path of [exchange, scratch]) empty(path);
    const halves = {
      client: client(script, options),
      runner: runner(asked, options?.at === undefined ? {} : clockFrom(folder, options.at)),
    };
    return { runner: await halves.runner.finished, client: await halves.client.finished };
  };
  const drill: DumpWorld["drill"] = async (script, { shadow, environment, beside } = {}) => {
    const pod = beside ? podIn(folder, "beside-") : first;
    const { exchange, scratch } = pod;
    for (const path of [exchange, scratch]) empty(path);
    const nobody = ["setpriv", "--reuid=64738", "--regid=64738", "--clear-groups"];
    await namespace.run("chown", "-R", "64738:64738", target);
    const { text } = await bundleRunner("dump-drill", projectRoot, "cluster-scripts");
    const [bundle, own] = [`${exchange}.dump-drill.cjs`, `${exchange}.dump-drill.json`];
    writeFileSync(bundle, text);
    const { budgetMs, pushgateway, seen: shown, clientWithinMs } = config;
    const stateDir = join(target, ".holdfast", "drill");
    writeFileSync(
      own,
      JSON.stringify({
        ...{ job: `${job}-drill`, host: "k8s", budgetMs, stateDir, textfile: join(stateDir, "metrics.prom") },
        ...{ pushgateway, seen: shown, clientWithinMs, exchange, target, dump: job },
      }),
    );
    // As in a pod: but for these two, nothing can be written, and nobody knows the host's name.
    const onlyThere = `echo pod.invalid >/proc/sys/kernel/hostname; mount --bind /dev/null /etc/hosts; mount --bind /dev/null /etc/nsswitch.conf; for folder in ${exchange} ${scratch}; do mount --bind $folder $folder || exit; done; mount -o remount,bind,ro / && exec "$@"`;
    const halves = {
      client: client(
        script,
        {
          ...(shadow && { shadow }),
          environment: { OWN_SERVER: "yes", DATABASE_HOST: "/nowhere", PASSWORD_FILE: "", ...environment },
        },
        ["unshare", "--mount", "--uts", "sh", "-c", onlyThere, "sh", ...nobody],
        pod,
      ),
      runner: startRunner(
        namespace.inside([...nobody, process.execPath, bundle, "run", "--config", own]),
        { ...process.env, RELEASE: "of-today" },
        join(seen, ".holdfast", "drill"),
      ),
    };
    return { runner: await halves.runner.finished, client: await halves.client.finished };
  };
  return {
    ...{ server, pushes, ask, drill, target: seen, writeConfig, client, runner },
    get config() {
      return config;
    },
    async pod(script, options) {
      return ask(script, "run", options);
    },
    async remount(options) {
      await namespace.run("mount", "-o", `remount,${options}`, target);
    },
    files: (below = "") =>
      readdirSync(join(seen, below), { recursive: true, encoding: "utf8" })
        .filter(name => !name.startsWith(".holdfast"))
        .sort(),
    metrics() {
      const text = readFileSync(join(seen, ".holdfast/metrics.prom"), "utf8");
      const samples = text.matchAll(/^([a-z_]+) (\S+)$/gm);
      return Object.fromEntries([...samples].map(([, name = "", value]) => [name, Number(value)]));
    },
    reset() {
      for (const path of [exchange, seen, first.bin]) empty(path);
      writeConfig(original);
    },
    async close() {
      await server.stop();
      await Promise.all([namespace.close(), pushes.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
