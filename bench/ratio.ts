import { execa } from "execa";
import type { Row } from "./row";

/** A command to time, as a whole process. */
export interface Timed {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
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

async function elapsedMs({ argv, cwd, env }: Timed): Promise<number> {
  const [program = "", ...args] = argv;
  const start = performance.now();
  await execa(program, args, { ...(cwd === undefined ? {} : { cwd }), ...(env ? { env } : {}) });
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
