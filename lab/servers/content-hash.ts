import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../cache";

/** 12 hex digits that differ when one of the texts does. */
export function contentHash(texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 12);
}

/** Hash of the source of the servers that are programs of the lab's own. */
export function sourceHash(): string {
  const folder = join(projectRoot, "lab", "servers");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(file => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .sort();
  return contentHash(files.map(file => readFileSync(join(folder, file), "utf8")));
}
