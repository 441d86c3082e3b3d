import { errorText } from "../../plan/estate/plain";
import type { Asked } from "../ask-jobs";
import type { ClusterChoice } from "../kubectl";
import { type Followed, followInCluster, followOnHost } from "./follow";
import { progressText } from "./estimate";
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
  /** A clock that goes on, in ms. */
  readonly clock: () => number;
}

/** What hosts' programs say of steps that they only try. */
export interface Tried {
  /** The first that wouldn't do its step. */
  readonly refused: Ended | undefined;
  /** Steps that wouldn't be done now, and come after others that may be what they lack. */
  readonly later: readonly Task[];
}

/** Lets each host's program say what it would do. */
export async function tryAll(tasks: readonly Task[], stage: Stage): Promise<Tried> {
  const later: Task[] = [];
  for (const task of firstOf(tasks)) {
    stage.say(`What ${task.step.where.name} says of step ${task.number}, which it only tries:`);
    const quoted = { ...stage, say: (line: string) => stage.say(`  ${line}`) };
    const ended = await run(task, tried(task), quoted, new AbortController().signal);
    if (ended.standing === "done") continue;
    if (ended.exitCode !== guardsNo || task.after.length === 0)
      return {
        refused: { ...ended, standing: ended.exitCode === undefined ? "unreached" : "refused" },
        later,
      };
    const before = new Set(
      tasks.filter(({ number }) => task.after.includes(number)).map(({ chosen }) => chosen.version.service),
    );
    stage.say(
      `Step ${task.number} isn't done as things stand. It is behind ${[...before].join(", ")}, which its service needs, and is asked for in its turn.`,
    );
    later.push(task);
  }
  return { refused: undefined, later };
}

/** The code of a host's program whose guards say no; nothing was changed. */
const guardsNo = 3;

/**
 * Does all steps, each as soon as those before it have ended and nothing else takes what it takes; of two that take the same, the first in
 * order goes first. The first that doesn't end well is the last to have begun; what is at work goes on to its end. What is a person's ends
 * it too where they leave it; where nobody can be asked, it is left with all that comes after it for the same dataset.
 */
export async function goThrough(tasks: readonly Task[], stage: Stage): Promise<Ended[]> {
  const { signal, unlisten } = signalled(stage);
  try {
    const going = new Going(tasks, stage, signal);
    await going.toTheEnd();
    return tasks.map(task => going.ended.get(task) ?? endedAs(task, "waits"));
  } finally {
    unlisten();
  }
}

class Going {
  readonly ended = new Map<Task, Ended>();
  readonly #work = new Map<Task, Promise<void>>();
  readonly #tookMs = new Map<Task, number>();
  readonly #begunMs = new Map<Task, number>();
  /** Lines that wait while a person is asked. */
  #held: string[] | undefined;

  constructor(
    readonly tasks: readonly Task[],
    readonly stage: Stage,
    readonly signal: AbortSignal,
  ) {}

  async toTheEnd(): Promise<void> {
    for (;;) {
      this.#leaveWhatIsLeft();
      if (!this.#isOver()) for (const task of this.#free()) this.#begin(task);
      if (this.#work.size === 0) return;
      await Promise.race(this.#work.values());
    }
  }

  /** What comes after a step that is a person's, for the same dataset, is theirs too. */
  #leaveWhatIsLeft(): void {
    const left = new Set(
      [...this.ended.values()].filter(({ standing }) => standing === "yours").map(({ task }) => task.chosen),
    );
    for (const task of this.tasks)
      if (left.has(task.chosen) && !this.ended.has(task)) this.ended.set(task, endedAs(task, "yours"));
  }

  /** Who was asked and left their own step has ended it. */
  #passes = ({ standing }: Ended): boolean =>
    standing === "done" || (standing === "yours" && !this.stage.ask);

  #isOver(): boolean {
    return this.signal.aborted || [...this.ended.values()].some(each => !this.#passes(each));
  }

  #free(): Task[] {
    const through = new Set([...this.ended.keys()].map(({ number }) => number));
    const taken = new Set([...this.#work.keys()].flatMap(({ lanes }) => lanes));
    return this.tasks.filter(task => {
      if (this.ended.has(task) || this.#work.has(task)) return false;
      const { after, lanes } = task;
      const isFree = !lanes.some(lane => taken.has(lane));
      for (const lane of lanes) taken.add(lane);
      return isFree && after.every(number => through.has(number));
    });
  }

  #begin(task: Task): void {
    this.#begunMs.set(task, this.stage.clock());
    // A fault of one, such as a full /tmp here, isn't the end of what is told of those beside it.
    const isOver = this.#stepOf(task).catch((error: unknown) => {
      this.#say(`  Step ${task.number}: ${errorText(error)}`);
      return endedAs(task, task.by === "person" ? "yours" : "lost");
    });
    const work = isOver.then(ended => {
      this.#work.delete(task);
      this.ended.set(task, ended);
      const begun = this.#begunMs.get(task) ?? 0;
      this.#begunMs.delete(task);
      if (ended.standing === "done") this.#tookMs.set(task, this.stage.clock() - begun);
      if (this.tasks.length > 1) this.#say(this.#progress());
    });
    this.#work.set(task, work);
  }

  #progress(): string {
    const { tasks } = this;
    const [tookMs, begunMs] = [this.#tookMs, this.#begunMs];
    const isLeft = (task: Task): boolean => task.by === "person" || this.ended.has(task);
    return progressText({ tasks, tookMs, begunMs, isLeft, nowMs: this.stage.clock() });
  }

  async #stepOf(task: Task): Promise<Ended> {
    const { number, step, by } = task;
    const of = `Step ${number} of ${this.tasks.length}`;
    if (by !== "person") {
      this.#say(`${of}, on ${step.where.name}:`);
      // Of several at once, each line says whose it is.
      const mark = this.tasks.length > 1 ? `${number}: ` : "";
      const say = (line: string): void => this.#say(`  ${mark}${line}`);
      return run(task, step.argv ?? [], { ...this.stage, say }, this.signal);
    }
    this.#say(`${of} is yours:\n  ${stepText(step)}\n  It worked where ${step.verifies}.`);
    if (!this.stage.ask) return endedAs(task, "yours");
    this.#held = [];
    const answer = await this.stage.ask('When it has worked, type "done"; else Enter, which ends here: ');
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const line of held) this.#say(line);
    return endedAs(task, answer.trim() === "done" ? "done" : "yours");
  }

  #say(line: string): void {
    if (this.#held) this.#held.push(line);
    else this.stage.say(line);
  }
}

function endedAs(task: Task, standing: Standing): Ended {
  return { ...{ task, standing, exitCode: undefined }, said: [] };
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
  { asked, kubectl, say }: Pick<Stage, "asked" | "kubectl" | "say">,
  stop: AbortSignal,
): Promise<Ended> {
  const said: string[] = [];
  const follower = {
    stop,
    said: (line: string) => {
      say(line);
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
  const isChanged = all.some(({ standing }) => mayHaveChanged(standing));
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
