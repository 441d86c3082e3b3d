import type { Chosen } from "./choose";
import { commandOf, type Task } from "./tasks";
import type { Ended } from "./go";

/** Of each dataset, for a program: instants are ISO 8601 in UTC, times in seconds; null where nothing says it. */
export function asJson(
  chosen: readonly Chosen[],
  tasks: readonly Task[],
  ended: readonly Ended[],
  nowMs: number,
): object[] {
  return chosen.map(each => {
    const { version, heldMs } = each;
    return {
      ...{ dataset: version.dataset, path: version.below ?? null },
      ...{ where: version.where, via: version.via, medium: version.medium, lacks: version.lacks },
      ...{ taken: isoOf(version.takenMs), holds: isoOf(heldMs) },
      lostSeconds: heldMs === undefined ? null : Math.max(0, Math.round((nowMs - heldMs) / 1000)),
      backSeconds: version.backMs === undefined ? null : version.backMs / 1000,
      steps: tasks
        .filter(task => task.chosen === each)
        .map(task => ({
          ...{ number: task.number, where: task.step.where, command: commandOf(task.step) || null },
          manual: task.step.kind === "manual" ? task.step.text : null,
          ...{ changes: task.step.changes, undo: task.step.undo, verifies: task.step.verifies },
          ...outcomeOf(task, ended),
        })),
    };
  });
}

function outcomeOf(task: Task, ended: readonly Ended[]): object {
  const own = ended.find(each => each.task === task);
  return {
    standing: own?.standing ?? (task.by === "person" ? "yours" : "waits"),
    exitCode: own?.exitCode ?? null,
    said: own?.said ?? [],
  };
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
