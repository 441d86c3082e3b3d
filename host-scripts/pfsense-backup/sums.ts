import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../runtime/durable";
import { errnoOf } from "../runtime/errors";

/** What a generation consists of. */
export const files = ["config.xml", "full.tar.gz"] as const;
export type FileName = (typeof files)[number];

const sumsName = "SHA256SUMS";

/** Lists a generation's checksums beside its files, as `sha256sum --check SHA256SUMS` takes them. */
export function writeSums(folder: string): void {
  const lines = files.map(name => `${sha256Of(join(folder, name))}  ${name}\n`);
  writeDurably(join(folder, sumsName), lines.join(""), 0o600);
}

/**
 * @returns names that don't hold what was recorded of them; undefined for a generation of an earlier version, of which nothing is
 * @throws {Error} of the file system
 */
export function differingFrom(folder: string): string[] | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, sumsName), "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  const lines = text.split("\n");
  return files.filter(name => !lines.includes(`${sha256Of(join(folder, name))}  ${name}`));
}

function sha256Of(path: string): string {
  const hash = createHash("sha256");
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(1024 * 1024);
    for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk))
      hash.update(chunk.subarray(0, got));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
