import { existsSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { onPath } from "../on-path";
import { compareVersions } from "./go";

/** Oldest `pulumi` that the program is known to need; `toolchain` builds a newer one. */
export const oldestCli = "3.200.0";

/** A Pulumi plugin that the program uses, in the version that package.json pins. */
export interface PluginNeed {
  readonly name: "command" | "kubernetes";
  readonly version: string;
}

/** An installed Pulumi CLI: the command, and the folder of its Node language host. */
export interface InstalledCli {
  readonly pulumi: string;
  readonly languageHostDir: string;
}

/**
 * The user's own Pulumi CLI, if it can be used.
 * @param environment whose PATH is searched
 * @param say is told when there is one that can't be used, and why
 */
export async function installedCli(
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<InstalledCli | undefined> {
  const pulumi = onPath("pulumi", environment["PATH"]);
  if (pulumi === undefined) return undefined;
  const result = await execa(pulumi, ["version"], {
    reject: false,
    timeout: 60_000,
    env: { PULUMI_SKIP_UPDATE_CHECK: "1" },
  });
  const version = result.stdout?.trim() ?? "";
  if (result.failed || compareVersions(version, oldestCli) < 0) {
    say(
      `The Pulumi CLI "${pulumi}" is not used: it is ${version || "broken"}, ${oldestCli} is the oldest that works`,
    );
    return undefined;
  }
  const beside = join(dirname(realpathSync(pulumi)), "pulumi-language-nodejs");
  const host = existsSync(beside) ? beside : onPath("pulumi-language-nodejs", environment["PATH"]);
  if (host === undefined) {
    say(`The Pulumi CLI "${pulumi}" is not used: there is no pulumi-language-nodejs beside it or on PATH`);
    return undefined;
  }
  return { pulumi, languageHostDir: dirname(host) };
}

/** Changes when the CLI on PATH does: path, size and time of change. Costs no start of the program. */
export function installedCliStamp(environment: NodeJS.ProcessEnv): string {
  const pulumi = onPath("pulumi", environment["PATH"]);
  if (pulumi === undefined) return "none";
  const { size, mtimeMs } = statSync(pulumi);
  return `${pulumi} ${size} ${mtimeMs}`;
}

/** Binary of the plugin in the user's own Pulumi home, which is only read. */
export function installedPlugin(need: PluginNeed, environment: NodeJS.ProcessEnv): string | undefined {
  const home = environment["PULUMI_HOME"] || join(homedir(), ".pulumi");
  const file = join(
    home,
    "plugins",
    `resource-${need.name}-v${need.version}`,
    `pulumi-resource-${need.name}`,
  );
  return existsSync(file) ? file : undefined;
}

/** Whether Pulumi's download site answers within two seconds. */
export async function downloadSiteAnswers(): Promise<boolean> {
  try {
    await fetch("https://get.pulumi.com/", { method: "HEAD", signal: AbortSignal.timeout(2000) });
    return true;
  } catch {
    return false;
  }
}
