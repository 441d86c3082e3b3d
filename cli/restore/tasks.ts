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
}

/** All steps, one dataset after the other. @param reached whether kubectl here leads to a cluster */
export function tasksOf(all: readonly Chosen[], reached: (cluster: string) => boolean): Task[] {
  return all
    .flatMap(chosen => chosen.version.restore.map(step => ({ chosen, step, by: doerOf(step, reached) })))
    .map((task, index) => ({ ...task, number: index + 1 }));
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
