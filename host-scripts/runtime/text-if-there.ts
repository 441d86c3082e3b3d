import { readFileSync } from "node:fs";
import { errnoOf } from "./errors";

/** What a file has; nothing where there is none. @throws {Error} of the system, where it can't be read */
export function textIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}
