import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { offsiteModule, type OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import { credentialFile, readCredential } from "../runtime/credentials";
import { ownPrefix } from "../runtime/closed-folder";
import { type DiskFault, diskFaultIn } from "./disk-fault";
import { exitCodes, RunnerError } from "../runtime/errors";
import type { Memory } from "./memory";
import type { Lock } from "../runtime/lock";
import { isOtherMachine, type PinnedMachine, pinnedShell, pinnedSsh } from "../runtime/pinned-ssh";
import { listedBefore, literalOf, rsync, rsyncOutcome, type RsyncPass } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import type { RunResult } from "../runtime/run";
import { type SharedConnection, shareConnection } from "../runtime/shared-ssh";
import { ready, shell } from "../runtime/shell";
import type { Stop } from "../runtime/stop";
import { firstLines } from "../runtime/tail";

/** Who asks the destination for something. */
export interface Asking {
  readonly config: OffsiteSyncConfig;
  readonly stop: Stop;
  readonly lock?: Lock;
  /** Over which it is asked; without one, each time over a connection of its own. */
  readonly connection?: SharedConnection;
  /** What asks once more; the next run unless given. */
  readonly again?: string;
  /** What is known of the destination's rsync. */
  readonly memory?: Pick<Memory, "rsync">;
  /** All is asked over that connection, or not at all: what was sent over it isn't known to be on the destination's disk. */
  readonly isBound?: boolean;
}

/** At any depth: a part of a file, and what a runner keeps beside one. */
export const anyOwn = `--exclude=${ownPrefix}-*`;

/** Leaves no entry of its tree behind, and none of the runners' own goes: unfinished copies, marks, parts of files. */
export const neverSent: readonly string[] = [`--exclude=/${ownPrefix}*`, anyOwn, "--exclude=/lost+found"];

/** A file that was cut is gone on with by the next run. */
export const partialFolder = `${ownPrefix}-partial`;

/** One that receives, and is older than 3.1.3, doesn't know it. */
export const toTheNanosecond = "--modify-window=-1";

/**
 * All that a copy off site keeps. With one X: attributes that begin with "user.rsync." are the far side's own, in which an account
 * that may not chown keeps owners, modes, device numbers and all other attributes (rsync(1), --fake-super).
 */
export const offsiteMetadata = [
  "-aHAXS",
  "--numeric-ids",
  toTheNanosecond,
  "--one-file-system",
  listedBefore,
] as const;

/** Path of the module; its own root for "". */
export function remotePath(
  { destination }: OffsiteSyncConfig,
  path: string,
  module: string = offsiteModule,
): string {
  const { user, address } = destination;
  const host = address.includes(":") ? `[${address}]` : address;
  return `${user}@${host}::${module}/${path}`;
}

/** The same of a path that is there and means itself: its daemon reads each name of it as a pattern. */
export function remotePathOf(config: OffsiteSyncConfig, path: string): string {
  return remotePath(config, path.split("/").map(literalOf).join("/"));
}

export interface RemoteOptions {
  readonly cwd: string;
  readonly leaveAlone?: readonly string[];
  readonly onText?: (line: string) => void;
  readonly env?: Readonly<Record<string, string>>;
  /** The run's budget unless given. */
  readonly timeoutMs?: number;
}

/** rsync with the destination. The key opens one module of its rsync daemon and no shell: what this host may do there is decided there. */
export async function remoteRsync(
  { config, stop, lock, connection, isBound, memory }: Asking,
  args: readonly string[],
  options: RemoteOptions,
  onItem: (item: RsyncItem) => void = () => undefined,
): Promise<RsyncPass> {
  const pass = await rsync(
    [
      `--timeout=${Math.ceil(config.stallMs / 1000)}`,
      "-e",
      remoteShell(config, connection, isBound),
      ...(memory?.rsync?.isCoarse === true ? args.filter(each => each !== toTheNanosecond) : args),
    ],
    {
      ...{ cwd: options.cwd, timeoutMs: options.timeoutMs ?? config.budgetMs, stop: stop.signal },
      ...(options.env && { env: options.env }),
      leaveAlone: options.leaveAlone ?? [],
      ...(options.onText && { onText: options.onText }),
      inherit: lock ? [lock.fd] : [],
      onExit: endsWith(connection),
    },
    onItem,
  );
  stop.check("send");
  return pass;
}

/** Whether an option was refused: a daemon that is older than 3.2.4 ends without a word over one that it doesn't know. */
export function isRefused({ result }: RsyncPass, option: string): boolean {
  const isSilent = /^rsync: connection unexpectedly closed \(0 bytes received so far\) \[sender\]$/m;
  return (
    [`${option}: unknown option`, `refuse ${option}`].some(said => result.stderr.includes(said)) ||
    (result.exitCode === 12 && isSilent.test(result.stderr))
  );
}

/**
 * Ends a connection with an rsync that didn't come to its end: it has rsync's pipes, and would keep them, and whoever waits for their
 * end, for as long as a session stands still there.
 */
export function endsWith(connection: SharedConnection | undefined): (exitCode: number | null) => void {
  return code => void (isThrough(code) || connection?.close());
}

/** The command of ssh(1), in words that rsync splits at spaces. */
export function remoteShell(
  config: OffsiteSyncConfig,
  connection?: SharedConnection,
  isBound?: boolean,
): string {
  const words = pinnedShell({ ...machineOf(config), shared: connection?.socket, isBound });
  // Some have double quotes of their own, for ssh.
  return words.map(word => (/[\s"]/.test(word) ? `'${word}'` : word)).join(" ");
}

/** A connection, and what was asked over it first. */
export interface Reached<Answer> {
  /** Undefined where none can be shared. */
  readonly connection: SharedConnection | undefined;
  readonly answer: Answer;
}

/** The same, but it may not be there yet. */
export interface Reaching<Answer> {
  /** All of it anew where the connection, or the try to make it, has come to its end meanwhile. */
  take(): Promise<Reached<Answer>>;
  /** Ends it, or the try to make it. */
  close(): Promise<void>;
}

/**
 * Opens the connection for all that a run asks, and asks over it, while the run goes on: two exchanges of keys, and a first start of
 * rsync there, take as long as a look at what is here.
 */
export function beginToReach<Answer>(
  run: Asking,
  ask: (asking: Asking) => Promise<Answer>,
): Reaching<Answer> {
  const end = new AbortController();
  const reach = async (signal?: AbortSignal): Promise<Reached<Answer>> => {
    const connection = await connect(run, signal && { end: signal });
    try {
      return { connection, answer: await ask({ ...run, ...(connection && { connection }) }) };
    } catch (error) {
      await connection?.close();
      throw error;
    }
  };
  let early: Reached<Answer> | "failed" | undefined;
  const made = reach(end.signal);
  const known = made.then(
    found => (early = found),
    () => (early = "failed"),
  );
  return {
    async take() {
      await known;
      return early === "failed" || early?.connection?.isOpen() === false ? reach() : made;
    },
    async close() {
      end.abort();
      await known;
      if (early !== "failed") await early?.connection?.close();
    },
  };
}

/**
 * Opens the connection for all that somebody asks: each of its own costs both ends an exchange of keys.
 * @param end ends the try
 * @returns undefined where none can be shared @throws {RunnerError} when the destination can't be reached
 */
export async function connect(
  asking: Asking,
  {
    timeoutMs = asking.config.budgetMs,
    kept = "Nothing was sent, and nothing is forgotten.",
    end,
  }: { timeoutMs?: number; kept?: string; end?: AbortSignal } = {},
): Promise<SharedConnection | undefined> {
  const { config, stop } = asking;
  const found = await shareConnection(pinnedSsh(machineOf(config)), socketOf(asking), {
    ...{ timeoutMs, stop: end ? AbortSignal.any([stop.signal, end]) : stop.signal },
  });
  stop.check("reach");
  if (found === undefined || "socket" in found) return found;
  throw failureOf(asking, config.destination.name, { result: found }, kept, "ssh");
}

/** Of whoever has the job's lock, or of this process: a run may be at work beside it. Those of processes that were killed go. */
function socketOf({ config: { stateDir }, lock }: Asking): string {
  if (lock) return join(stateDir, "ssh");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(stateDir)) {
    const pid = /^ssh\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(stateDir, name), { force: true });
  }
  return join(stateDir, `ssh.${process.pid}`);
}

/** Has another connection in the place of one that has ended, or is to. @throws {RunnerError} when the destination can't be reached */
export async function reconnect(run: Asking & { connection?: SharedConnection }): Promise<void> {
  const { connection } = run;
  if (!connection) return;
  await connection.close();
  delete run.connection;
  const another = await connect(run, {
    kept: "What was sent is there and goes on from there; nothing of it is acknowledged.",
  });
  if (another) run.connection = another;
}

function machineOf(config: OffsiteSyncConfig): PinnedMachine {
  const { key, address, port, user, hostKey } = config.destination;
  readCredential(config, key);
  return {
    ...{ address, port, user, hostKey, alias: hostAlias },
    knownHosts: knownHosts(config),
    identity: credentialFile(config, key),
  };
}

const hostAlias = "destination";

/** The one key that the estate pins, under a name that no resolver answers for. */
export function knownHosts({ stateDir, destination }: OffsiteSyncConfig): string {
  const file = join(stateDir, "known_hosts");
  const line = `${hostAlias} ${destination.hostKey}\n`;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  if (readOrNothing(file) !== line) writeFileSync(file, line, { mode: 0o600 });
  return file;
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Whether rsync has come to its end, so that its session has too: also where the daemon there had a "no" for it (4, 5). */
function isThrough(exitCode: number | null): boolean {
  return (
    exitCode === 4 ||
    exitCode === 5 ||
    rsyncOutcome({ ended: "exited", exitCode: exitCode ?? undefined }) !== "broken"
  );
}

/** rsync's own codes for a connection that isn't there, or is no more; rsync(1), "EXIT VALUES", and ssh's 255. */
const connectionCodes = [5, 10, 12, 30, 35, 255];

function isLost({ exitCode, ended }: Pick<RunResult, "exitCode" | "ended">): boolean {
  return connectionCodes.includes(exitCode ?? 255) || ended === "timed-out";
}

/** The destination can't be reached, or went away: nothing else can be sent now. */
export class Away extends RunnerError {}

/** What shows such a fault at the destination, and what to do then. */
export function lookThere({ destination }: OffsiteSyncConfig, { look, next }: DiskFault): string {
  const { user, address, port } = destination;
  return shell`ssh ${`${user}@${address}`} -p ${port} ${ready(look)}   (${ready(next)})`;
}

/** What a pass that didn't come through comes to. */
export function failureOf(
  { config, connection, isBound, again }: Asking,
  what: string,
  { result }: Pick<RsyncPass, "result">,
  kept: string,
  program: "rsync" | "ssh" = "rsync",
): RunnerError {
  const { name, address, port, user } = config.destination;
  const said = firstLines(result.stderr);
  const code = result.exitCode ?? result.signal ?? result.ended;
  const fault = diskFaultIn(result.stderr);
  if (fault?.isThere === true)
    return new RunnerError(exitCodes.failed, {
      failed: `${name} ${fault.is} ${what}: ${said}`,
      kept,
      next: lookThere(config, fault),
    });
  // Its receiver could not write (rsync(1), "EXIT VALUES"); what it says of that is lost where it ends before it is read here.
  if (result.exitCode === 11 && said === "")
    return new RunnerError(exitCodes.failed, {
      failed: `${name} could not write ${what}, and why was lost with its end (rsync: 11)`,
      kept,
      next: shell`ssh ${`${user}@${address}`} -p ${port} ${ready("'df -h; df -i; mount; dmesg'")}   (has it room, quota and a disk that may be written? The next run asks again)`,
    });
  // A shell there says so; that this host has none is told by what starts it.
  if (
    /(?:not found|No such file or directory)\n(?:.*\n)*rsync: did not see server greeting/.test(result.stderr)
  )
    return new RunnerError(exitCodes.failed, {
      failed: `rsync isn't installed on ${name}, or not where its key's command looks for it: ${said}`,
      kept,
      next: shell`apt-get install rsync   (on ${name} itself, or what its system has for that; then the path in its authorized_keys)`,
    });
  const isOther = isOtherMachine(result.stderr);
  // A negotiation that fails is no error to ssh, and the level below has each banner too. One that came through once doesn't fail so.
  const isSilent =
    program === "ssh"
      ? said === ""
      : !connection && result.stderr.startsWith("rsync: did not see server greeting");
  // Bound to a connection, ssh has no other reason to begin a new one.
  const isEnded =
    isBound === true &&
    /^(?:kex_exchange_identification: |Connection closed by UNKNOWN)/m.test(result.stderr);
  const failure = {
    failed: isEnded
      ? `${name} ended the connection over which it was sent to: what it had in memory may be lost, as with its power`
      : isOther
        ? `${name} at ${address} shows another host key than the one that is pinned: it may be another machine`
        : isSilent
          ? `${name} at ${address} ended the connection, and ssh gave no reason, as it gives none where ${name} has no key of the pinned type`
          : `${program} ended with ${code} at ${what}: ${said}`,
    kept,
    next:
      isOther || isSilent
        ? shell`ssh-keyscan -p ${port} ${address}   (compared on ${name} itself; if its key was replaced, pin the new one in the estate)`
        : shell`ping -c 3 ${address}; ${ready(again ?? shell`systemctl start ${config.job}`)}`,
  };
  return isLost(result) ? new Away(exitCodes.failed, failure) : new RunnerError(exitCodes.failed, failure);
}
