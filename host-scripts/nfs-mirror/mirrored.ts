import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { writeDurably } from "../runtime/durable";
import type { Phase } from "../runtime/phases";
import { statIn } from "../runtime/tree-path";
import type { Held, KeptBack, Mirror } from "./mirror";

const heldEntry = z.object({
  /** Below the root, byte by byte as latin1; "." for all of it. */
  path: z.string(),
  reason: z.string(),
  next: z.string(),
  isFrozen: z.boolean(),
  isAnswered: z.boolean(),
  /** When the last run began that didn't hold it, ISO 8601; absent where none is known. */
  asOf: z.string().optional(),
});
/** What a run kept as it was, or could not copy. */
export type HeldEntry = z.infer<typeof heldEntry>;

const mirrored = z.object({
  /** When the last run began that mirrored all else, ISO 8601. */
  at: z.string(),
  held: z.array(heldEntry),
  /** When the run began since which each one has kept what the source has no more, ISO 8601. */
  keptSince: z.string().optional(),
});
/** What the mirror is a copy of: what a list says of it, and a restore. */
export type Mirrored = z.infer<typeof mirrored>;

function fileOf({ stateDir }: NfsMirrorConfig): string {
  return join(stateDir, "mirrored.json");
}

/** @returns undefined before the first run of this version, and where it isn't what was written */
export function readMirrored(config: NfsMirrorConfig): Mirrored | undefined {
  try {
    return mirrored.parse(JSON.parse(readFileSync(fileOf(config), "utf8")));
  } catch {
    return undefined;
  }
}

/** Notes what was mirrored, and what wasn't: also in a run that ends as a failure for that. */
export const note: Phase<Mirror> = {
  name: "note",
  async run(mirror) {
    const { config, startedAt, held } = mirror;
    const before = readMirrored(config);
    const at = startedAt.toISOString();
    if (mirror.scan?.listed) mirror.kept = tallyKept(mirror, before?.keptSince ?? at);
    // Without a list it isn't known what is kept: then what was goes on.
    const keptSince = mirror.kept ? mirror.kept.since : before?.keptSince;
    const value: Mirrored = {
      ...{ at, held: held.map(entry => noted(entry, before)) },
      ...(keptSince !== undefined && { keptSince }),
    };
    writeDurably(fileOf(config), `${JSON.stringify(value)}\n`, 0o600);
  },
};

/** What stays for what is held; a file with several names is one. */
function tallyKept({ config, keptBack }: Mirror, since: string): KeptBack {
  const files = new Map<bigint, bigint>();
  for (const name of keptBack) {
    const stat = statIn(config.target.path, name);
    if (stat?.isFile() === true) files.set(stat.ino, stat.size);
  }
  return {
    entries: keptBack.size,
    bytes: [...files.values()].reduce((sum, size) => sum + Number(size), 0),
    ...(keptBack.size > 0 && { since }),
  };
}

function noted(held: Held, before: Mirrored | undefined): HeldEntry {
  const { path, reason, next, isFrozen = false, isAnswered = false } = held;
  const earlier = before?.held.find(entry => entry.path === path);
  const asOf = earlier ? earlier.asOf : before?.at;
  return { ...{ path, reason, next, isFrozen, isAnswered }, ...(asOf !== undefined && { asOf }) };
}

/** What is held of a service: it as a whole, or something in it. */
export function heldOf({ held }: Mirrored, service: string): HeldEntry[] {
  return held.filter(({ path }) => path === service || path.startsWith(`${service}/`));
}

/** When what the mirror has of a service was read, ISO 8601; undefined where that isn't known. */
export function asOfService(mirrored: Mirrored | undefined, service: string): string | undefined {
  const frozen = mirrored?.held.find(({ path, isFrozen }) => isFrozen && path === service);
  return frozen ? frozen.asOf : mirrored?.at;
}
