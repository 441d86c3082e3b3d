import { exitCodes, RunnerError } from "./errors";
import { quoted } from "./quoted";
import { CommandMissing, run } from "./run";
import { shell } from "./shell";

/** Numbers of renameat2(2) by Node's name of the machine; Linux, arch/x86/entry/syscalls and asm-generic/unistd.h. */
const renameat2: Readonly<Record<string, number>> = { x64: 316, arm64: 276 };

/** AT_FDCWD and RENAME_EXCHANGE. A syscall's argument that perl sees as text is passed as a pointer to it. */
const program =
  "my ($call, $a, $b) = @ARGV; exit 0 if syscall($call + 0, -100, $a, -100, $b, 2) == 0; print STDERR qq($!); exit 1";

/**
 * Lets two entries of one file system change places by one atomic step. Node has no such call, and mv(1) only from Debian
 * 13 on; perl is on every Debian (perl-base is essential).
 * @throws {RunnerError} when it can't be done; then nothing has changed
 */
export async function exchange(one: string, other: string): Promise<void> {
  const fail = (why: string): RunnerError =>
    new RunnerError(exitCodes.failed, {
      failed: `${quoted(one)} and ${quoted(other)} can't change places: ${why}`,
      kept: "Both are as they were.",
      next: shell`findmnt --target ${other}; dpkg --status perl-base`,
    });
  const call = renameat2[process.arch];
  if (call === undefined) throw fail(`no system call is known for ${process.arch}`);
  try {
    const argv = ["perl", "-e", program, String(call), one, other] as const;
    const result = await run(argv, { timeoutMs: 60_000, env: { LC_ALL: "C" } });
    if (result.exitCode !== 0) throw fail(result.stderr || `perl ended with ${result.ended}`);
  } catch (error) {
    if (error instanceof CommandMissing) throw fail(error.message);
    throw error;
  }
}
