import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../durable";

const forgotten = z.record(z.string(), z.iso.datetime());

function fileOf(stateDir: string): string {
  return join(stateDir, "forgotten.json");
}

/**
 * Volumes that an operator has said to be gone, and when (ISO 8601). One file for all jobs of the pool, that of the snapshot
 * job. One that can't be read says nothing: the volumes are told as missing once more.
 */
export function readForgotten(stateDir: string): Map<string, string> {
  try {
    return new Map(Object.entries(forgotten.parse(JSON.parse(readFileSync(fileOf(stateDir), "utf8")))));
  } catch {
    return new Map();
  }
}

export function writeForgotten(stateDir: string, volumes: ReadonlyMap<string, string>): void {
  const text = JSON.stringify(Object.fromEntries(volumes), undefined, 2);
  writeDurably(fileOf(stateDir), `${text}\n`, 0o600);
}
