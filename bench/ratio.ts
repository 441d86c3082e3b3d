import { execa } from "execa";
import type { Row } from "./row";

/** A command to time, as a whole process. */
export interface Timed {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** With which it may end; by default 0 alone. */
  readonly exitCodes?: readonly number[];
}

/**
 * Times two commands in turn, so that a slow spell of the machine hits both, and compares their medians.
 * @param most the ratio that is aimed at
 */
export async function ratio(name: string, ours: Timed, theirs: Timed, most: number, runs = 7): Promise<Row> {
  const [our, their]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    their.push(await elapsedMs(theirs));
    our.push(await elapsedMs(ours));
  }
  const [ourMs, theirMs] = [median(our), median(their)];
  const value = ourMs / theirMs;
  return {
    name,
    value: `${value.toFixed(2)} × (${Math.round(ourMs)} ms to ${Math.round(theirMs)} ms)`,
    aim: `≤ ${most} ×`,
    ok: value <= most,
  };
}

/** How long a command takes, as a whole process. @throws when it ends with another exit code than it may */
export async function elapsedMs({ argv, cwd, env, exitCodes = [0] }: Timed): Promise<number> {
  const [program = "", ...args] = argv;
  const start = performance.now();
  const options = { ...(cwd === undefined ? {} : { cwd }), ...(env ? { env } : {}), reject: false };
  const { exitCode, stderr } = await execa(program, args, options);
  if (!exitCodes.includes(exitCode ?? -1))
    throw new Error(`${argv.join(" ")} ended with ${exitCode ?? "a signal"}: ${stderr}`);
  return performance.now() - start;
}

/** The middle of several measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
