import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { planOf } from "../../plan";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";
import { type Context, estateFlags, estateOptions } from "../command";
import { type EstateOptions, readWritten } from "../estate-source";
import { contentsOf, type Sources } from "./contents";
import type { SetFile } from "./files";
import { secretValues } from "./secrets";

/** What each command about a set asks for. */
export const setFlags = [
  ...estateFlags,
  [
    "--secrets <files...>",
    "JSON with each secret's text by its name; - for standard input, where pulumi config get holdfast:secrets prints it",
  ],
] as const;
export const setOptions = { ...estateOptions, secrets: z.array(z.string()).min(1) };

interface Asked extends EstateOptions {
  readonly secrets: readonly string[];
}

/** All that a set made now has. @throws {BadInput} for secrets that aren't there or can't be read, and as `readEstate` does */
export async function wantedNow(
  { stack, estate: file, secrets: files }: Asked,
  context: Context,
): Promise<{ readonly sources: Sources; readonly files: readonly SetFile[] }> {
  const { input, estate } = await readWritten({ stack, estate: file }, context);
  // It brings what bundles programs, for which no other command has to wait.
  const { runnerOf } = await import("../../stacks/runner");
  const sources: Sources = {
    plan: planOf(estate),
    input,
    secrets: valuesIn(files, context.folder),
    programOf: async runner => readFileSync((await runnerOf(runner)).path, "utf8"),
  };
  return { sources, files: await contentsOf(sources) };
}

function valuesIn(files: readonly string[], folder: string): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (const file of files)
    for (const [name, text] of Object.entries(secretValues(textOf(file, folder), fromOf(file)))) {
      const known = values.get(name);
      if (known !== undefined && known !== text)
        throw new BadInput(`--secrets: "${name}" has two texts in these files. Keep the one of today.`);
      values.set(name, text);
    }
  return Object.fromEntries(values);
}

function fromOf(file: string): string {
  return file === "-" ? "standard input" : JSON.stringify(file);
}

function textOf(file: string, folder: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === "-" ? 0 : resolve(folder, file));
  } catch (error) {
    throw new BadInput(`--secrets: ${fromOf(file)} can't be read: ${errorText(error)}.`);
  }
  if (isUtf8(bytes)) return bytes.toString();
  throw new BadInput(
    `--secrets: ${fromOf(file)} has bytes that are no UTF-8: other ones would stand in the set. Next: iconv -f latin1 -t UTF-8, where it is latin1; what is no text as base64.`,
  );
}
