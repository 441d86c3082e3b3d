import { closeSync, mkdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { bigBytes, contentOf, type OpenFile, openRegular } from "../backup-scrub/content";
import { recordsOf } from "../backup-scrub/recorded";
import { pathOf } from "../backup-scrub/paths";
import { isOf, type SumRecord } from "../backup-scrub/sums";
import { filesBelow } from "../backup-scrub/walk";
import { identityOf } from "../backup-scrub/content";
import { messageOf } from "../runtime/errors";
import { forgetCached } from "../runtime/forget-cached";
import { withPathList } from "../runtime/path-list";
import { notedName, quoted } from "../runtime/quoted";
import { listedBefore, rsync, wholeMetadata } from "../runtime/rsync";
import { firstLines } from "../runtime/tail";
import { inTree } from "../runtime/tree-path";
import type { DiskTier } from "./tier";
import type { RestoreDrill } from "./restore-drill";
import { drillFolder } from "./scratch";
import type { DrillCopy } from "./turns";

/** What a comparison found. */
export interface Comparison {
  /** Files whose content was compared with the checksum on record, and those without one, with the copy. */
  readonly recorded: number;
  readonly copy: number;
  /** Of a copy off site: files of which nobody but the destination says what they are to be. */
  readonly far?: number;
  /** What isn't as it is to be, in words. */
  readonly differences: readonly string[];
}

/** Two trees, and what of them is compared. */
interface Pair {
  readonly from: string;
  readonly into: string;
  /** Names below both, byte by byte as latin1; all unless given. */
  readonly names?: readonly string[] | undefined;
}

/**
 * A service of the mirror comes under its own name, and a generation's files into the folder itself.
 * @param sample names below the copy
 */
export function pairOf(
  { kind }: Pick<DiskTier, "kind">,
  { path }: Pick<DrillCopy, "path">,
  into: string,
  sample: readonly string[] | undefined,
): Pair {
  if (kind !== "mirror") return { from: path, into, names: sample };
  const service = pathOf(basename(path));
  return {
    from: dirname(path),
    into,
    names: sample ? sample.map(name => `${service}/${name}`) : [service],
  };
}

function isOneThing({ kind }: DiskTier): boolean {
  return kind === "configuration" || kind === "firewall";
}

/**
 * Compares what a restore brought with what it is to be. Content is read from the scratch folder by this program, and the restore's word
 * isn't taken for it: its sha256 is that which the scrub has on record of the copy's file, and else that of the copy's file. Types,
 * sizes, owners, modes, times, links, ACLs, attributes, and what is missing or too many, rsync compares.
 */
export async function compare(
  drill: RestoreDrill,
  tier: DiskTier,
  copy: DrillCopy,
  sample: readonly string[] | undefined,
): Promise<Comparison> {
  const pair = pairOf(tier, copy, drillFolder(drill.config), sample);
  const differences: string[] = [];
  const found = { recorded: 0, copy: 0, differences };
  const { target, sumsDir } = drill.config;
  // A host's configuration and a firewall are one thing each, and lie where many of the others do.
  const below = isOneThing(tier) ? tier.below : join(tier.below, copy.of);
  const unit = pathOf(relative(target.path, below));
  const records = recordsOf({ target, stateDir: sumsDir }, unit);
  const seen = new Set<bigint>();
  for (const name of pair.names ?? [""])
    for (const file of filesBelow({ target: { ...target, path: pair.from } }, name)) {
      drill.stop.check("drill");
      if (!("stat" in file)) {
        differences.push(`${notedName(file.path)} of the copy can't be looked at: ${file.reason}`);
        continue;
      }
      if (file.stat.nlink > 1n && seen.has(file.stat.ino)) continue;
      seen.add(file.stat.ino);
      const fault = await contentFault(drill, pair, file.path, records, found);
      if (fault !== undefined) differences.push(`${quoted(Buffer.from(file.path, "latin1"))}: ${fault}`);
    }
  differences.push(...(await otherMetadata(drill, pair)));
  return found;
}

async function contentFault(
  { stop }: RestoreDrill,
  { from, into }: Pair,
  name: string,
  records: ReadonlyMap<bigint, SumRecord>,
  found: { recorded: number; copy: number },
): Promise<string | undefined> {
  const sha256 = async (file: OpenFile): Promise<Buffer | string> => {
    // From the disk, and not from what the restore has just written to memory.
    if (file.stat.size >= bigBytes) await forgetCached(file, stop);
    const content = await contentOf(file, stop, "drill");
    if (content.kind === "read") return content.sha256;
    return content.kind === "unreadable" ? content.reason : "it was written to meanwhile";
  };
  let original: OpenFile | undefined;
  let restored: OpenFile | undefined;
  try {
    original = openRegular(inTree(from, name));
    restored = openRegular(inTree(into, name));
    if (!original) return "the copy has it no more";
    if (!restored) return "the restore brought no such file";
    const got = await sha256(restored);
    if (typeof got === "string") return `what was restored can't be read: ${got}`;
    const record = records.get(original.stat.ino);
    if (record && isOf(record, identityOf(original))) {
      found.recorded += 1;
      return got.equals(record.sha256) ? undefined : "it doesn't hold what is on record of the copy's file";
    }
    const wanted = await sha256(original);
    if (typeof wanted === "string") return `the copy can't be read: ${wanted}`;
    found.copy += 1;
    return got.equals(wanted) ? undefined : "it doesn't hold what the copy's file does";
  } catch (error) {
    stop.check("drill");
    return messageOf(error);
  } finally {
    for (const file of [original, restored]) if (file) closeSync(file.fd);
  }
}

const longestMs = 24 * 3_600_000;

async function otherMetadata({ config, stop }: RestoreDrill, { from, into, names }: Pair): Promise<string[]> {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  const differences: string[] = [];
  const pass = (list: readonly string[]) =>
    rsync(
      [...wholeMetadata, listedBefore, "--dry-run", "--delete", ...list, "--", "./", `${into}/`],
      { cwd: from, timeoutMs: longestMs, stop: stop.signal, diesWithRunner: true },
      ({ path, letters, kind }) => {
        // The folder that it was restored into is the drill's own.
        if (path.toString() === ".") return;
        const what = { deleted: "the copy has no such", created: "it is missing", changed: letters.trim() }[
          kind
        ];
        differences.push(`${quoted(path)}: ${what}`);
      },
    );
  const wanted = ["--recursive", "--no-implied-dirs"];
  const done =
    names === undefined
      ? await pass([])
      : await withPathList(config.stateDir, names, list => pass([...list, ...wanted]));
  stop.check("drill");
  if (done.outcome !== "complete")
    differences.push(
      `rsync could not compare all: ${firstLines(done.result.stderr) || `it ended with ${done.result.exitCode ?? done.result.signal}`}`,
    );
  return differences;
}
