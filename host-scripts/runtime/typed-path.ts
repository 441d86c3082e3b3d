import { bytesOfTyped } from "./quoted";

/** A path below a folder that somebody typed, as it is or as messages show it, byte by byte as latin1; undefined for what is none. */
export function typedPath(typed: string): string | undefined {
  const words = bytesOfTyped(typed).toString("latin1").split("/");
  // A slash at the end is what a shell completes.
  if (words.length > 1 && words.at(-1) === "") words.pop();
  const isPath = words.every(word => word !== "" && word !== "." && word !== ".." && !word.includes("\0"));
  return isPath ? words.join("/") : undefined;
}
