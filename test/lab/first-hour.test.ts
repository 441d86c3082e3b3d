import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { z } from "zod";
import { projectRoot } from "../../lab/cache";
import { ensureEngine } from "../../lab/engine/bootstrap";
import { goProgram, languageHost } from "../../lab/engine/build";
import { type LabFacts, readFacts } from "../../lab/facts";
import { mustOnHost, resetHosts, startHosts } from "../../lab/hosts";
import { differences } from "../../lab/night/steps";
import { inNamespace } from "../../lab/namespace";
import { sshAgentWith } from "../../lab/ssh-agent";
import { OwnFolder } from "../program/package/own-folder";
import { everythingOnHost } from "./host-files";

jest.setTimeout(3_600_000);

/*
 * The first hour with a house of one's own, in an empty folder: each command is one that README or a page of docs prints, with the address of
 * the lab's pve in place of the page's own. What npm would fetch is linked; the SSH key is in an agent.
 */
const pages = ["README.md", ...readdirSync(join(projectRoot, "docs")).map(name => join("docs", name))]
  .filter(name => name.endsWith(".md"))
  .map(name => readFileSync(join(projectRoot, name), "utf8"))
  .join("\n");

let folder: OwnFolder;
let facts: LabFacts;
let agent: Awaited<ReturnType<typeof sshAgentWith>>;
let environment: Record<string, string>;
let untouched: string;

beforeAll(async () => {
  // Whatever others have left there would be a part of the newcomer's house.
  await resetHosts(["pve"]);
  await startHosts({ only: ["pve"], say: () => undefined });
  await mustOnHost("pve", "mkdir /srv/nfs/mine && echo one >/srv/nfs/mine/one");
  untouched = await everythingOnHost();
  facts = readFacts();
  folder = await OwnFolder.install();
  agent = await sshAgentWith(readFileSync(facts.pve.privateKeyFile, "utf8"));
  const state = join(dirname(folder.path), "state");
  mkdirSync(state);
  const { env } = await ensureEngine(() => undefined, { stacksDir: state });
  // As an ordinary installation's, which runs a program in TypeScript.
  const host = dirname(await goProgram(languageHost, () => undefined));
  const git = ["AUTHOR", "COMMITTER"].flatMap(who => [
    [`GIT_${who}_NAME`, "me"],
    [`GIT_${who}_EMAIL`, "me@example.org"],
  ]);
  environment = {
    ...{ ...env, PATH: `${host}${delimiter}${env["PATH"] ?? ""}`, SSH_AUTH_SOCK: agent.socket },
    ...Object.fromEntries(git),
  };
});
afterAll(async () => {
  if (environment) await type("pulumi destroy", "pulumi destroy --yes --skip-preview");
  await agent?.end();
  folder?.remove();
});

/** Types what a page prints in the folder. @param typed with what is one's own in it, and without a question at the end */
async function type(printed: string, typed = printed): Promise<{ exitCode: number; text: string }> {
  if (!pages.includes(printed)) throw new Error(`no page prints "${printed}"`);
  const [program = "", ...args] = inNamespace(["bash", "-c", typed]);
  const { exitCode = -1, all } = await execa(program, args, {
    ...{ cwd: folder.path, env: { ...environment, CI: "1" }, stdin: "ignore" },
    ...{ all: true, reject: false, timeout: 1_200_000 },
  });
  return { exitCode, text: stripVTControlCharacters(all) };
}

/** @throws with what was printed, where it doesn't end with 0 */
async function must(printed: string, typed = printed): Promise<string> {
  const { exitCode, text } = await type(printed, typed);
  if (exitCode !== 0) throw new Error(`${typed} ended with ${exitCode}:\n${text}`);
  return text;
}

const preview = "pulumi preview --suppress-outputs";
const up = "pulumi up --suppress-outputs";
const upNow = `${up} --yes --skip-preview`;
const steps = z.object({ steps: z.array(z.object({ op: z.string(), urn: z.string() })) });

test("an estate is discovered, checked and looked at", async () => {
  await execa(process.execPath, [join(projectRoot, "cli/holdfast.mjs"), "init", folder.path]);
  await must("rm estate.ts");
  expect(
    await must(
      "npx holdfast discover --host root@192.168.1.10",
      `npx holdfast discover --host root@${facts.pve.address} --host-key '${facts.pve.hostKey}'`,
    ),
  ).toMatch(/^Written: estate\.ts, with \d+ services and \d+ TODO\. Nothing was changed on the host/);
  const unedited = await type("npx holdfast check");
  expect([unedited.exitCode, unedited.text]).toEqual([
    1,
    expect.stringContaining("routes/no-route-off-site"),
  ]);
  folder.edit("estate.ts", text =>
    text
      .replace(/pushgateway: "[^"]+"/, `pushgateway: "${facts.pushgatewayUrl}"`)
      .replace(
        "  services: {\n",
        `  waivers: [{ code: "routes/no-route-off-site", subject: "my-house", reason: "a NAS comes", owner: "me", expires: "${inAMonth()}" }],\n  services: {\n`,
      ),
  );
  expect(await must("npx holdfast check")).toMatch(/^\d jobs: 0 errors, \d warnings?\./m);
  await must("npx tsc");
  await must("npx holdfast rpo");
  expect(await must("npx holdfast report")).toContain("holdfast-report.html: written.");
  for (const line of ["git init --initial-branch main", "git add --all", 'git commit --message "my house"'])
    await must(line);
});

test("it is previewed and installed, and its jobs do their work", async () => {
  await must("pulumi stack init home");
  await must("pulumi config set holdfast:prometheus files");
  expect(await must(preview)).toMatch(/Resources:\n +\+ \d+ to create\n/);
  expect(await must(up, upNow)).toMatch(/Resources:\n +\+ \d+ created\n/);
  await mustOnHost("pve", "systemctl start nfs-mirror daily-backup", { timeoutMs: 1_200_000 });
  expect(await differences("/srv/nfs/mine", "/mnt/backup/mine")).toEqual([]);
  expect(await must("npx holdfast status")).toMatch(/\nAll is well: 1 machine, \d jobs, \d stores\.$/);
});

test("an edit is told before it is deployed, and is all that changes", async () => {
  folder.edit("estate.ts", text => text.replace("*-*-* 04:00:00", "*-*-* 05:00:00"));
  expect(await must("npx holdfast diff main:estate.ts")).toMatch(
    /daily-backup +when +\*-\*-\* 04:00:00 \S+ +\*-\*-\* 05:00:00 /,
  );
  expect(await must(preview, `${preview} --diff`)).toMatch(/^ +\+ OnCalendar=\*-\*-\* 05:00:00 /m);
  expect(await must(up, upNow)).toMatch(/Resources:\n +~ \d updated\n +\d+ unchanged\n/);
});

test("a later version takes its place on a host that is at work, and a job goes back", async () => {
  const before = await liveOnHost();
  laterVersion();
  const { steps: planned } = steps.parse(
    JSON.parse((await must(preview, `${preview} --json 2>/dev/null`)).replace(/^[^{]*/, "")),
  );
  const others = planned.filter(({ op }) => op !== "same" && op !== "update");
  expect([planned.length > 0, others]).toEqual([true, []]);
  await must(up, upNow);
  const live = await liveOnHost();
  for (const [job, release] of before) expect([job, live.get(job)]).not.toEqual([job, release]);
  expect([...live.keys()]).toEqual([...before.keys()]);
  await mustOnHost(
    "pve",
    "echo two >/srv/nfs/mine/two; systemctl is-active --quiet nfs-mirror.timer && systemctl start nfs-mirror",
    { timeoutMs: 1_200_000 },
  );
  expect(await differences("/srv/nfs/mine", "/mnt/backup/mine")).toEqual([]);
  expect(await must("npx holdfast status")).toContain("All is well");
  await must("npx holdfast roll-back --host pve --job nfs-mirror");
  expect((await liveOnHost()).get("nfs-mirror")).toBe(before.get("nfs-mirror"));
  await mustOnHost("pve", "systemctl start nfs-mirror", { timeoutMs: 1_200_000 });
});

test("taken away, nothing of it is left but the copies", async () => {
  await must("pulumi destroy", "pulumi destroy --yes --skip-preview");
  expect(await mustOnHost("pve", "rm -r /srv/nfs/mine; cat /mnt/backup/mine/*")).toBe("one\ntwo\n");
  expect(await everythingOnHost()).toBe(untouched);
  expect(
    await mustOnHost(
      "pve",
      "systemctl list-units --all --no-legend '*mirror*' '*backup-scrub*' '*effective*'",
    ),
  ).toBe("");
});

function inAMonth(): string {
  return new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
}

/** Of each job the release that is live. */
async function liveOnHost(): Promise<Map<string, string>> {
  const said = await mustOnHost(
    "pve",
    "cd /opt/holdfast; for job in *; do echo $job $(readlink $job/current); done",
  );
  return new Map(
    said
      .trim()
      .split("\n")
      .map(line => line.split(" ") as [string, string]),
  );
}

/** The package as a later version of it, whose programs are others. */
function laterVersion(): void {
  const programs = join(folder.package, "dist", "host-scripts");
  for (const name of readdirSync(programs).filter(each => each.endsWith(".cjs")))
    appendFileSync(join(programs, name), "// of a later version\n");
}
