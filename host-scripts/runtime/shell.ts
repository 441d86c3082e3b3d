import { shellWord } from "../../plan/contracts/shell-word";

/** A command, or a part of one, that is already as a shell takes it. */
class Ready {
  constructor(readonly text: string) {}
}

type Value = string | number | Buffer | readonly (string | Buffer)[] | Ready;

/**
 * The text of a command for an operator, who pastes it into root's shell: whatever is put in is one word, or as many as a
 * list has, with nothing in it that the shell would act on. Who may name a folder or a volume doesn't give root commands.
 */
export function shell(literals: TemplateStringsArray, ...values: readonly Value[]): string {
  return literals
    .map((literal, index) => literal + (index < values.length ? wordsOf(values[index] ?? "") : ""))
    .join("");
}

/** Puts a command into another one's text; for what `shell` made, or a literal of ours. */
export function ready(command: string): Ready {
  return new Ready(command);
}

function wordsOf(value: Value): string {
  if (value instanceof Ready) return value.text;
  if (Array.isArray(value)) return value.map(shellWord).join(" ");
  return shellWord(typeof value === "number" ? String(value) : (value as string | Buffer));
}
