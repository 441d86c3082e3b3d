import { readFileSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import type { Finding } from "../../checks";
import { placeOf } from "../../checks/place";
import type { Plan } from "../../plan";
import type { Locator } from "./locator";

/** A place in a file: lines and columns from 1, columns in UTF-16 code units. */
export interface Place {
  /** From the folder of the call, which a workflow starts in the repository's root; absolute for one that isn't below it. */
  readonly file: string;
  /** Absent where it isn't known in which line it stands. */
  readonly line?: number;
  readonly column?: number;
}

export type Placed = Finding & { readonly place: Place };

/**
 * Findings with their places. Reading a file for that takes longer than the checks: only who prints places asks.
 * @param input the estate as it was evaluated
 */
export async function placed(
  findings: readonly Finding[],
  plan: Plan,
  { file, input, folder }: { readonly file: string; readonly input: unknown; readonly folder: string },
): Promise<Placed[]> {
  if (findings.length === 0) return [];
  const locate = await locatorOf(file, input);
  const fromFolder = (path: string): string => {
    const below = relative(folder, path);
    return below.startsWith("..") || isAbsolute(below) ? path : below;
  };
  return findings.map(finding => {
    const path = placeOf(finding, plan);
    const found = path && locate(path);
    const place = found ? { ...found, file: fromFolder(found.file) } : { file: fromFolder(file) };
    return { ...finding, place };
  });
}

/** What reads a file is loaded when there is something to tell. */
async function locatorOf(file: string, input: unknown): Promise<Locator> {
  if (file.endsWith(".ts")) return (await import("./typescript")).typescriptLocator(file, input);
  return (await import("./yaml")).yamlLocator(file, readFileSync(file, "utf8"));
}

/** "estate.ts:12:5", as terminals and editors open it. */
export function placeText({ file, line, column }: Place): string {
  return [file, line, column].filter(part => part !== undefined).join(":");
}
