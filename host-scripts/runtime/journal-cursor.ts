import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { errnoOf } from "./errors";

/** How far a consumer of a journal is. */
const cursor = z.strictObject({
  /** The last segment that its destination has verified. */
  through: z.int().min(0),
  /** New with each. */
  stamp: z.string().min(1),
});
export type Cursor = z.infer<typeof cursor>;

/** Those that have acknowledged something, by name. One that is no more is forgotten by removing its file. */
export function consumersOf(folder: string): string[] {
  try {
    return readdirSync(join(folder, "cursors")).filter(name => !name.endsWith(".part"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** @returns undefined when there is none, or none that can be read */
export function readCursor(folder: string, consumer: string): Cursor | undefined {
  try {
    return cursor.parse(JSON.parse(readFileSync(cursorFile(folder, consumer), "utf8")));
  } catch {
    return undefined;
  }
}

export function cursorFile(folder: string, consumer: string): string {
  return join(folder, "cursors", consumer);
}
