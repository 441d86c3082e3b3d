import { createHash } from "node:crypto";

/** A text file of a release: a unit, or the runner's config. */
interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** The lines of a release's manifest that its text files give, as `sha256sum` prints them; that of the bundle follows. */
export function manifestLines(files: readonly TextFile[]): string {
  return files.map(({ name, text }) => `${sha256(text)}  ${name}\n`).join("");
}

/** One sum for all of these lines: what the plan can say of a release whose bundle it doesn't know. */
export function sumOfLines(lines: string): string {
  return sha256(lines);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
