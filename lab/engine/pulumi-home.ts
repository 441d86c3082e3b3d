import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { projectRoot, removeLeftParts } from "../cache";
import { type PluginNeed, downloadSiteAnswers, installedPlugin } from "./official";

const contentsSchema = z.object({ key: z.string(), standIns: z.array(z.string()) });

/** What a Pulumi home holds: which of its plugins are stand-ins. */
export type HomeContents = z.infer<typeof contentsSchema>;

/** What a home was made from; another key means that it is made anew. */
function homeKey(pulumiStamp: string, needs: readonly PluginNeed[], environment: NodeJS.ProcessEnv): string {
  const plugins = needs.map(need => installedPlugin(need, environment) ?? launcher(need));
  return JSON.stringify([pulumiStamp, needs, plugins]);
}

/**
 * Makes sure that a Pulumi home of the project's own has every plugin: official ones where the user has them or the
 * download site gives them, a stand-in otherwise. The user's own Pulumi home is read, never written.
 * @param home folder; replaced as a whole when something that it was made from has changed
 * @param pulumi command that installs plugins
 */
export async function fillPulumiHome(
  home: string,
  pulumi: string,
  pulumiStamp: string,
  needs: readonly PluginNeed[],
  environment: NodeJS.ProcessEnv,
): Promise<HomeContents> {
  const key = homeKey(pulumiStamp, needs, environment);
  const present = readContents(home);
  if (present?.key === key) return present;
  mkdirSync(dirname(home), { recursive: true });
  removeLeftParts(dirname(home));
  const part = mkdtempSync(`${home}.part-${process.pid}-`);
  try {
    const standIns: string[] = [];
    let download: Promise<boolean> | undefined;
    for (const need of needs) {
      const own = installedPlugin(need, environment);
      if (own !== undefined) await install(pulumi, part, need, own);
      else if ((await (download ??= downloadSiteAnswers())) && (await fetched(pulumi, part, need))) continue;
      else {
        await installStandIn(pulumi, part, need);
        standIns.push(need.name);
      }
    }
    const contents: HomeContents = { key, standIns };
    writeFileSync(join(part, contentsFile), JSON.stringify(contents));
    rmSync(home, { recursive: true, force: true });
    renameSync(part, home);
    return contents;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

const contentsFile = "holdfast.json";

function readContents(home: string): HomeContents | undefined {
  try {
    return contentsSchema.parse(JSON.parse(readFileSync(join(home, contentsFile), "utf8")));
  } catch {
    return undefined;
  }
}

async function installStandIn(pulumi: string, home: string, need: PluginNeed): Promise<void> {
  const file = join(home, `pulumi-resource-${need.name}`);
  writeFileSync(file, launcher(need));
  chmodSync(file, 0o755);
  await install(pulumi, home, need, file);
  rmSync(file);
}

/** The stand-in's program as the engine starts it. It runs from the source, so an edit there needs no new installation. */
function launcher({ name }: PluginNeed): string {
  const runner = join(projectRoot, "cli", "run.mjs");
  const entry = join(projectRoot, "lab", "engine", "stand-ins", name, "main.ts");
  return `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(runner)} ${quoted(entry)} "$@"\n`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

async function install(pulumi: string, home: string, need: PluginNeed, file: string): Promise<void> {
  const args = ["plugin", "install", "resource", need.name, need.version, "--file", file];
  await execa(pulumi, args, { env: pluginEnvironment(home), timeout: 300_000 });
}

/** Tries Pulumi's download site; false when it has no such plugin for this machine, or is too slow. */
async function fetched(pulumi: string, home: string, need: PluginNeed): Promise<boolean> {
  const args = ["plugin", "install", "resource", need.name, need.version];
  const result = await execa(pulumi, args, { env: pluginEnvironment(home), timeout: 600_000, reject: false });
  return !result.failed && existsSync(join(home, "plugins", `resource-${need.name}-v${need.version}`));
}

function pluginEnvironment(home: string): Record<string, string> {
  return { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "1" };
}
