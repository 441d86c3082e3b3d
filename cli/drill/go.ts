import { z } from "zod";
import { drillRecord } from "../../plan/contracts/drill-record";
import type { Asked } from "../ask-jobs";
import { jsonOf } from "../json";
import { followOnHost } from "../restore/follow";
import type { Drilled } from "../../plan/graph/drilled";
import type { Task } from "./tasks";

const name = z.object({ tier: z.string(), of: z.string() });

/** What the program says at its end, as one line of JSON. */
const answer = z.object({
  status: z.int(),
  drills: z.array(drillRecord).default([]),
  passedOver: z.array(name.extend({ why: z.string() })).default([]),
  would: z.array(name.extend({ path: z.string(), at: z.iso.datetime().optional() })).default([]),
  failed: z.string().optional(),
  next: z.string().optional(),
});
export type Answer = z.output<typeof answer>;

/** @returns undefined for a line that is none */
export function answerIn(line: string): Answer | undefined {
  const parsed = answer.safeParse(jsonOf(line));
  return parsed.success ? parsed.data : undefined;
}

/** How a host's drills ended. */
export interface Ended {
  readonly task: Task;
  /** Undefined where it said nothing that is one. */
  readonly answer: Answer | undefined;
  /** Whether it was begun. */
  readonly began: boolean;
  /** Undefined where nobody knows it. */
  readonly exitCode: number | undefined;
}

/** Asks one host's program, and tells its lines as they come. A connection that is lost ends no drill: the record of it comes all the same. */
export async function drillOn(
  asked: Asked,
  task: Task,
  { dryRun, stop, say }: { readonly dryRun: boolean; readonly stop: AbortSignal; say(line: string): void },
): Promise<Ended> {
  let found: Answer | undefined;
  const argv = [
    ...[task.program, "run", ...(dryRun ? ["--dry-run"] : [])],
    ...task.only.map(name => `--only=${name}`),
    ...["--progress", "--json"],
  ];
  const followed = await followOnHost(asked, task.host, argv, {
    stop,
    said(line) {
      const parsed = answerIn(line);
      if (parsed) found = parsed;
      else say(`  ${line}`);
    },
  });
  return { task, answer: found, ...followed };
}

/** Copies that there are by the estate, of which its program knows none: a drill of all others proves nothing of them. */
export function missingFrom({ task, answer, exitCode }: Ended): Drilled[] {
  // One that failed or refused may not have come to them.
  if (answer === undefined || exitCode !== 0) return [];
  const told = [...answer.drills, ...answer.passedOver, ...answer.would];
  const names = new Set(told.map(({ tier, of }) => `${tier}:${of}`));
  return task.expected.filter(({ tier, name }) => !names.has(`${tier}:${name}`));
}

/** What became of a host's drills, in a word. */
export type State = "proved" | "owes" | "busy" | "stopped" | "unknown";

export function stateOf(ended: Ended): State {
  const { answer, exitCode } = ended;
  switch (exitCode) {
    case 0:
      return answer === undefined ? "unknown" : isProved(ended, answer) ? "proved" : "owes";
    case 75:
      return "busy";
    case 129:
    case 130:
    case 143:
      return "stopped";
    default:
      // Without an answer of its own, its program isn't there.
      return exitCode === undefined || exitCode === 2 || answer === undefined ? "unknown" : "owes";
  }
}

/** Of nothing, nothing is proved. */
function isProved(ended: Ended, { drills, would, passedOver }: Answer): boolean {
  const isAllProved = drills.every(({ result }) => result === "proved");
  return (
    drills.length + would.length > 0 &&
    isAllProved &&
    passedOver.length === 0 &&
    missingFrom(ended).length === 0
  );
}

/** One of those in docs/drill.md: what a copy owes is told before what isn't known. */
export function exitCodeOf(all: readonly Ended[]): number {
  const states = all.map(stateOf);
  if (states.includes("owes")) return 1;
  const stopped = all.find(ended => stateOf(ended) === "stopped")?.exitCode;
  if (stopped !== undefined) return stopped;
  if (states.includes("busy")) return 75;
  return states.includes("unknown") ? 3 : 0;
}
