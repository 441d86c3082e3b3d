import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { stringify } from "yaml";
import { projectRoot, stateDir } from "../../lab/cache";
import { type Engine, ensureEngine } from "../../lab/engine/bootstrap";
import { type LabFacts, readFacts } from "../../lab/facts";
import { inNamespace } from "../../lab/namespace";
import { labMonitoring, monitoringNamespace, slackSecret } from "../../lab/servers/monitoring";
import type { EstateInput } from "../../plan";

export interface Ended {
  readonly exitCode: number;
  /** Everything that was printed, without colours. */
  readonly text: string;
}

/** A stack of its own with the real program and engine, on the lab's host; its estate is what a test makes of it. */
export class ReleaseStack {
  readonly facts: LabFacts = readFacts();
  /** Whether something may have been made. */
  private holds = false;
  /** What whoever deploys has in the environment. */
  environment: Readonly<Record<string, string>> = {};

  private constructor(
    private readonly engine: Engine,
    private readonly folder: string,
  ) {}

  /** @param name of its folder, when it isn't the only one */
  static async open(name = "release"): Promise<ReleaseStack> {
    const folder = join(stateDir, "test", name);
    const state = join(folder, "state");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(state, { recursive: true });
    const stack = new ReleaseStack(await ensureEngine(() => undefined, { stacksDir: state }), folder);
    writeFileSync(
      join(stack.folder, "Pulumi.yaml"),
      "name: holdfast\nmain: index.cjs\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
    );
    writeFileSync(
      join(stack.folder, "index.cjs"),
      `module.exports = async () => (await import(${JSON.stringify(join(projectRoot, "stacks", "start.mjs"))})).start(__dirname);\n`,
    );
    stack.setEstate(stack.estate());
    const { exitCode, text } = await stack.pulumi("stack", "init", "test");
    if (exitCode !== 0) throw new Error(text);
    // In place of a program for each: the file has nothing but the salt of its secrets yet.
    appendFileSync(
      stack.settingsFile,
      stringify({
        config: {
          "holdfast:sshPrivateKeyFile": stack.facts.pve.privateKeyFile,
          "holdfast:kubeconfig": stack.facts.kubeconfig,
          "holdfast:prometheus": "files",
        },
      }),
    );
    return stack;
  }

  /** The lab's own estate in small: a mirror that isn't due for months, so no run comes between a test's steps. */
  estate(change: Partial<Mirror> = {}, reached: Reached = {}): EstateInput {
    return this.estateOf({ pve: reached }, change);
  }

  /** The same with a mirror on each of several hosts, all of which are pve unless they are said to be reached elsewhere. */
  estateOf(hosts: Readonly<Record<string, Reached>>, change: Partial<Mirror> = {}): EstateInput {
    const { pve, pushgatewayUrl } = this.facts;
    const inAMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    const filesystem = (mount: string) => ({ fsUuid: pve.filesystems[mount] ?? "" });
    return {
      name: "release-test",
      zone: "UTC",
      years: [2026, 2027],
      hosts: Object.fromEntries(
        Object.entries(hosts).map(([name, { address = pve.address, ...ssh }]) => [
          name,
          {
            site: "lab",
            address,
            ssh: { user: pve.user, port: pve.port, hostKey: pve.hostKey, ...ssh },
            disks: {
              sda: { medium: "hdd", size: "8GB", role: "backup" },
              sdc: { medium: "hdd", size: "8GB" },
            },
            filesystems: {
              "/srv/nfs": { disk: "sdc", ...filesystem("/srv/nfs") },
              "/mnt/backup": { disk: "sda", ...filesystem("/mnt/backup") },
            },
          },
        ]),
      ),
      monitoring: {
        pushgateway: pushgatewayUrl,
        scrapeInterval: labMonitoring.scrapeInterval,
        evaluationInterval: labMonitoring.evaluationInterval,
        namespace: monitoringNamespace,
        runbooks: "https://runbooks.lab.example",
      },
      // Hosts that are all pve are two of one.
      waivers: Object.keys(hosts)
        .slice(1)
        .flatMap(host =>
          [host, `${host}:/srv/nfs`, `${host}:/mnt/backup`].map(subject => ({
            ...{ code: "estate/two-of-one", subject, expires: inAMonth },
            ...{ reason: "the lab has one host for them all", owner: "this test" },
          })),
        ),
      receivers: { lab: { kind: "slack", channel: "#lab", webhookSecret: slackSecret } },
      layers: {
        "nfs-mirror": Object.keys(hosts).map(host => ({
          host,
          schedule: { onCalendar: "*-*-* 02:00:00" },
          source: "/srv/nfs",
          target: "/mnt/backup",
          usualRun: "20s",
          budget: "10min",
          promise: { rpo: "2d" },
          alert: { receiver: "lab", for: "5s" },
          ...change,
        })),
      },
    };
  }

  /** The stack's settings, its secrets encrypted. */
  get settingsFile(): string {
    return join(this.folder, "Pulumi.test.yaml");
  }

  setEstate(estate: EstateInput): void {
    mkdirSync(join(this.folder, "test"), { recursive: true });
    writeFileSync(
      join(this.folder, "test", "estate.ts"),
      `export const estate = ${JSON.stringify(estate, undefined, 2)};\n`,
    );
  }

  /** Keeps a secret of the estate's in the settings, by standard input. */
  async setSecret(name: string, value: string): Promise<void> {
    const path = `holdfast:secrets["${name}"]`;
    const [program = "", ...args] = inNamespace([
      ...[this.engine.pulumi, "config", "set", "--stack=test", "--secret", "--path", path],
      "--non-interactive",
    ]);
    await execa(program, args, { cwd: this.folder, env: this.engine.env, input: value, timeout: 300_000 });
  }

  up(...flags: readonly string[]): Promise<Ended> {
    this.holds = true;
    return this.pulumi("up", "--yes", "--skip-preview", ...flags);
  }

  /** @throws with what was printed when it fails */
  async mustUp(...flags: readonly string[]): Promise<string> {
    const { exitCode, text } = await this.up(...flags);
    if (exitCode !== 0) throw new Error(`pulumi up ended with ${exitCode}:\n${text}`);
    return text;
  }

  /** Runs `holdfast` for the stack's estate, from where its hosts can be reached. */
  async holdfast(...args: readonly string[]): Promise<Ended> {
    const estate = join(this.folder, "test", "estate.ts");
    const key = this.facts.pve.privateKeyFile;
    const [program = "", ...rest] = inNamespace([
      process.execPath,
      join(projectRoot, "cli", "holdfast.mjs"),
      ...args,
      ...["--estate", estate, "--key", key],
    ]);
    const { exitCode, all } = await execa(program, rest, { all: true, reject: false, timeout: 600_000 });
    return { exitCode: exitCode ?? -1, text: all };
  }

  async pulumi(...args: readonly string[]): Promise<Ended> {
    const [program = "", ...rest] = inNamespace([
      this.engine.pulumi,
      ...args,
      "--non-interactive",
      "--color=never",
      ...(args[1] === "init" ? [] : ["--stack=test"]),
    ]);
    const { exitCode, all } = await execa(program, rest, {
      cwd: this.folder,
      env: { ...this.engine.env, ...this.environment },
      all: true,
      reject: false,
      timeout: 1_200_000,
    });
    return { exitCode: exitCode ?? -1, text: stripVTControlCharacters(all) };
  }

  /** Removes all that the stack made. */
  async destroy(...flags: readonly string[]): Promise<Ended> {
    const ended = await this.pulumi("destroy", "--yes", "--skip-preview", ...flags);
    if (ended.exitCode === 0) this.holds = false;
    return ended;
  }

  /** Removes all that the stack made and still holds, and the stack. */
  async close(): Promise<void> {
    if (this.holds) await this.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How a host is reached, where not as pve is. */
interface Reached {
  readonly address?: string;
  readonly user?: string;
  readonly port?: number;
  readonly hostKey?: string;
}

type Mirror = NonNullable<EstateInput["layers"]["nfs-mirror"]>[number];
