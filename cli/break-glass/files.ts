import { createHash } from "node:crypto";

/** A file of a break-glass set, which its owner alone reads. */
export interface SetFile {
  /** Path in the set, e.g. "secrets/nas-key". */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isProgram?: boolean;
}

export function textFile(path: string, text: string): SetFile {
  return { path, bytes: Buffer.from(text) };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
