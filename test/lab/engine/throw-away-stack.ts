import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../../../lab/cache";
import { type Engine, ensureEngine } from "../../../lab/engine/bootstrap";

/** What an operator sees, and whether it went well. */
interface Outcome {
  readonly exitCode: number | undefined;
  readonly all: string;
}

/** A small Pulumi program in a folder of its own, with a stack of its own, driven by the real engine. */
export class ThrowAwayStack {
  private constructor(
    readonly folder: string,
    readonly engine: Engine,
    private readonly within: (argv: readonly string[]) => string[],
  ) {}

  /**
   * @param program file name in `programs/`
   * @param within gives the command that runs another one where it belongs, e.g. in the lab's network
   */
  static async start(
    program: string,
    within: (argv: readonly string[]) => string[] = argv => [...argv],
  ): Promise<ThrowAwayStack> {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-engine-"));
    const engine = await ensureEngine(() => undefined, { stacksDir: join(folder, "state") });
    const stack = new ThrowAwayStack(folder, engine, within);
    mkdirSync(join(folder, "program"));
    writeFileSync(
      join(folder, "program", "Pulumi.yaml"),
      "name: throw-away\nruntime: nodejs\nmain: index.cjs\n",
    );
    writeFileSync(join(folder, "program", "package.json"), "{}");
    cpSync(join(projectRoot, "test/lab/engine/programs", program), join(folder, "program", "index.cjs"));
    symlinkSync(join(projectRoot, "node_modules"), join(folder, "program", "node_modules"));
    symlinkSync(join(projectRoot, "stacks/sdk.cjs"), join(folder, "program", "sdk.cjs"));
    await stack.pulumi("stack", "init", "test");
    return stack;
  }

  /** What the program is told: it reads this file on each run. */
  give(settings: object): void {
    writeFileSync(join(this.folder, "program", "settings.json"), JSON.stringify(settings));
  }

  /** Runs `pulumi ARGS` and gives what it printed, whatever its exit code. */
  async pulumi(...args: string[]): Promise<Outcome> {
    const argv = [this.engine.pulumi, ...args, "--non-interactive", "--color=never"];
    const [command = "", ...rest] = this.within(argv);
    const { exitCode, all } = await execa(command, rest, {
      cwd: join(this.folder, "program"),
      env: this.engine.env,
      all: true,
      reject: false,
      timeout: 1_200_000,
    });
    return { exitCode, all };
  }

  /** Shows each changed property. */
  preview(): Promise<Outcome> {
    return this.pulumi("preview", "--diff");
  }

  up(): Promise<Outcome> {
    return this.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", "--continue-on-error");
  }

  destroy(): Promise<Outcome> {
    return this.pulumi("destroy", "--yes", "--skip-preview");
  }

  refresh(): Promise<Outcome> {
    return this.pulumi("refresh", "--yes", "--skip-preview");
  }

  /** The stack's state as it lies on disk. */
  state(): string {
    return readFileSync(join(this.folder, "state/.pulumi/stacks/throw-away/test.json"), "utf8");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
