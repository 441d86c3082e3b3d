import { shellWord } from "../../plan/contracts/shell-word";
import type { RestoreStep } from "../../plan/graph/restore-steps";
import type { Chosen } from "./choose";

/** One step of a restore, by its number among all of them. */
export interface Task {
  readonly number: number;
  readonly chosen: Chosen;
  readonly step: RestoreStep;
  /** Whether it is a person's, or comes after one that is. */
  readonly byHand: boolean;
}

/** All steps, one dataset after the other. */
export function tasksOf(all: readonly Chosen[]): Task[] {
  const tasks = all.flatMap(chosen => {
    const { restore } = chosen.version;
    const first = restore.findIndex(step => !isRunHere(step));
    return restore.map((step, index) => ({ chosen, step, byHand: first >= 0 && index >= first }));
  });
  return tasks.map((task, index) => ({ ...task, number: index + 1 }));
}

/** What a host's own program does. */
function isRunHere({ kind, where }: RestoreStep): boolean {
  return kind === "command" && where.kind === "host";
}

/** The first step of each dataset: those that come after one can't be tried before that was done. */
export function firstOf(tasks: readonly Task[]): Task[] {
  return tasks.filter(({ chosen, byHand }, index) => !byHand && tasks[index - 1]?.chosen !== chosen);
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
