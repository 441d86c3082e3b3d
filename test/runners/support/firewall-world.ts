import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Firewall, startFirewall } from "../../../lab/servers/firewall";
import type { PfsenseBackupConfig } from "../../../plan/contracts/pfsense-backup";
import { runnerOf } from "../../../stacks/runner";
import { makeDiskImage } from "./disk-image";
import { mountNamespace } from "./namespace";
import { noonZone } from "./noon";
import { type Recorder, startRecorder } from "./recorder";
import { startRunner, type StartedRun } from "./started-run";

/** A backup disk, a stand-in for a firewall, a recorder as Pushgateway, and the bundled runner with a config for them. */
export interface FirewallWorld {
  readonly config: PfsenseBackupConfig;
  readonly firewall: Firewall;
  readonly folder: string;
  readonly pushes: Recorder;
  /** The firewall's folder on the backup disk, as this process reaches it. */
  readonly generations: string;
  inside(program: string, ...args: string[]): Promise<string>;
  /** A path of the world as this process reaches it. */
  outside(path: string): string;
  mount(): Promise<void>;
  writeConfig(change: Partial<PfsenseBackupConfig>): void;
  start(args?: readonly string[], env?: Readonly<Record<string, string>>): StartedRun;
  /** Program that takes another one's place on the runner's PATH; `REAL` in its text is the real one's path. */
  shadow(program: string, script: string): void;
  unshadow(): void;
  metrics(): Record<string, number>;
  close(): Promise<void>;
}

export async function createFirewallWorld(megabytes = 64): Promise<FirewallWorld> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-firewall-"));
  const [namespace, pushes, firewall] = await Promise.all([
    mountNamespace(),
    startRecorder(),
    startFirewall({ folder: join(folder, "firewall") }),
  ]);
  const { path: bundle } = await runnerOf("pfsense-backup");
  for (const name of ["bin", "dst", "credentials"]) mkdirSync(join(folder, name));
  const image = join(folder, "dst.img");
  const fsUuid = await makeDiskImage(image, megabytes);
  writeFileSync(join(folder, "credentials", "api"), `${firewall.apiKey}\n`, { mode: 0o600 });
  writeFileSync(join(folder, "credentials", "ssh"), readFileSync(firewall.ssh.privateKeyFile), {
    mode: 0o600,
  });
  writeFileSync(join(folder, "credentials", "wrong"), "0123 4567\n", { mode: 0o600 });
  const config = configOf(folder, firewall, fsUuid, pushes.url);
  const configFile = join(folder, "config.json");
  const world: FirewallWorld = {
    ...{ config, firewall, folder, pushes },
    generations: namespace.outside(join(config.target.path, config.folder)),
    inside: (program, ...args) => namespace.run(program, ...args),
    outside: path => namespace.outside(path),
    async mount() {
      await namespace.run("mount", "-o", "loop,nosuid,nodev", image, config.target.path);
    },
    writeConfig: change => writeFileSync(configFile, JSON.stringify({ ...config, ...change })),
    start: (args = [], env = {}) =>
      startRunner(
        namespace.inside([
          ...["unshare", "--mount", "--propagation", "private"],
          ...[process.execPath, bundle, "--config", configFile, ...args],
        ]),
        {
          ...{ ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` },
          ...{ INVOCATION_ID: "", JOURNAL_STREAM: undefined, SSH_AUTH_SOCK: undefined, ...env },
        },
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
        const samples = readFileSync(config.textfile, "utf8").matchAll(/^backup_(\w+) (\d+)$/gm);
        return Object.fromEntries([...samples].map(([, name = "", value]) => [name, Number(value)]));
      } catch {
        return {};
      }
    },
    async close() {
      await Promise.all([namespace.close(), pushes.close(), firewall.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  world.writeConfig({});
  await world.mount();
  return world;
}

function configOf(folder: string, firewall: Firewall, fsUuid: string, url: string): PfsenseBackupConfig {
  const { host, port, user, hostKey } = firewall.ssh;
  return {
    ...{ job: "pfsense-backup", host: "pve", budgetMs: 600_000, zone: noonZone, folder: "pfsense" },
    target: { path: join(folder, "dst"), fsUuid },
    keep: { every: "week", count: 4 },
    api: { url: firewall.apiUrl, key: "api", certificateSha256: firewall.certificateSha256 },
    ssh: { host, port, user, hostKey, key: "ssh" },
    paths: ["/cf", "/var/db", "/boot/loader.conf"],
    atLeastBytes: { config: 1_000, tar: 4_000 },
    credentialsDir: join(folder, "credentials"),
    stateDir: join(folder, "state"),
    textfile: join(folder, "textfile", "pfsense-backup.prom"),
    pushgateway: { url, timeoutMs: 2_000, attempts: 2 },
    stallMs: 30_000,
  };
}
