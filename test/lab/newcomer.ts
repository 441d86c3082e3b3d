import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { projectRoot } from "../../lab/cache";
import { ensureEngine } from "../../lab/engine/bootstrap";
import { goProgram, languageHost } from "../../lab/engine/build";
import { readFacts } from "../../lab/facts";
import { mustOnHost, resetHosts, startHosts } from "../../lab/hosts";
import { inNamespace } from "../../lab/namespace";
import { sshAgentWith } from "../../lab/ssh-agent";
import { OwnFolder } from "../program/package/own-folder";
import { everythingOnHost } from "./host-files";

const pages = ["README.md", ...readdirSync(join(projectRoot, "docs")).map(name => join("docs", name))]
  .filter(name => name.endsWith(".md"))
  .map(name => readFileSync(join(projectRoot, name), "utf8"))
  .join("\n");

export const preview = "pulumi preview --suppress-outputs";
export const up = "pulumi up --suppress-outputs";
export const upNow = `${up} --yes --skip-preview`;

/**
 * Somebody with an empty folder and the lab's pve as a house of their own. Each command is one that README or a page of docs prints, with that
 * host's address in place of the page's own. What npm would fetch is linked; the SSH key is in an agent.
 */
export class Newcomer {
  private constructor(
    readonly folder: OwnFolder,
    private readonly agent: Awaited<ReturnType<typeof sshAgentWith>>,
    private readonly environment: Readonly<Record<string, string>>,
    /** What pve had before. */
    private readonly untouched: string,
  ) {}

  /** @param version commit of the version that they have; today's, where none is said */
  static async arrive(version?: string): Promise<Newcomer> {
    // Whatever others have left there would be a part of the newcomer's house.
    await resetHosts(["pve"]);
    await startHosts({ only: ["pve"], say: () => undefined });
    await mustOnHost("pve", "mkdir /srv/nfs/mine && echo one >/srv/nfs/mine/one");
    const untouched = await everythingOnHost();
    const folder = await OwnFolder.install(version);
    const agent = await sshAgentWith(readFileSync(readFacts().pve.privateKeyFile, "utf8"));
    const state = join(dirname(folder.path), "state");
    mkdirSync(state);
    const { env } = await ensureEngine(() => undefined, { stacksDir: state });
    // As an ordinary installation's, which runs a program in TypeScript.
    const host = dirname(await goProgram(languageHost, () => undefined));
    const git = ["AUTHOR", "COMMITTER"].flatMap(who => [
      [`GIT_${who}_NAME`, "me"],
      [`GIT_${who}_EMAIL`, "me@example.org"],
    ]);
    const environment = {
      ...{ ...env, PATH: `${host}${delimiter}${env["PATH"] ?? ""}`, SSH_AUTH_SOCK: agent.socket },
      ...Object.fromEntries(git),
    };
    return new Newcomer(folder, agent, environment, untouched);
  }

  /** An estate of what pve has, with what no host can tell. @returns what `discover` and the first `check` said */
  async discover(): Promise<{ discovered: string; unedited: { exitCode: number; text: string } }> {
    const { pve, pushgatewayUrl } = readFacts();
    await this.folder.holdfast("init", ".");
    await this.must("rm estate.ts");
    const discovered = await this.must(
      "npx holdfast discover --host root@192.168.1.10",
      `npx holdfast discover --host root@${pve.address} --host-key '${pve.hostKey}'`,
    );
    const unedited = await this.type("npx holdfast check");
    const inAMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    this.folder.edit("estate.ts", text =>
      text
        .replace(/pushgateway: "[^"]+"/, `pushgateway: "${pushgatewayUrl}"`)
        .replace(
          "  services: {\n",
          `  waivers: [{ code: "routes/no-route-off-site", subject: "my-house", reason: "a NAS comes", owner: "me", expires: "${inAMonth}" }],\n  services: {\n`,
        ),
    );
    return { discovered, unedited };
  }

  /** Types what a page prints in the folder. @param typed with what is one's own in it, and without a question at the end */
  async type(printed: string, typed = printed): Promise<{ exitCode: number; text: string }> {
    if (!pages.includes(printed)) throw new Error(`no page prints "${printed}"`);
    const [program = "", ...args] = inNamespace(["bash", "-c", typed]);
    const { exitCode = -1, all } = await execa(program, args, {
      ...{ cwd: this.folder.path, env: { ...this.environment, CI: "1" }, stdin: "ignore" },
      ...{ all: true, reject: false, timeout: 1_200_000 },
    });
    return { exitCode, text: stripVTControlCharacters(all) };
  }

  /** @throws with what was printed, where it doesn't end with 0 */
  async must(printed: string, typed = printed): Promise<string> {
    const { exitCode, text } = await this.type(printed, typed);
    if (exitCode !== 0) throw new Error(`${typed} ended with ${exitCode}:\n${text}`);
    return text;
  }

  async destroy(): Promise<void> {
    await this.must("pulumi destroy", "pulumi destroy --yes --skip-preview");
  }

  /** What of it is left once it was taken away; the folder that was made for it goes before. */
  async left(): Promise<{ copies: string; untouched: boolean; units: string }> {
    return {
      copies: await mustOnHost("pve", "rm -r /srv/nfs/mine; cat /mnt/backup/mine/*"),
      untouched: (await everythingOnHost()) === this.untouched,
      units: await mustOnHost(
        "pve",
        "systemctl list-units --all --no-legend '*mirror*' '*backup-scrub*' '*effective*'",
      ),
    };
  }

  async leave(): Promise<void> {
    await this.type("pulumi destroy", "pulumi destroy --yes --skip-preview");
    await this.agent.end();
    this.folder.remove();
  }
}
