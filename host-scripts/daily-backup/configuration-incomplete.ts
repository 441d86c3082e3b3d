import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../runtime/durable";
import { exitCodes, RunnerError } from "../runtime/errors";
import {
  type FreshGeneration,
  type Generation,
  generationsOfAnyKind,
  promote,
  retire,
} from "../runtime/generations";
import { quoted } from "../runtime/quoted";
import { incompleteFolder, lacksEnding } from "../runtime/incomplete";

/** What a generation of the host's configuration lacks. */
export interface LackedPart {
  /** A path of the host, or a file of `facts`. */
  readonly path: string;
  readonly reason: string;
  /** What an operator types next. */
  readonly next: string;
}

/** Where what is incomplete lies apart: it takes no complete generation's place, and doesn't count when those are pruned. */
interface Apart {
  /** Of the complete generations. */
  readonly root: string;
  /** Names a folder, or the list beside it, to the offsite run. */
  readonly handOver: (path: string) => void;
}

/** The newest generation that lacks something; undefined while there is none. */
export function newestApart(root: string): Generation | undefined {
  return apartIn(root).at(-1);
}

/** Makes visible what could be copied, with a list of what could not beside it. */
export async function keepApart(
  { root, handOver }: Apart,
  fresh: FreshGeneration,
  lacks: readonly LackedPart[],
  { stop, lockFd }: { readonly stop: AbortSignal; readonly lockFd: number },
): Promise<void> {
  const target = join(root, incompleteFolder, fresh.period);
  const list = lacks.map(({ path, reason }) => ({ path: quoted(path), reason }));
  handOver(`${target}${lacksEnding}`);
  writeDurably(`${target}${lacksEnding}`, `${JSON.stringify(list, null, 1)}\n`, 0o600);
  handOver(target);
  await promote({ ...fresh, target }, stop, lockFd);
  retireApart({ root, handOver }, target);
}

/** Takes away what lies apart: there is a complete generation again, or a newer one that lacks something. @param newest stays */
export function retireApart({ root, handOver }: Apart, newest?: string): void {
  for (const generation of apartIn(root)) {
    if (generation.folder === newest) continue;
    rmSync(`${generation.folder}${lacksEnding}`, { force: true });
    handOver(generation.folder);
    retire(root, generation);
  }
}

/** The failure of a run whose host's configuration lacks something. @param kept where all else is; undefined where it isn't */
export function lackingFailure(lacks: readonly LackedPart[], kept: string | undefined): RunnerError {
  const [first] = lacks;
  const more = lacks.length > 1 ? `, and ${lacks.length - 1} more such faults` : "";
  return new RunnerError(exitCodes.failed, {
    failed: `the host's configuration is not complete: ${first?.reason ?? ""}${more}`,
    kept:
      kept === undefined
        ? "No generation was made of it; the earlier ones are whole, and so is what lies apart of one that lacked less."
        : `All else is in ${quoted(kept)}; the earlier generations are whole.`,
    next: first?.next ?? "",
  });
}

function apartIn(root: string): Generation[] {
  return generationsOfAnyKind(join(root, incompleteFolder), ".").sort((a, b) =>
    a.period.localeCompare(b.period),
  );
}
