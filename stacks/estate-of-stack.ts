import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { operatorFault } from "./operator-fault";

/** Where estates come from. */
export interface EstateSource {
  /** Folder with a folder for each stack. */
  readonly folder: string;
  /** Gives the exports of stacks/STACK/estate.ts. */
  readonly load: (stack: string) => unknown;
}

/**
 * The estate of a stack as its author wrote it, not checked yet: `estate`, an object or a function that gives one.
 * @throws {pulumi.RunError} when there is none, or its file can't be read
 */
export function estateInput(source: EstateSource, stack: string): unknown {
  const file = `stacks/${stack}/estate.ts`;
  if (!existsSync(join(source.folder, stack, "estate.ts")))
    throw operatorFault(
      `Stack "${stack}" has no estate: no file "${file}". Stacks with one: ${stacksIn(source.folder).join(", ") || "none"}. ` +
        `Next: pulumi stack select, or write "${file}".`,
    );
  try {
    const exported = source.load(stack);
    const estate: unknown = isObject(exported) ? exported["estate"] : undefined;
    if (estate === undefined)
      throw operatorFault(
        `"${file}" exports no estate: expected "export const estate: EstateInput = { … }".`,
      );
    return typeof estate === "function" ? estate() : estate;
  } catch (error) {
    // A fault in the program's own code keeps its stack; what an estate or the bundler says is for the operator.
    if (pulumi.RunError.isInstance(error) || !(error instanceof Error) || isBug(error)) throw error;
    throw operatorFault(`"${file}" can't be read; nothing was changed.\n${error.message}`);
  }
}

function isBug(error: Error): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}

function stacksIn(folder: string): string[] {
  return readdirSync(folder).filter(name => existsSync(join(folder, name, "estate.ts")));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
