import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { projectRoot } from "../stacks/project";
import { type Estate, EstateInvalid, parseEstate } from "../plan";
import { errorText } from "../plan/estate/plain";
import { visible } from "../plan/visible";
import type { Context } from "./command";

/** Input that can't be used: exit 2, and the message is all that the operator has to see. */
export class BadInput extends Error {}

export interface EstateOptions {
  readonly stack?: string | undefined;
  readonly estate?: string | undefined;
}

type Source = Pick<Context, "evaluate" | "folder">;

/**
 * The estate that a command is about: a file's, or that of a stack (by default `homelab`).
 * @throws {BadInput} when there is no such file or stack, or it can't be loaded
 * @throws {EstateInvalid} with all faults
 */
export async function readEstate(options: EstateOptions, source: Source): Promise<Estate> {
  if (options.stack !== undefined && options.estate !== undefined)
    throw new BadInput(
      `--stack ${options.stack} and --estate ${options.estate} exclude one another. Leave one out.`,
    );
  return options.estate === undefined
    ? estateOf(stackFile(options.stack ?? "homelab"), source)
    : fileOf("--estate", options.estate, source);
}

/** The earlier estate that one is compared with. @throws as `readEstate` does */
export function readAgainst(file: string, source: Source): Promise<Estate> {
  return fileOf("--against", file, source);
}

function stackFile(stack: string): string {
  const folder = join(projectRoot, "stacks");
  const stacks = readdirSync(folder).filter(name => isFile(join(folder, name, "estate.ts")));
  if (!stacks.includes(stack))
    throw new BadInput(
      `--stack: "${stack}" is no stack, expected one of ${stacks.map(name => `"${name}"`).join(", ")}.`,
    );
  return join(folder, stack, "estate.ts");
}

async function fileOf(flag: string, named: string, source: Source): Promise<Estate> {
  const file = resolve(source.folder, named);
  if (!isFile(file))
    throw new BadInput(`${flag}: there is no file "${file}". Expected a TypeScript or JSON file.`);
  return estateOf(file, source);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function estateOf(file: string, source: Source): Promise<Estate> {
  const input = file.endsWith(".json") ? jsonOf(file) : await dataOf(file, source);
  try {
    return parseEstate(input);
  } catch (error) {
    throw error instanceof EstateInvalid ? new EstateInvalid(error.faults, file) : error;
  }
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new BadInput(`"${file}" can't be loaded: ${errorText(error)}. Nothing was changed.`);
  }
}

async function dataOf(file: string, { evaluate }: Source): Promise<unknown> {
  const evaluated = await evaluate(file);
  process.stderr.write(visible(evaluated.said));
  if ("data" in evaluated) return evaluated.data;
  throw new BadInput(`"${file}" ${evaluated.problem}. Nothing was changed.`);
}
