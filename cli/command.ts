import { Argument, type Command, Option } from "commander";
import { z } from "zod";
import { isPathText } from "../stacks/path-text";
import { BadInput } from "./bad-input";
import type { Evaluate } from "./evaluate.mjs";

/** What a command gives back: text for standard output, and the process's exit code. */
export interface Outcome {
  readonly text: string;
  readonly exitCode: number;
  /** A program's text: a shell reads it, and no word in it is changed. */
  readonly isScript?: boolean;
}

/** A command of `holdfast`: its words, and what it does with them. */
export interface CommandSpec<Options> {
  readonly name: string;
  readonly summary: string;
  /** A word without a flag, as commander takes it, and its help. */
  readonly argument?: readonly [string, string];
  /** A second word, after that one. */
  readonly second?: readonly [string, string];
  /** Flag, as commander takes it, and its help. */
  readonly flags: readonly (readonly [string, string])[];
  /** Flags that have to be there, without their dashes. */
  readonly required?: readonly string[];
  readonly options: z.ZodType<Options>;
  run(options: Options, context: Context): Promise<Outcome>;
}

/** Where a command gets what lies outside of it. */
export interface Context {
  readonly evaluate: Evaluate;
  /** Folder of the caller, in which a relative path begins. */
  readonly folder: string;
  /** The instant of the call, as epoch ms. */
  readonly nowMs: number;
  /** Whether standard output is a terminal that shows colours. */
  readonly terminal: boolean;
  /** Characters in its lines, or as many as somebody asks for; absent where lines have no end. */
  readonly columns?: number | undefined;
  /** Tells something before the end: on standard output, or where that is for a program, on standard error. */
  say(text: string, json?: boolean): void;
  /** Gives what a person at the terminal types; undefined where there is none. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/** Flags that say which estate a command is about. */
export const estateFlags = [
  [
    "--stack <name>",
    "a stack of stacks/ (by default the folder's own estate.ts, .json or .yaml, or homelab)",
  ],
  ["--estate <file>", "an estate of your own, TypeScript, JSON or YAML"],
  ["--json", "for machines"],
] as const;

export const estateOptions = {
  stack: z.string().optional(),
  estate: z.string().optional(),
  json: z.boolean().default(false),
};

/** Adds a command to the program; `settle` gets its outcome. */
export function addCommand<Options>(
  program: Command,
  spec: CommandSpec<Options>,
  context: Context,
  settle: (outcome: Outcome) => void,
): void {
  const command = program.command(spec.name).description(spec.summary);
  for (const [flag, help] of spec.flags) {
    const option = new Option(flag, help);
    command.addOption(option.makeOptionMandatory(spec.required?.includes(option.name()) ?? false));
  }
  const named = [spec.argument, spec.second].flatMap(word => (word ? [new Argument(...word)] : []));
  for (const word of named) command.addArgument(word);
  // Commander gives the words first, and then the flags.
  command.action(async (...given: unknown[]) => {
    const words = Object.fromEntries(named.map((word, index) => [word.name(), given[index]]));
    settle(await spec.run(optionsOf(spec, { ...command.opts(), ...words }), context));
  });
}

function optionsOf<Options>({ options }: CommandSpec<Options>, words: unknown): Options {
  const parsed = options.safeParse(words);
  if (parsed.success) return parsed.data;
  throw new BadInput(parsed.error.issues.map(issue => flagFault(issue, words)).join("\n"));
}

function flagFault(issue: z.core.$ZodIssue, words: unknown): string {
  const flag = String(issue.path[0] ?? "");
  const [, value] = Object.entries(words ?? {}).find(([name]) => name === flag) ?? [];
  const expected =
    issue.code === "invalid_value" ? `expected one of ${issue.values.map(String).join(", ")}` : issue.message;
  // What is no path, nor a name, may be a secret's text.
  const shown = isPathText(String(value))
    ? JSON.stringify(value)
    : `a text of ${String(value).length} characters`;
  return `--${flag}: ${shown} can't be used, ${expected}.`;
}
