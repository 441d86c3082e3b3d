import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { projectRoot } from "../stacks/project";
import { type Estate, EstateInvalid, parseEstate } from "../plan";
import { pathText, shown } from "../plan/estate/faults";
import { errorText } from "../plan/estate/plain";
import { visible } from "../plan/visible";
import { BadInput } from "./bad-input";
import type { Context } from "./command";
import { doubledKeys } from "./doubled-keys";
import { revisionIn, withRevision } from "./revision";

export interface EstateOptions {
  readonly stack?: string | undefined;
  readonly estate?: string | undefined;
}

/** The stack that a command is about where nobody says which, and its folder has no estate. */
const usualStack = "homelab";
/** Estates of a folder of one's own, in the order in which they are looked for. */
const ownFiles = ["estate.ts", "estate.json", "estate.yaml", "estate.yml"];

type Place = Pick<Context, "folder">;

/** Words by which another command gets the same estate. */
export function namedBy({ stack, estate }: EstateOptions, place: Place): string[] {
  const file = estate ?? (stack === undefined ? ownFile(place) : undefined);
  if (file !== undefined) return ["--estate", file];
  return stack === undefined ? [] : ["--stack", stack];
}

/** The stack that those words name; undefined where they name a file, which any stack may have. */
export function stackNamed([flag, value = usualStack]: readonly string[]): string | undefined {
  return flag === "--estate" ? undefined : value;
}

type Source = Pick<Context, "evaluate"> & Place;

/**
 * The estate that a command is about: a file's, or that of a stack. Where nothing is said, that of the folder in which it
 * is called; in the project's own, stack `homelab`.
 * @throws {BadInput} when there is no such file or stack, or it can't be loaded
 * @throws {EstateInvalid} with all faults
 */
export async function readEstate(options: EstateOptions, source: Source): Promise<Estate> {
  return (await readWritten(options, source)).estate;
}

/** The same, with the estate as somebody wrote it, evaluated: what another call can read. @throws as `readEstate` does */
export async function readWritten(
  options: EstateOptions,
  source: Source,
): Promise<{ readonly input: unknown; readonly estate: Estate }> {
  return writtenIn(estateFile(options, source), source);
}

/** The absolute path of that estate's file. @throws {BadInput} when there is none */
export function estateFile({ stack, estate }: EstateOptions, place: Place): string {
  if (stack !== undefined && estate !== undefined)
    throw new BadInput(`--stack ${stack} and --estate ${estate} exclude one another. Leave one out.`);
  if (estate !== undefined) return existing("--estate", estate, place);
  if (stack !== undefined) return stackFile(stack);
  const own = ownFile(place);
  if (own !== undefined) return join(place.folder, own);
  if (stacks().includes(usualStack)) return stackFile(usualStack);
  throw new BadInput(
    `No estate is named, and the folder "${place.folder}" has none (${ownFiles.join(", ")}). Next: --estate FILE, or holdfast init FOLDER.`,
  );
}

/**
 * An estate that one is compared with: a file's, or that of a file of a git revision, "main:estate.ts".
 * @param flag whose word it is
 * @throws as `readEstate` does
 */
export async function readOther(flag: string, word: string, source: Source): Promise<Estate> {
  if (revisionIn(word) === undefined || isFile(resolve(source.folder, word)))
    return (await writtenIn(existing(flag, word, source), source)).estate;
  return withRevision(flag, word, source.folder, async ({ file, named }) => {
    try {
      return (await writtenIn(file, source)).estate;
    } catch (error) {
      if (error instanceof EstateInvalid) throw new EstateInvalid(error.faults, word);
      throw error instanceof BadInput ? new BadInput(named(error.message)) : error;
    }
  });
}

const stacksFolder = join(projectRoot, "stacks");

function stackFile(stack: string): string {
  const known = stacks();
  if (known.length === 0)
    throw new BadInput(
      `--stack: "${stack}" can't be looked for, as this is the package, which has no stacks. Next: --estate FILE.`,
    );
  if (!known.includes(stack))
    throw new BadInput(
      `--stack: "${stack}" is no stack, expected one of ${known.map(name => `"${name}"`).join(", ")}.`,
    );
  return join(stacksFolder, stack, "estate.ts");
}

/** Stacks of the project; a package has none. */
function stacks(): string[] {
  if (!existsSync(stacksFolder)) return [];
  return readdirSync(stacksFolder).filter(name => isFile(join(stacksFolder, name, "estate.ts")));
}

function ownFile({ folder }: Place): string | undefined {
  return ownFiles.find(name => isFile(join(folder, name)));
}

function existing(flag: string, named: string, { folder }: Place): string {
  const file = resolve(folder, named);
  if (!isFile(file))
    throw new BadInput(`${flag}: there is no file "${file}". Expected a TypeScript, JSON or YAML file.`);
  return file;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function writtenIn(file: string, source: Source): Promise<{ input: unknown; estate: Estate }> {
  const input = await inputOf(file, source);
  try {
    return { input, estate: parseEstate(input) };
  } catch (error) {
    throw error instanceof EstateInvalid ? new EstateInvalid(error.faults, file) : error;
  }
}

async function inputOf(file: string, source: Source): Promise<unknown> {
  if (file.endsWith(".json")) return readAs(file, jsonOf);
  if (!/\.ya?ml$/.test(file)) return dataOf(file, source);
  // Loaded for those alone.
  const { yamlData } = await import("./yaml-data");
  return readAs(file, yamlData);
}

function jsonOf(text: string, file: string): unknown {
  const data: unknown = JSON.parse(text);
  refuseDoubledKeys(text, data, file);
  return data;
}

function readAs(file: string, read: (text: string, file: string) => unknown): unknown {
  try {
    return read(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (error instanceof EstateInvalid) throw error;
    throw new BadInput(`"${file}" can't be loaded: ${errorText(error)}. Nothing was changed.`);
  }
}

/** Of two that are called the same, a parser keeps the last, and the first would be gone without a word. */
function refuseDoubledKeys(text: string, data: unknown, file: string): void {
  const faults = doubledKeys(text, data).map(({ key, path, lines: [first, second] }) => ({
    path: pathText([...path, key]),
    value: shown(key),
    problem: `is there twice, in line ${first} and in line ${second}: the first would be dropped. Rename one of the two, or remove it`,
  }));
  if (faults.length > 0) throw new EstateInvalid(faults, file);
}

async function dataOf(file: string, { evaluate }: Source): Promise<unknown> {
  const evaluated = await evaluate(file);
  process.stderr.write(visible(evaluated.said));
  if ("data" in evaluated) return evaluated.data;
  throw new BadInput(`"${file}" ${evaluated.problem}. Nothing was changed.`);
}
