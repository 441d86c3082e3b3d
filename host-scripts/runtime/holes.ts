import { type BigIntStats, closeSync, constants, fstatSync, openSync } from "node:fs";
import { exitCodes, RunnerError } from "./errors";
import { reach } from "./reach";
import { run, type RunOptions } from "./run";

/** A file with less than this in holes is read as a whole, as rsync does. */
export const leastHoleBytes = 64 * 1024 * 1024;

export function hasLargeHoles({ size, blocks }: BigIntStats): boolean {
  return size - blocks * 512n >= BigInt(leastHoleBytes);
}

/** Whether it takes less room than it has content: it has holes, or its file system compresses. */
export function takesLess({ size, blocks }: BigIntStats): boolean {
  return blocks * 512n < size;
}

/** What a file takes no room for, where that is much. */
export function holeBytes(stat: BigIntStats | undefined): number {
  return stat && hasLargeHoles(stat) ? Number(stat.size - stat.blocks * 512n) : 0;
}

/** An open file has no name that a program could misread, and is no link that was put in its place. */
export function openPlainFile(path: Buffer): number | undefined {
  try {
    const file = reach(path, short =>
      openSync(short, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
    );
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch {
    // It went, or can't be read: rsync says so.
  }
  return undefined;
}

export interface AroundHoles {
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
  /** Commands that write inherit it. */
  readonly lockFd: number;
}

/**
 * Copies an open file by what it holds, with all its metadata, to a path in a folder that only root gets to: rsync reads each byte of
 * a hole, which took minutes for 16 GiB.
 * @returns why it could not be; cp is killed with this process, as what it writes is nobody's then
 */
export async function copyOpenFile(
  file: number,
  part: string,
  { timeoutMs, stop, lockFd }: AroundHoles,
): Promise<string | undefined> {
  const words = ["--dereference", "--preserve=all", "--sparse=auto", "--", "/proc/self/fd/4", part] as const;
  const result = await run(["setpriv", "--pdeathsig", "KILL", "--", "cp", ...words], {
    ...{ timeoutMs, stop, inherit: [lockFd, file] },
  });
  return result.exitCode === 0
    ? undefined
    : `cp ended with ${result.exitCode ?? result.signal}: ${result.stderr.trim()}`;
}

/** Numbers of lseek(2) that neither Node nor perl has a name for: SEEK_DATA. Past the last byte that is no hole it says ENXIO. */
const program = `
my @files = map { open(my $file, "<&=$_") or fault("open"); binmode $file; $file } 3, 4;
my $size = -s $files[0];
exit 1 if $size != -s $files[1];
for (my $at = 0;;) {
  my ($next) = sort { $a <=> $b } map { data($_, $at) } @files;
  exit 0 if $next >= $size;
  my ($one, $other) = map {
    defined sysseek($_, $next, 0) or fault("seek");
    defined sysread($_, my $read, 1 << 20) or fault("read");
    $read;
  } @files;
  exit 1 if $one ne $other || $one eq "";
  $at = $next + length $one;
}
sub data {
  my ($file, $at) = @_;
  return $size if $at >= $size;
  my $found = sysseek($file, $at, 3);
  return $found + 0 if defined $found;
  return $size if $!{ENXIO};
  fault("look for holes");
}
sub fault { print STDERR "$_[0]: $!"; exit 2 }
`;

/**
 * Whether two open files have the same content; false also when it was told to stop. What is a hole in both isn't read.
 * @throws {RunnerError} when one of them can't be read
 */
export async function haveSameContent(
  files: readonly [number, number],
  options: Pick<RunOptions, "timeoutMs"> & { readonly stop: AbortSignal },
): Promise<boolean> {
  const result = await run(["perl", "-MErrno", "-e", program], { ...options, inherit: files });
  if (result.exitCode === 0) return true;
  if (result.exitCode === 1 || options.stop.aborted) return false;
  throw new RunnerError(exitCodes.failed, {
    failed: `a file with holes can't be compared with its copy: ${result.stderr || `perl ended with ${result.exitCode ?? result.signal}`}`,
    kept: "Both are as they were.",
    next: "dmesg --level err,warn | tail",
  });
}
