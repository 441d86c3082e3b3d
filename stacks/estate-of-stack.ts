import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { visible } from "../plan/visible";
import { operatorFault } from "./operator-fault";

/** What came of an estate's file, which is evaluated in a process of its own. */
export type Evaluated = (
  | { readonly data: unknown }
  /** Why there is none: it continues a sentence that begins with the file. */
  | { readonly problem: string }
) & {
  /** What its code wrote to standard error. */
  readonly said: string;
};

/** Where estates come from. */
export interface EstateSource {
  /** Folder with a folder for each stack. */
  readonly folder: string;
  /** Evaluates a file; see cli/evaluate.mjs. */
  readonly evaluate: (file: string) => Promise<Evaluated>;
}

/**
 * The estate of a stack as its author wrote it, not checked yet: `estate`, an object or a function that gives one.
 * @throws {pulumi.RunError} when there is none, or its file gives none
 */
export async function estateInput(source: EstateSource, stack: string): Promise<unknown> {
  const file = `stacks/${stack}/estate.ts`;
  const path = join(source.folder, stack, "estate.ts");
  if (!existsSync(path))
    throw operatorFault(
      `Stack "${stack}" has no estate: no file "${file}". Stacks with one: ${stacksIn(source.folder).join(", ") || "none"}. ` +
        `Next: pulumi stack select, or write "${file}".`,
    );
  const evaluated = await source.evaluate(path);
  process.stderr.write(visible(evaluated.said));
  if ("data" in evaluated) return evaluated.data;
  throw operatorFault(`"${file}" ${evaluated.problem}. Nothing was changed.`);
}

function stacksIn(folder: string): string[] {
  return readdirSync(folder).filter(name => existsSync(join(folder, name, "estate.ts")));
}
