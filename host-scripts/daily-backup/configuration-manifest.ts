import { createHash } from "node:crypto";
import { type BigIntStats, constants, createReadStream, openSync, readlinkSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { exitCodes, messageOf, RunnerError } from "../runtime/errors";
import { entriesOf as namesIn } from "../runtime/open-folder";
import { quoted, shortened } from "../runtime/quoted";
import { reach } from "../runtime/reach";
import { statAt } from "../runtime/tree-path";
import type { FactResult } from "./configuration-facts";

/** Where a generation of the host's configuration lists what it holds. */
export const manifestFile = "manifest.json";

/** An entry of a generation, as `manifest.json` lists it. */
export interface ManifestEntry {
  /** Below the generation; as `base64:…` when it is no valid UTF-8. */
  readonly path: string;
  readonly type: "file" | "folder" | "link" | "other";
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes?: number | undefined;
  readonly sha256?: string | undefined;
  readonly target?: string | undefined;
}

/** What a generation of the host's configuration holds, and how each command ended. */
export interface Manifest {
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  readonly entries: readonly ManifestEntry[];
  readonly commands: readonly FactResult[];
  /** Of all that stays the same while the host does. */
  readonly sha256: string;
}

/**
 * Lists a folder that is complete but for its manifest, by reading all of it.
 * @throws {RunnerError} that names what can't be read
 */
export async function manifestOf(
  folder: string,
  host: string,
  madeAt: Date,
  commands: readonly FactResult[],
  stop: AbortSignal,
): Promise<Manifest> {
  const entries = await entriesOf(folder, stop);
  const stable = new Set(commands.filter(fact => fact.stable).map(({ file }) => `facts/${file}`));
  const compared = entries.filter(({ path }) => path.startsWith("files/") || stable.has(path));
  const sha256 = createHash("sha256").update(JSON.stringify(compared)).digest("hex");
  return { host, madeAt: madeAt.toISOString(), entries, commands, sha256 };
}

/** Lists a folder by reading all of it. @throws {RunnerError} that names what can't be read */
export async function entriesOf(folder: string, stop: AbortSignal): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  await walk(Buffer.from(folder), Buffer.alloc(0), entries, stop);
  return entries;
}

async function walk(root: Buffer, path: Buffer, into: ManifestEntry[], stop: AbortSignal): Promise<void> {
  const folder = join(root, path);
  const names = namesIn(folder).map(name => Buffer.from(name, "latin1"));
  for (const name of names.sort(Buffer.compare)) {
    const below = path.length === 0 ? name : join(path, name);
    const stat = statAt(join(root, below));
    into.push(await entryOf(root, below, stat, stop));
    if (stat.isDirectory()) await walk(root, below, into, stop);
  }
}

async function entryOf(
  root: Buffer,
  path: Buffer,
  stat: BigIntStats,
  stop: AbortSignal,
): Promise<ManifestEntry> {
  const file = join(root, path);
  const own = {
    path: textOf(path),
    mode: (stat.mode & 0o7777n).toString(8).padStart(4, "0"),
    ...{ uid: Number(stat.uid), gid: Number(stat.gid) },
  };
  if (stat.isDirectory()) return { ...own, type: "folder" };
  if (stat.isSymbolicLink())
    return { ...own, type: "link", target: textOf(reach(file, short => readlinkSync(short, "buffer"))) };
  if (!stat.isFile()) return { ...own, type: "other" };
  return { ...own, type: "file", sizeBytes: Number(stat.size), sha256: await hashOf(file, stop) };
}

/** Piece by piece: a listed image may be larger than memory. */
async function hashOf(file: Buffer, stop: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    const fd = reach(file, short => openSync(short, constants.O_RDONLY | constants.O_NOFOLLOW));
    await pipeline(createReadStream("", { fd, highWaterMark: 1 << 20 }), hash, { signal: stop });
  } catch (error) {
    stop.throwIfAborted();
    throw incomplete(
      `the copy of ${shortened(quoted(file))} can't be read: ${messageOf(error)}`,
      "dmesg --level err,warn | tail",
    );
  }
  return hash.digest("hex");
}

function join(folder: Buffer, path: Buffer): Buffer {
  return path.length === 0 ? folder : Buffer.concat([folder, Buffer.from("/"), path]);
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : `base64:${bytes.toString("base64")}`;
}

/** There is no generation of this run. */
export function incomplete(why: string, next: string): RunnerError {
  return new RunnerError(exitCodes.failed, {
    failed: `the host's configuration is not complete: ${why}`,
    kept: "No generation was made of it; the earlier ones are whole.",
    next,
  });
}
