import { dirname } from "node:path";
import { exitCodes, RunnerError } from "./errors";
import { typedPath } from "./held-folder";
import { quoted } from "./quoted";
import { CommandMissing, run, type RunResult } from "./run";
import { shell } from "./shell";

/** Numbers of renameat2(2) by Node's name of the machine; Linux, arch/x86/entry/syscalls and asm-generic/unistd.h. */
const renameat2: Readonly<Record<string, number>> = { x64: 316, arm64: 276 };

/**
 * AT_FDCWD and a flag. A syscall's argument that perl sees as text is passed as a pointer to it; a path comes as hexadecimal, as
 * it may hold bytes that no argument can. Ends with 17 where the second path is taken, whatever its file system's number for that is.
 */
const program =
  "my ($call, $flag, $a, $b) = @ARGV; ($a, $b) = map { pack('H*', $_) } $a, $b; exit 0 if syscall($call + 0, -100, $a, -100, $b, $flag + 0) == 0; exit 17 if $!{EEXIST}; print STDERR qq($!); exit 1";
const flags = { noReplace: 1, exchange: 2 } as const;
const isTaken = 17;

/**
 * Lets two entries of one file system change places by one atomic step. Node has no such call, and mv(1) only from Debian
 * 13 on; perl is on every Debian (perl-base is essential).
 * @param lockFd of the job: while a killed run's program is about to do it, no other one may have done the same, which would be undone
 * @throws {RunnerError} when it can't be done; then nothing has changed
 */
export async function exchange(one: string | Buffer, other: string | Buffer, lockFd: number): Promise<void> {
  const fail = failureOf(other, `${shown(one)} and ${shown(other)} can't change places`);
  const result = await rename(one, other, { flag: flags.exchange, lockFd }, fail);
  if (result.exitCode !== 0) throw fail(result.stderr || `perl ended with ${result.ended}`);
}

/**
 * Gives an entry another name on its file system, where nothing has that name: rename(2) would replace a file.
 * @param lockFd as above
 * @returns false when something has it
 * @throws {RunnerError} when it can't be done; then nothing has changed
 */
export async function moveUnlessTaken(
  from: string | Buffer,
  to: string | Buffer,
  lockFd: number,
): Promise<boolean> {
  const fail = failureOf(to, `${shown(from)} can't be renamed to ${shown(to)}`);
  const result = await rename(from, to, { flag: flags.noReplace, lockFd }, fail);
  if (result.exitCode === isTaken) return false;
  if (result.exitCode !== 0) throw fail(result.stderr || `perl ended with ${result.ended}`);
  return true;
}

type Fail = (why: string) => RunnerError;

function failureOf(place: string | Buffer, what: string): Fail {
  return why =>
    new RunnerError(exitCodes.failed, {
      failed: `${what}: ${why}`,
      kept: "Both are as they were.",
      next: nextOf(typedPath(place), why),
    });
}

/** @param why in the words of strerror(3), in the C locale */
function nextOf(place: Buffer, why: string): string {
  const folder = dirname(place.toString("latin1"));
  const above = Buffer.from(folder, "latin1");
  if (why === "Operation not permitted")
    return shell`lsattr -d ${place} ${above}   (one that is immutable or append-only lets nobody rename it: chattr -ia)`;
  if (why === "Invalid cross-device link")
    return shell`findmnt --target ${place}; lsattr -pd ${above}   (where a project is inherited, as for a quota by folder, nothing of another one can be renamed into it)`;
  return shell`findmnt --target ${place}; dpkg --status perl-base`;
}

function shown(path: string | Buffer): string {
  return quoted(typedPath(path));
}

async function rename(
  one: string | Buffer,
  other: string | Buffer,
  { flag, lockFd }: { readonly flag: number; readonly lockFd: number },
  fail: Fail,
): Promise<RunResult> {
  const call = renameat2[process.arch];
  if (call === undefined) throw fail(`no system call is known for ${process.arch}`);
  const paths = [one, other].map(path => Buffer.from(path).toString("hex"));
  try {
    const argv = ["perl", "-MErrno", "-e", program, String(call), String(flag), ...paths] as const;
    return await run([...argv], { timeoutMs: 60_000, inherit: [lockFd], env: { LC_ALL: "C" } });
  } catch (error) {
    if (error instanceof CommandMissing) throw fail(error.message);
    throw error;
  }
}
