import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { NasSnapshotsConfig } from "../../plan/contracts/nas-snapshots";
import { credentialFile, readCredential } from "../runtime/credentials";
import { writeDurably } from "../runtime/durable";
import { exitCodes, RunnerError } from "../runtime/errors";
import type { Lock } from "../runtime/lock";
import { isOtherMachine, pinnedSsh } from "../runtime/pinned-ssh";
import { run } from "../runtime/run";
import { ready, shell } from "../runtime/shell";
import type { Stop } from "../runtime/stop";
import { firstLines } from "../runtime/tail";
import { type Answered, answersIn, type Question, scriptOf } from "./script";

/** Who asks the NAS for something. */
export interface Asking {
  readonly config: NasSnapshotsConfig;
  readonly stop: Stop;
  readonly lock?: Lock;
}

/** The NAS didn't let anybody in, or not this account; nothing was asked for there. */
export class NotAsked extends RunnerError {}

/**
 * Asks a NAS some questions in one session, so with one log-in. @returns what it answered, and what it said beside
 * @throws {NotAsked} when it can't be reached, isn't the one that is pinned, or doesn't take the password
 */
export async function ask(
  { config, stop, lock }: Asking,
  questions: readonly Question[],
): Promise<{ readonly answers: ReadonlyMap<string, Answered>; readonly said: string }> {
  const token = `holdfast-${randomUUID()}`;
  const password = readCredential(config, config.nas.password);
  const result = await run([...sshOf(config), scriptOf(questions, token)], {
    timeoutMs: config.budgetMs,
    stop: stop.signal,
    env: { LC_ALL: "C", SSH_AUTH_SOCK: "" },
    input: Buffer.from(`${password}\n`),
    inherit: lock ? [lock.fd] : [],
  });
  stop.check("look");
  const said = withoutSecret(result.stderr, password);
  const answers = answersIn(result.stdout, token);
  if (result.ended !== "exited" || result.exitCode !== 0) {
    // A session that ended in its middle has answered nothing that is believed.
    throw notReached(config, said, result.ended === "exited" ? String(result.exitCode) : result.ended);
  }
  const refused = questions.find(({ name, orEnd }) => orEnd && answers.get(name)?.exitCode !== 0);
  if (refused) throw notAllowed(config, refused, answers.get(refused.name), said);
  return { answers, said };
}

function withoutSecret(text: string, password: string): string {
  return password === "" ? text : text.replaceAll(password, "***");
}

const alias = "nas";

function sshOf(config: NasSnapshotsConfig): [string, ...string[]] {
  const { nas, stateDir } = config;
  const knownHosts = join(stateDir, "known_hosts");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeDurably(knownHosts, `${alias} ${nas.hostKey}\n`, 0o600);
  readCredential(config, nas.key);
  return pinnedSsh({ ...nas, knownHosts, alias, identity: credentialFile(config, nas.key) });
}

const kept = "Nothing was changed on the NAS; its snapshots are as they were.";

function notReached({ nas, job }: NasSnapshotsConfig, said: string, code: string): NotAsked {
  const isOther = isOtherMachine(said);
  const isClosed = /Permission denied/.test(said);
  const login = shell`ssh -p ${nas.port} ${`${nas.user}@${nas.address}`} true`;
  if (isOther)
    return new NotAsked(exitCodes.failed, {
      failed: `${nas.name} at ${nas.address} shows another host key than the one that is pinned: it may be another machine, and got no password`,
      kept,
      next: shell`ssh-keyscan -p ${nas.port} ${nas.address}   (compared on ${nas.name} itself; if its key was replaced, pin the new one in the estate)`,
    });
  return new NotAsked(exitCodes.failed, {
    failed: isClosed
      ? `${nas.name} doesn't let ${nas.user} in by its key: ${firstLines(said)}`
      : `${nas.name} at ${nas.address} can't be asked: ssh ended with ${code}${said === "" ? "" : `: ${firstLines(said)}`}`,
    kept,
    next: isClosed ? login : shell`ping -c 3 ${nas.address}; systemctl start ${job}`,
  });
}

const wrongPassword =
  /incorrect password attempt|Sorry, try again|no password was provided|a password is required|[Aa]uthentication failure/;

function notAllowed(
  { nas, job, credentialsDir }: NasSnapshotsConfig,
  { command }: Question,
  answer: Answered | undefined,
  said: string,
): NotAsked {
  const next = shell`ssh -t -p ${nas.port} ${`${nas.user}@${nas.address}`} sudo -l`;
  if (wrongPassword.test(said))
    return new NotAsked(exitCodes.failed, {
      failed: `sudo on ${nas.name} doesn't take the password of ${nas.user}. It was tried once, and isn't tried again by this run: too many tries lock the account`,
      kept,
      next: shell`${ready(next)}; ls -l ${`${credentialsDir}/${nas.password}`}   (then set the secret anew, and pulumi up)`,
    });
  if (/not allowed to|not in the sudoers|may not run/.test(said))
    return new NotAsked(exitCodes.failed, {
      failed: `sudo on ${nas.name} doesn't let ${nas.user} run "${command}": ${firstLines(said)}`,
      kept,
      next: shell`${ready(next)}   (the line that it needs is in docs/layers/nas-snapshots.md)`,
    });
  return new NotAsked(exitCodes.failed, {
    failed: `"${command}" on ${nas.name} ended with ${answer?.exitCode ?? "nothing"}: ${firstLines(`${said}\n${answer?.text ?? ""}`)}`,
    kept,
    next: shell`ssh -t -p ${nas.port} ${`${nas.user}@${nas.address}`} sudo ${command.split(" ")}; systemctl start ${job}`,
  });
}
