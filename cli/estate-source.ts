import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { projectRoot } from "../stacks/project";
import { type Estate, parseEstate } from "../plan";

/** Input that can't be used: exit 2, and the message is all that the operator has to see. */
export class BadInput extends Error {}

/** Loads a TypeScript module and gives its exports; cli/run.mjs has the one implementation. */
export type Load = (entry: string) => unknown;

export interface EstateOptions {
  readonly stack?: string | undefined;
  readonly estate?: string | undefined;
}

/**
 * The estate that a command is about: a file's, or that of a stack (by default `homelab`).
 * @throws {BadInput} when there is no such file or stack, or it can't be loaded
 * @throws {EstateInvalid} with all faults
 */
export async function readEstate(options: EstateOptions, load: Load): Promise<Estate> {
  if (options.stack !== undefined && options.estate !== undefined)
    throw new BadInput(
      `--stack ${options.stack} and --estate ${options.estate} exclude one another. Leave one out.`,
    );
  const file = options.estate === undefined ? stackFile(options.stack ?? "homelab") : resolve(options.estate);
  if (!existsSync(file))
    throw new BadInput(`--estate: there is no file "${file}". Expected a TypeScript or JSON file.`);
  return parseEstate(await estateIn(file, load));
}

function stackFile(stack: string): string {
  const folder = join(projectRoot, "stacks");
  const stacks = readdirSync(folder).filter(name => existsSync(join(folder, name, "estate.ts")));
  if (!stacks.includes(stack))
    throw new BadInput(
      `--stack: "${stack}" is no stack, expected one of ${stacks.map(name => `"${name}"`).join(", ")}.`,
    );
  return join(folder, stack, "estate.ts");
}

async function estateIn(file: string, load: Load): Promise<unknown> {
  try {
    if (file.endsWith(".json")) return JSON.parse(readFileSync(file, "utf8"));
    const exported: unknown = estateExport(load(file), file);
    return typeof exported === "function" ? await exported() : exported;
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(
      `"${file}" can't be loaded: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function estateExport(module: unknown, file: string): unknown {
  if (typeof module === "object" && module !== null) {
    if ("estate" in module) return module.estate;
    if ("default" in module) return module.default;
  }
  throw new BadInput(`"${file}" exports no estate. Expected \`export const estate: EstateInput = { … }\`.`);
}
