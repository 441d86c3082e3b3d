import { Listr } from "listr2";

export type Task = {
  readonly title: string;
  readonly run: (say: (line: string) => void) => Promise<void>;
};

/**
 * Runs tasks at the same time and shows how each goes: a live list on a terminal, else a line per step on stderr. A task
 * that fails stops no other.
 * @throws {AggregateError} when any failed, with the causes
 */
export async function runTasks(tasks: readonly Task[]): Promise<void> {
  const errors: unknown[] = [];
  const keep = async (run: () => Promise<void>): Promise<void> => {
    await run().catch((error: unknown) => {
      errors.push(error);
      throw error;
    });
  };
  if (process.stderr.isTTY && process.stdout.isTTY) {
    const list = tasks.map(({ title, run }) => ({
      title,
      task: (_: unknown, task: { output: string | undefined }) =>
        keep(() => run(line => (task.output = line))),
    }));
    const rendererOptions = { collapseErrors: false, showErrorMessage: false };
    await new Listr(list, { concurrent: true, exitOnError: false, rendererOptions }).run();
  } else {
    const lines = tasks.map(({ title, run }) => keep(() => run(line => console.error(`${title}: ${line}`))));
    await Promise.allSettled(lines);
  }
  if (errors.length > 0) throw new AggregateError(errors, errors.map(messageOf).join("\n\n"));
}

/** What an operator reads of a fault: its sentences, no stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
