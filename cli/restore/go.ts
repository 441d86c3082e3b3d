import type { Asked } from "../ask-jobs";
import { type Followed, followOnHost } from "./follow";
import { type Task, firstOf, tried } from "./tasks";

/** How far a step came. */
export type Standing = "done" | "refused" | "failed" | "stopped" | "lost" | "unreached" | "waits" | "yours";

export interface Ended {
  readonly task: Task;
  readonly standing: Standing;
  readonly exitCode: number | undefined;
  /** The last of what it said. */
  readonly said: readonly string[];
}

export interface Stage {
  readonly asked: Asked;
  say(line: string): void;
}

/** Lets each host's program say what it would do. @returns the first that wouldn't */
export async function tryAll(tasks: readonly Task[], stage: Stage): Promise<Ended | undefined> {
  for (const task of firstOf(tasks)) {
    stage.say(`What ${task.step.where.name} says of step ${task.number}, which it only tries:`);
    const ended = await run(task, tried(task), stage, new AbortController().signal);
    if (ended.standing !== "done")
      return { ...ended, standing: ended.exitCode === undefined ? "unreached" : "refused" };
  }
  return undefined;
}

/** Runs what hosts do, one step after the other; the first that doesn't end well is the last. */
export async function goThrough(tasks: readonly Task[], stage: Stage): Promise<Ended[]> {
  const { signal, unlisten } = signalled(stage);
  try {
    const all: Ended[] = [];
    for (const task of tasks) {
      const isOver = all.some(({ standing }) => standing !== "done" && standing !== "yours");
      if (task.byHand || isOver || signal.aborted) {
        const standing = task.byHand ? "yours" : "waits";
        all.push({ ...{ task, standing, exitCode: undefined }, said: [] });
        continue;
      }
      stage.say(`Step ${task.number} of ${tasks.length}, on ${task.step.where.name}:`);
      all.push(await run(task, task.step.argv ?? [], stage, signal));
    }
    return all;
  } finally {
    unlisten();
  }
}

/** A restore that is told to stop ends by itself, at a place from where it goes on. */
function signalled(stage: Stage): { readonly signal: AbortSignal; readonly unlisten: () => void } {
  const controller = new AbortController();
  const names = ["SIGINT", "SIGTERM"] as const;
  const handler = (): void => {
    if (!controller.signal.aborted) stage.say("Stopping: what must not be cut short ends first.");
    controller.abort();
  };
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    unlisten: () => {
      for (const name of names) process.off(name, handler);
    },
  };
}

const most = 20;

async function run(
  task: Task,
  argv: readonly string[],
  { asked, say }: Stage,
  stop: AbortSignal,
): Promise<Ended> {
  const said: string[] = [];
  const followed = await followOnHost(asked, task.step.where.name, argv, {
    said: line => {
      say(`  ${line}`);
      said.push(line);
      if (said.length > most) said.shift();
    },
    stop,
  });
  return { task, standing: standingOf(followed), exitCode: followed.exitCode, said };
}

/** The codes that all programs of hosts share. */
export function standingOf({ began, exitCode }: Followed): Standing {
  if (exitCode === undefined) return began ? "lost" : "unreached";
  switch (exitCode) {
    case 0:
      return "done";
    // Wrong words, a guard's no, another run's lock: nothing was changed.
    case 2:
    case 3:
    case 75:
      return "refused";
    case 129:
    case 130:
    case 143:
      return "stopped";
    default:
      return "failed";
  }
}

export function mayHaveChanged(standing: Standing): boolean {
  return ["done", "failed", "stopped", "lost"].includes(standing);
}

/** How a restore stands as a whole. */
export interface State {
  readonly name: "restored" | "yours" | "owes" | Exclude<Standing, "done" | "waits" | "yours">;
  /** The program's own, but for one: 3 is what isn't known. */
  readonly exitCode: number;
}

/** @param missing datasets of which no copy is there */
export function stateOf(all: readonly Ended[], missing: readonly string[]): State {
  for (const { standing, exitCode = 3 } of all)
    switch (standing) {
      case "refused":
        return { name: standing, exitCode: exitCode === 3 ? 1 : exitCode };
      case "failed":
      case "stopped":
      case "lost":
      case "unreached":
        return { name: standing, exitCode };
      default:
    }
  if (all.some(({ standing }) => standing === "yours")) return { name: "yours", exitCode: 1 };
  if (missing.length > 0 || all.some(({ standing }) => standing === "waits"))
    return { name: "owes", exitCode: 1 };
  return { name: "restored", exitCode: 0 };
}
