import { closeSync, fsyncSync, openSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PfsenseBackupConfig } from "../../plan/contracts/pfsense-backup";
import { credentialFile } from "../runtime/credentials";
import { Refusal, RunnerError } from "../runtime/errors";
import { roomOf } from "../runtime/free-room";
import { Lines } from "../runtime/lines";
import type { Phase } from "../runtime/phases";
import { writeAll } from "../runtime/durable";
import { isOtherMachine, pinnedSsh } from "../runtime/pinned-ssh";
import { required } from "../runtime/required";
import { CommandMissing, run, type RunResult } from "../runtime/run";
import { ready, shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { freshUser, runWithoutRights } from "../runtime/without-rights";
import { lastWhole, refuseCollapse } from "./collapse";
import { keepHalf, keptHalf, lastIncompleteWith } from "./incomplete";
import { buildOf, type FirewallBackup, noBackup, stallMs } from "./pfsense-backup";

/** Has the firewall write a tar to its ssh session, and keeps it once it is whole and holds what it has to. */
export const tar: Phase<FirewallBackup> = {
  name: "tar",
  async run(backup) {
    const { configFailure: lost } = backup;
    if (!lost) return fetchGoodTar(backup);
    try {
      await fetchGoodTar(backup);
    } catch (error) {
      if (!(error instanceof RunnerError) || backup.stop.stopped) throw error;
      throw new RunnerError(lost.exitCode, {
        failed: `${lost.failed}; and ${error.failed}`,
        kept: lost.kept,
        next: lost.next,
      });
    }
    const { config } = backup;
    const last = lastIncompleteWith(config, "full.tar.gz") ?? lastWhole(backup);
    refuseCollapse(backup, "full.tar.gz", buildOf(backup).folder, last);
    await keepHalf(backup, "full.tar.gz");
    throw noBackup(lost.failed, lost.next, keptHalf(config, "full.tar.gz"));
  },
};

async function fetchGoodTar(backup: FirewallBackup): Promise<void> {
  const { config, notes } = backup;
  const file = join(buildOf(backup).folder, "full.tar.gz");
  const warnings = await fetchTar(backup, file);
  const { size } = statSync(file);
  if (size < config.atLeastBytes.tar)
    throw noBackup(
      `the firewall's tar has ${size} bytes, expected at least ${config.atLeastBytes.tar}`,
      loginCommand(config, "df -h"),
      keptOf(backup),
    );
  backup.members = await checkMembers(backup, file);
  backup.tarBytes = size;
  if (warnings !== "") notes.push(`some of the firewall's files changed while they were read: ${warnings}`);
}

/** What is safe when the tar is no good; undefined where that is the usual. */
function keptOf({ config, configFailure }: FirewallBackup): string | undefined {
  return configFailure ? undefined : keptHalf(config, "config.xml");
}

/** @returns warnings that a live system explains; empty when there were none */
async function fetchTar(backup: FirewallBackup, file: string): Promise<string> {
  const { config, stop } = backup;
  const fd = openSync(file, "wx", 0o600);
  const { folder } = buildOf(backup);
  let bytes = 0;
  // In the generation's folder until the transfer ends: it goes with it.
  const knownHosts = join(folder, ".known_hosts");
  writeFileSync(knownHosts, `${knownName(config)} ${config.ssh.hostKey}\n`, { mode: 0o600 });
  const { ssh } = config;
  const identity = credentialFile(config, ssh.key);
  try {
    const result = await withoutStall(stallMs(config), stop.signal, (signal, alive) =>
      started(
        run(
          [...pinnedSsh({ ...ssh, address: ssh.host, knownHosts, identity }), remoteCommand(config.paths)],
          {
            ...{ timeoutMs: config.budgetMs, stop: signal, env: { LC_ALL: "C", SSH_AUTH_SOCK: "" } },
            inherit: [required(backup.lock, "lock").fd],
            onStdout(chunk) {
              alive();
              bytes += chunk.length;
              refuseFlood(backup, bytes);
              writeAll(fd, chunk);
              backup.log.progress("tar: receiving");
            },
          },
        ),
      ),
    );
    stop.check("tar");
    fsyncSync(fd);
    return judge(result, backup);
  } finally {
    closeSync(fd);
  }
}

/** What a firewall sends without end would fill the disk, and stop each other job there: it may have half of what is free. */
function refuseFlood(backup: FirewallBackup, bytes: number): void {
  const { config } = backup;
  const { free } = roomOf(config.target.path);
  if (bytes <= free.bytes) return;
  throw noBackup(
    `the firewall's tar has ${bytes} bytes and no end, and the backup disk ${free.bytes} free: it is given up`,
    shell`df -h ${config.target.path}; ${ready(loginCommand(config, shell`du -sh ${config.paths}`))}`,
    keptOf(backup),
  );
}

function knownName({ ssh: { host, port } }: PfsenseBackupConfig): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** To stdout: no temporary file, as the reference had in the firewall's /tmp, which is memory on many of them. */
function remoteCommand(paths: readonly string[]): string {
  const members = paths.map(memberOf).map(name => `'${name.replaceAll("'", `'\\''`)}'`);
  return `tar -czf - -C / -- ${members.join(" ")}`;
}

function memberOf(path: string): string {
  return path.replace(/^\/+|\/+$/g, "") || ".";
}

/** What a file that is written or removed meanwhile makes bsdtar and GNU tar say; both then end with 1. */
const ofLiveFiles =
  /(No such file or directory|file changed as we read it|File removed before we read it|socket ignored|cannot archive sockets?|Removing leading|Error exit delayed from previous errors|Exiting with failure status)/;

function judge(result: RunResult, backup: FirewallBackup): string {
  const { config } = backup;
  const said = firstLines(result.stderr);
  const { ssh } = config;
  if (result.ended === "exited" && result.exitCode === 0) return "";
  const lines = result.stderr.trim().split("\n");
  if (
    result.ended === "exited" &&
    result.exitCode === 1 &&
    said !== "" &&
    lines.every(line => ofLiveFiles.test(line))
  )
    return said;
  const how =
    result.ended === "exited" && result.exitCode === 255
      ? `ssh to ${ssh.user}@${ssh.host}:${ssh.port} failed: ${isOtherMachine(said) ? "its host key isn't the pinned one" : said || "no reason was given"}`
      : result.ended === "exited"
        ? `tar ended with ${result.exitCode} there: ${said}`
        : `ssh to ${ssh.host} was ended without a byte for ${stallMs(config) / 1000} s, or after ${config.budgetMs / 1000} s${said && `: ${said}`}`;
  throw noBackup(`the firewall gave no tar: ${how}`, loginCommand(config, "df -h"), keptOf(backup));
}

function loginCommand({ ssh }: PfsenseBackupConfig, command: string): string {
  return shell`ssh -p ${ssh.port} ${ssh.user}@${ssh.host} ${command}`;
}

/** tar, the gzip that it starts, and a copy of itself that feeds it. */
const tarProcesses = 3;

/** What is in a tar that was read to its end. */
export interface TarContent {
  readonly members: number;
  /** Of the wanted paths, those that have no member. */
  readonly missing: readonly string[];
  /** Why it can't be read to its end. */
  readonly fault?: string;
}

/**
 * Reads a whole tar: gzip's checksum, the tar's structure, and which paths have a member. Who parses it has no rights, and
 * gets the open file alone.
 * @param wanted as members are called, without a slash at their ends; "." for any
 */
export async function readTar(
  { config, stop }: Pick<FirewallBackup, "config" | "stop">,
  file: string,
  wanted: readonly string[],
): Promise<TarContent> {
  const missing = new Set(wanted);
  let members = 0;
  const see = (line: string): void => {
    const name = line.replace(/^\.\//, "").replace(/\/$/, "");
    members += 1;
    for (const path of missing)
      if (path === "." || name === path || name.startsWith(`${path}/`)) missing.delete(path);
  };
  const names = new Lines(see);
  const archive = openSync(file, "r");
  const given = { user: freshUser(), processes: tarProcesses, fileBytes: 0, network: "host" } as const;
  let result: RunResult;
  try {
    result = await started(
      runWithoutRights(["tar", "-tzf", "-"], given, {
        ...{ timeoutMs: config.budgetMs, stop: stop.signal, env: { LC_ALL: "C", TAR_OPTIONS: "", GZIP: "" } },
        ...{ stdin: archive, cwd: "/" },
        onStdout: chunk => names.add(chunk),
      }),
    );
  } finally {
    closeSync(archive);
  }
  const found = { members, missing: [...missing] };
  if (result.ended === "exited" && result.exitCode === 0) return found;
  const fault =
    firstLines(result.stderr) || `tar ended with ${result.exitCode ?? result.signal ?? result.ended}`;
  return { ...found, fault };
}

/** @returns how many members a tar has that was just made */
async function checkMembers(backup: FirewallBackup, file: string): Promise<number> {
  const { config, stop } = backup;
  const wanted = [...config.paths.map(memberOf), ...(holdsConfig(config) ? ["cf/conf/config.xml"] : [])];
  const { members, missing, fault } = await readTar(backup, file, wanted);
  stop.check("tar");
  if (fault !== undefined)
    throw noBackup(
      `the firewall's tar can't be read back: ${fault}`,
      shell`systemctl start ${config.job}`,
      keptOf(backup),
    );
  if (missing.length > 0)
    throw noBackup(
      `the firewall's tar lacks ${missing.map(path => `"${path}"`).join(", ")} (it has ${members} members)`,
      loginCommand(config, shell`ls -ld ${config.paths}`),
      keptOf(backup),
    );
  return members;
}

function holdsConfig({ paths }: PfsenseBackupConfig): boolean {
  return paths.some(path => ["", "cf", "cf/conf"].includes(path.replace(/^\/+|\/+$/g, "")));
}

async function started(result: Promise<RunResult>): Promise<RunResult> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    throw new Refusal(
      `${error.program} can't be started: ${error.errno}`,
      "apt-get install openssh-client tar util-linux",
    );
  }
}

/** Stops what has given no sign of life for a while. */
async function withoutStall<T>(
  ms: number,
  stop: AbortSignal,
  act: (signal: AbortSignal, alive: () => void) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const end = (): void => either.abort();
  let timer = setTimeout(end, ms);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(end, ms);
  };
  stop.addEventListener("abort", end);
  if (stop.aborted) end();
  try {
    return await act(either.signal, alive);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", end);
  }
}
