import { createHash, randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { cached, projectRoot, stateDir } from "../cache";
import { goProgram, languageHost, pulumiCli } from "./build";
import { type PluginNeed, installedCli, installedCliStamp } from "./official";
import { fillPulumiHome } from "./pulumi-home";

/** A Pulumi engine that works on this machine. */
export interface Engine {
  /** Path of the `pulumi` command. */
  readonly pulumi: string;
  /** What has to be added to the environment of `pulumi`. */
  readonly env: Record<string, string>;
  /** Names of the plugins that are stand-ins of this project instead of the official ones. */
  readonly standIns: string[];
}

export interface EngineOptions {
  /** Folder for the stacks' state. @default .holdfast/engine/state */
  readonly stacksDir?: string;
  /** Folder for the plugins. @default .holdfast/engine/home */
  readonly home?: string;
  /** @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * The official Pulumi CLI and plugins where the machine has them or can get them; otherwise a CLI and a language host
 * built with Go, and stand-ins for plugins. The user's own Pulumi home, login and stacks are never touched.
 * @param say gets one line for each thing that takes long or differs from an ordinary Pulumi installation
 * @throws when there is no Pulumi CLI and no Go that can build one; the message says what to install
 */
export async function ensureEngine(
  say: (line: string) => void,
  options: EngineOptions = {},
): Promise<Engine> {
  const environment = options.environment ?? process.env;
  const home = options.home ?? join(stateDir, "engine", "home");
  const stacksDir = options.stacksDir ?? join(stateDir, "engine", "state");
  const cli = await findOrBuildCli(environment, say);
  const contents = await fillPulumiHome(home, cli.pulumi, cli.stamp, neededPlugins(), environment);
  for (const name of contents.standIns)
    say(
      `Plugin "${name}": using this project's stand-in, as the official one is neither installed nor downloadable`,
    );
  mkdirSync(stacksDir, { recursive: true });
  return {
    pulumi: cli.pulumi,
    standIns: contents.standIns,
    env: {
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: pathToFileURL(stacksDir).href,
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // Every plugin is there; a look-up on the network could only slow a run down, or change it.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PATH: [...new Set([cli.languageHostDir, dirname(cli.pulumi)]), environment["PATH"] ?? ""].join(
        delimiter,
      ),
      ...passphrase(stacksDir, environment, say),
    },
  };
}

/** The plugins' versions are those of the npm packages: the engine asks for a plugin of the package's own version. */
function neededPlugins(): PluginNeed[] {
  const text = readFileSync(join(projectRoot, "package.json"), "utf8");
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text));
  return (["command", "kubernetes"] as const).map(name => {
    const version = dependencies[`@pulumi/${name}`];
    if (version === undefined) throw new Error(`package.json has no dependency "@pulumi/${name}"`);
    return { name, version };
  });
}

interface Cli {
  readonly pulumi: string;
  readonly languageHostDir: string;
  /** Changes when the command does. */
  readonly stamp: string;
}

const verdictSchema = z.object({ pulumi: z.string(), languageHostDir: z.string() }).nullable();

/** Whether the installed CLI can be used is found out once per CLI: asking it for its version takes half a second. */
async function findOrBuildCli(environment: NodeJS.ProcessEnv, say: (line: string) => void): Promise<Cli> {
  const stamp = `${installedCliStamp(environment)} ${environment["PATH"] ?? ""}`;
  const name = createHash("sha256").update(stamp).digest("hex").slice(0, 12);
  const file = join(stateDir, "engine", `cli-${name}.json`);
  if (!existsSync(file)) {
    const found = await installedCli(environment, say);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(found ?? null));
  }
  const official = verdictSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  if (official) return { ...official, stamp };
  const bin = await builtEngine(say);
  return { pulumi: join(bin, "pulumi"), languageHostDir: bin, stamp: bin };
}

/** Folder with the built CLI and its language host side by side: from elsewhere on PATH, the engine would warn about the host. */
async function builtEngine(say: (line: string) => void): Promise<string> {
  // The language host comes first: if Go can't build, that shows after seconds.
  const host = await goProgram(languageHost, say);
  const cli = await goProgram(pulumiCli, say);
  // This host takes from its command line what Pulumi.yaml says now. Unless told so, each program would load TypeScript.
  const launcher = `#!/bin/sh\nexec '${host}' -typescript=false "$@"\n`;
  return cached("engine", [cli, launcher], async folder => {
    linkSync(cli, join(folder, basename(cli)));
    writeFileSync(join(folder, basename(host)), launcher, { mode: 0o755 });
  });
}

/** Secrets of stacks in the folder are encrypted with a random passphrase kept beside them, unless the user has set one. */
function passphrase(
  stacksDir: string,
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Record<string, string> {
  if (
    environment["PULUMI_CONFIG_PASSPHRASE"] !== undefined ||
    environment["PULUMI_CONFIG_PASSPHRASE_FILE"] !== undefined
  )
    return {};
  const file = join(stacksDir, ".passphrase");
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
    say(`Secrets of these stacks are encrypted with a new random passphrase, kept in "${file}"`);
  }
  return { PULUMI_CONFIG_PASSPHRASE: readFileSync(file, "utf8") };
}
