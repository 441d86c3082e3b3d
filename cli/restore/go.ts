import type { Asked } from "../ask-jobs";
import type { ClusterChoice } from "../kubectl";
import { type Followed, followInCluster, followOnHost } from "./follow";
import { firstOf, stepText, type Task, tried } from "./tasks";

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
  readonly kubectl: ClusterChoice;
  say(line: string): void;
  /** Gives what a person at the terminal types; undefined where there is none. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
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

/**
 * Goes from step to step; the first that doesn't end well is the last. What is a person's ends it too where they leave it; where nobody
 * can be asked, it is left with all that comes after it for the same dataset.
 */
export async function goThrough(tasks: readonly Task[], stage: Stage): Promise<Ended[]> {
  const { signal, unlisten } = signalled(stage);
  try {
    const all: Ended[] = [];
    for (const task of tasks) all.push(await stepOf(task, { all, of: tasks.length, stage, signal }));
    return all;
  } finally {
    unlisten();
  }
}

interface Going {
  /** Steps before this one. */
  readonly all: readonly Ended[];
  readonly of: number;
  readonly stage: Stage;
  readonly signal: AbortSignal;
}

async function stepOf(task: Task, { all, of, stage, signal }: Going): Promise<Ended> {
  const { number, step, by, chosen } = task;
  const as = (standing: Standing): Ended => ({ ...{ task, standing, exitCode: undefined }, said: [] });
  const isLeft = all.some(({ task, standing }) => standing === "yours" && task.chosen === chosen);
  if (isLeft) return as("yours");
  // Who was asked and left their own step has ended it.
  const goesOn = stage.ask ? ["done"] : ["done", "yours"];
  const isOver = all.some(({ standing }) => !goesOn.includes(standing));
  if (isOver || signal.aborted) return as("waits");
  if (by !== "person") {
    stage.say(`Step ${number} of ${of}, on ${step.where.name}:`);
    return run(task, step.argv ?? [], stage, signal);
  }
  stage.say(`Step ${number} of ${of} is yours:\n  ${stepText(step)}\n  It worked where ${step.verifies}.`);
  const answer = await stage.ask?.('When it has worked, type "done"; else Enter, which ends here: ');
  return as(answer?.trim() === "done" ? "done" : "yours");
}

/** A restore that is told to stop ends by itself, at a place from where it goes on. */
export function signalled(stage: Pick<Stage, "say">): {
  readonly signal: AbortSignal;
  readonly unlisten: () => void;
} {
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
  { asked, kubectl, say }: Stage,
  stop: AbortSignal,
): Promise<Ended> {
  const said: string[] = [];
  const follower = {
    stop,
    said: (line: string) => {
      say(`  ${line}`);
      said.push(line);
      if (said.length > most) said.shift();
    },
  };
  const followed =
    task.by === "cluster"
      ? await followInCluster(kubectl, argv, follower)
      : await followOnHost(asked, task.step.where.name, argv, follower);
  const standing = task.by === "cluster" ? inCluster(followed) : standingOf(followed);
  return { task, standing, exitCode: followed.exitCode, said };
}

/** Its codes are those of a shell: what isn't known to have ended well may be at work. */
function inCluster({ exitCode }: Followed): Standing {
  return exitCode === undefined ? "lost" : exitCode === 0 ? "done" : "failed";
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
  /** One of those in docs/restore.md. */
  readonly exitCode: number;
}

/** @param missing datasets of which no copy is there */
export function stateOf(all: readonly Ended[], missing: readonly string[]): State {
  const isChanged = all.some(({ standing }) => standing === "done");
  for (const { standing, exitCode = 3 } of all)
    switch (standing) {
      case "refused":
        // With these, nothing at all was changed.
        return { name: standing, exitCode: !isChanged && [2, 75].includes(exitCode) ? exitCode : 1 };
      case "failed":
        return { name: standing, exitCode: 1 };
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
