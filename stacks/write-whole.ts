import { renameSync, writeFileSync } from "node:fs";

/** Two previews may run at once; a reader sees the old file or the new one. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const part = `${path}.${process.pid}`;
  writeFileSync(part, content);
  renameSync(part, path);
}
