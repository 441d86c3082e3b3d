import { createHash, type Hash } from "node:crypto";

/** Stands behind all else of a segment: a bit that flips in a name would else take a change from every consumer. @param sha256 of all before it */
export function sealOf(sha256: Hash): string {
  return `${sha256.digest("hex")}\n`;
}

/** All before the seal. @param text of a segment, byte by byte as latin1 @returns undefined where that isn't what was written */
export function unsealed(text: string): string | undefined {
  const seal = text.slice(-65);
  // Of an earlier version: its end tells that it wasn't cut, and nothing more.
  if (!/^[0-9a-f]{64}\n$/.test(seal)) return isEnded(text) ? text : undefined;
  const body = text.slice(0, -65);
  const sha256 = createHash("sha256").update(body, "latin1");
  return isEnded(body) && sealOf(sha256) === seal ? body : undefined;
}

function isEnded(text: string): boolean {
  return text === "\0" || text.endsWith("\0\0");
}
