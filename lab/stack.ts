import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { execa } from "execa";
import { projectRoot } from "./cache";
import { type Engine, ensureEngine } from "./engine/bootstrap";
import { labDir, readFacts } from "./facts";
import { databasePassword } from "./house/databases";
import { databaseSecret } from "./house/dumps";
import { passphrase } from "./house/passphrase";
import { offsiteKeyFile } from "./hosts/identity";
import { inNamespace } from "./namespace";
import { pingUrl, readFirewall } from "./servers";
import { dataDir } from "./servers/places";
import { pushgatewayPassword } from "./servers/pushgateway-login";

/** What a `pulumi` command left: its exit code, and all that it printed, without colours. */
export interface Ended {
  readonly exitCode: number;
  readonly text: string;
}

const stackDir = join(labDir, "stack");

/** Forgets the stack and its state: what it made went with the disks of the hosts that were thrown away. */
export function forgetStack(): void {
  rmSync(stackDir, { recursive: true, force: true });
}

/** The stack `lab` of the project's own program. Its settings and state lie in the lab's folder, not in the project's. */
export class LabStack {
  private constructor(
    private readonly engine: Engine,
    private readonly folder: string,
  ) {}

  /** Names of the plugins that are stand-ins. */
  get standIns(): readonly string[] {
    return this.engine.standIns;
  }

  /**
   * Makes the stack if there is none. The lab has to be up.
   * @throws with what `pulumi` printed
   */
  static async open(say: (line: string) => void): Promise<LabStack> {
    const folder = stackDir;
    mkdirSync(folder, { recursive: true });
    const engine = await ensureEngine(say, { stacksDir: join(folder, "state") });
    const stack = new LabStack(engine, folder);
    const main = relative(folder, join(projectRoot, "lab", "stacks", "index.cjs"));
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      `name: holdfast\nmain: ${main}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n`,
    );
    if (!existsSync(join(folder, "Pulumi.lab.yaml"))) {
      const { pve, kubeconfig } = readFacts();
      await stack.must("stack", "init", "lab");
      await stack.must("config", "set", "--stack=lab", "holdfast:sshPrivateKeyFile", pve.privateKeyFile);
      await stack.must("config", "set", "--stack=lab", "holdfast:kubeconfig", kubeconfig);
      const { apiKey, ssh } = readFirewall(dataDir("firewall"));
      await stack.setSecret("house-passphrase", passphrase());
      await stack.setSecret("firewall-api-key", apiKey);
      await stack.setSecret("firewall-ssh-key", readFileSync(ssh.privateKeyFile, "utf8"));
      await stack.setSecret("pve-calls", pingUrl("pve"));
      await stack.setSecret("pushgateway", pushgatewayPassword());
      await stack.setSecret(databaseSecret, databasePassword());
      await stack.setSecret("nas-key", readFileSync(offsiteKeyFile, "utf8"));
    }
    return stack;
  }

  preview(...flags: readonly string[]): Promise<Ended> {
    return this.run("preview", "--stack=lab", ...flags);
  }

  /** The command of a preview, for whoever measures it. */
  previewCommand(): { argv: string[]; cwd: string; env: Record<string, string> } {
    return { argv: this.command("preview", "--stack=lab"), cwd: this.folder, env: this.engine.env };
  }

  /** @throws with what `pulumi` printed, when it fails */
  up(): Promise<string> {
    return this.must("up", "--stack=lab", "--yes", "--skip-preview");
  }

  /** @throws with what `pulumi` printed, when it fails */
  destroy(): Promise<string> {
    return this.must("destroy", "--stack=lab", "--yes", "--skip-preview");
  }

  /** By standard input, as an operator's own secrets: in no argument and no log. */
  private async setSecret(name: string, value: string): Promise<void> {
    const words = ["config", "set", "--stack=lab", "--secret", "--path", `holdfast:secrets["${name}"]`];
    const [program = "", ...args] = this.command(...words);
    await execa(program, args, { cwd: this.folder, env: this.engine.env, input: value, timeout: 300_000 });
  }

  private async must(...words: readonly string[]): Promise<string> {
    const { exitCode, text } = await this.run(...words);
    if (exitCode !== 0) throw new Error(`pulumi ${words.slice(0, 2).join(" ")} failed:\n${text.trim()}`);
    return text;
  }

  /** The whole engine runs in the lab's network: its plugins reach the hosts and the Kubernetes API from there. */
  private command(...words: readonly string[]): string[] {
    return inNamespace([this.engine.pulumi, ...words, "--non-interactive", "--color=never"]);
  }

  private async run(...words: readonly string[]): Promise<Ended> {
    const [program = "", ...args] = this.command(...words);
    const { exitCode = -1, all } = await execa(program, args, {
      cwd: this.folder,
      env: this.engine.env,
      all: true,
      reject: false,
      timeout: 1_800_000,
    });
    return { exitCode, text: all };
  }
}
