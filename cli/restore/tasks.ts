import { shellWord } from "../../plan/contracts/shell-word";
import type { RestoreStep } from "../../plan/graph/restore-steps";
import type { Chosen } from "./choose";

/** One step of a restore, by its number among all of them. */
export interface Task {
  readonly number: number;
  readonly chosen: Chosen;
  readonly step: RestoreStep;
  /** Who does it: a host's own program, a cluster as kubectl here tells it, or a person. */
  readonly by: "host" | "cluster" | "person";
  /** Numbers of the steps that have to end before it, each smaller than its own. */
  readonly after: readonly number[];
  /** What two steps can't take at once: a link, a host's disks, a program that runs once, a cluster, a person's eyes. */
  readonly lanes: readonly string[];
  /** The least that it takes by the estate's links; undefined where that isn't known. */
  readonly floorMs: number | undefined;
}

/** What a service needs before it, of all that comes back. */
export type Needs = ReadonlyMap<string, readonly string[]>;

export interface Manner {
  /** Nothing waits for another service unless given. */
  readonly needs?: Needs;
  /** Services of which all is back but what was left to persons: their steps are those alone. */
  readonly unconfirmed?: readonly string[];
  /** Datasets of which nothing is back: all of their steps come. */
  readonly missing?: readonly string[];
}

/** All steps, one dataset after the other. @param reached whether kubectl here leads to a cluster */
export function tasksOf(
  all: readonly Chosen[],
  reached: (cluster: string) => boolean,
  { needs = new Map(), unconfirmed = [], missing = [] }: Manner = {},
): Task[] {
  const tasks: Task[] = [];
  for (const chosen of all) {
    const { service, dataset, backMs } = chosen.version;
    const steps = chosen.version.restore.map(step => ({ step, by: doerOf(step, reached) }));
    const first = unconfirmed.includes(service) && !missing.includes(dataset) ? leftOf(steps) : 0;
    const before = neededBy(service, needs);
    const needed = tasks.filter(task => before.has(task.chosen.version.service)).map(({ number }) => number);
    for (const [index, { step, by }] of steps.entries()) {
      if (index < first) continue;
      const number = tasks.length + 1;
      tasks.push({
        ...{ number, chosen, step, by, after: index > first ? [...needed, number - 1] : needed },
        lanes: lanesOf(chosen, step, by),
        // What follows the first step works on bytes that are there.
        floorMs: index === 0 ? backMs : index > first ? 0 : undefined,
      });
    }
  }
  return tasks;
}

/** From where on a dataset's steps were left: from the first that a person does. */
function leftOf(steps: readonly Pick<Task, "by">[]): number {
  const persons = steps.findIndex(({ by }) => by === "person");
  if (persons >= 0) return persons;
  // Its cluster wasn't reached then.
  const cluster = steps.findIndex(({ by }) => by === "cluster");
  return cluster >= 0 ? cluster : steps.length;
}

function neededBy(service: string, needs: Needs, seen = new Set<string>()): Set<string> {
  for (const need of needs.get(service) ?? [])
    if (!seen.has(need)) {
      seen.add(need);
      neededBy(need, needs, seen);
    }
  return seen;
}

function lanesOf({ version }: Chosen, { where, argv = [] }: RestoreStep, by: Task["by"]): string[] {
  if (by === "person") return ["a person"];
  const { link, backMs, machine } = version;
  // Two that read one disk hinder each other; what is swapped in its place reads none.
  const way = link ?? (backMs === 0 ? undefined : `disks of ${machine}`);
  return [`${where.name}: ${by === "host" ? argv[0] : "kubectl"}`, ...(way === undefined ? [] : [way])];
}

function doerOf({ kind, where }: RestoreStep, reached: (cluster: string) => boolean): Task["by"] {
  if (kind !== "command") return "person";
  if (where.kind === "cluster") return reached(where.name) ? "cluster" : "person";
  return where.kind === "host" ? "host" : "person";
}

/** Clusters in which steps are done. */
export function clustersIn(all: readonly Chosen[]): string[] {
  const steps = all.flatMap(({ version }) => version.restore);
  return [
    ...new Set(
      steps
        .filter(({ kind, where }) => kind === "command" && where.kind === "cluster")
        .map(({ where }) => where.name),
    ),
  ];
}

/** The first step of each dataset: those that come after one can't be tried before that was done. */
export function firstOf(tasks: readonly Task[]): Task[] {
  return tasks.filter(({ chosen, by }, index) => by === "host" && tasks[index - 1]?.chosen !== chosen);
}

/** The same command as one that changes nothing: all programs of hosts have one grammar. */
export function tried({ step }: Task): readonly string[] {
  const [program = "", verb = "", ...words] = step.argv ?? [];
  return [program, verb, "--dry-run", ...words];
}

/** As somebody types it there. */
export function commandOf({ argv }: RestoreStep): string {
  return argv?.map(shellWord).join(" ") ?? "";
}

/** "on pve: daily-backup restore …", or what a person does. */
export function stepText(step: RestoreStep): string {
  const command = commandOf(step);
  const text = step.kind === "manual" ? `${step.text}${command === "" ? "" : `: ${command}`}` : command;
  return `on ${step.where.name}: ${text}`;
}
