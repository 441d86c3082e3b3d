import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, existsSync, mkdirSync } from "node:fs";
import { bigBytes, contentOf, type OpenFile, openRegular } from "../backup-scrub/content";
import { pathOf } from "../backup-scrub/paths";
import { filesBelow } from "../backup-scrub/walk";
import { anyOwn, neverSent, offsiteMetadata } from "../offsite-sync/remote";
import { type Sum, sumsOf } from "../offsite-sync/sums";
import { ownPrefix } from "../runtime/closed-folder";
import { messageOf } from "../runtime/errors";
import { forgetCached } from "../runtime/forget-cached";
import { withPathList } from "../runtime/path-list";
import { notedName, quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { listedBefore, rsync } from "../runtime/rsync";
import { firstLines } from "../runtime/tail";
import { inTree, statIn } from "../runtime/tree-path";
import type { Comparison } from "./compare";
import type { OffsiteTier } from "./tier";
import type { RestoreDrill } from "./restore-drill";
import { drillFolder } from "./scratch";
import type { DrillCopy } from "./turns";

/** Whether a file of this host, by its name below what was sent, is at the destination as it is here. */
export function isSentAsItIs(
  tier: OffsiteTier,
  copy: DrillCopy,
): (name: string, stat: BigIntStats) => boolean {
  const excludes = excludedOf(tier, copy);
  return (name, stat) => {
    const words = name.split("/");
    return (
      isOlder(stat, copy) &&
      !words.some(word => word.startsWith(`${ownPrefix}-`)) &&
      !excludes.includes(words[0] ?? "")
    );
  };
}

/** What was changed since the leg was sent is another one there. */
function isOlder({ ctimeMs }: Pick<BigIntStats, "ctimeMs">, { sent }: DrillCopy): boolean {
  return Number(ctimeMs) < required(sent, "what was sent").asOfMs;
}

/** Entries at its root that don't go there. */
function excludedOf({ legs }: OffsiteTier, { sent }: DrillCopy): readonly string[] {
  return legs.find(({ from }) => from === sent?.path)?.excludes.map(pathOf) ?? [];
}

/**
 * Compares what came back from a destination with what this host knows of it, as the restore has compared it with the destination
 * alone, which may hold something else than it was sent. A file's content is held to the checksum that was noted when it was sent, and
 * else to the file here, if that is unchanged since then; so are types, sizes, owners, modes, times, ACLs and attributes.
 */
export async function compareSent(
  drill: RestoreDrill,
  tier: OffsiteTier,
  copy: DrillCopy,
  sample: readonly string[] | undefined,
): Promise<Comparison> {
  const { config, stop } = drill;
  const into = drillFolder(config);
  const here = required(copy.sent, "what was sent").path;
  const found = { recorded: 0, copy: 0, far: 0, differences: [] as string[] };
  const names: string[] = [];
  for (const file of filesIn(into, sample)) {
    stop.check("drill");
    if ("stat" in file) names.push(file.name);
    else found.differences.push(`${notedName(file.name)} can't be looked at: ${file.reason}`);
  }
  const sentAs = (name: string): string => `${pathOf(here)}/${name}`;
  const sums = sumsOf(tier, new Set(names.map(sentAs)));
  for (const name of names) {
    const fault = await contentFault(drill, { here, into, name }, sums.get(sentAs(name)), copy, found);
    if (fault !== undefined) found.differences.push(`${quoted(Buffer.from(name, "latin1"))}: ${fault}`);
  }
  if (existsSync(here))
    found.differences.push(...(await otherMetadata(drill, tier, copy, { here, into, sample })));
  return found;
}

/** Each regular file that came back. */
function* filesIn(
  into: string,
  sample: readonly string[] | undefined,
): Generator<
  { readonly name: string; readonly stat: BigIntStats } | { readonly name: string; readonly reason: string }
> {
  const disk = { target: { path: into, fsUuid: "" } };
  for (const top of sample ?? [""]) {
    const files = [...(sample ? filesBelow(disk, top) : [])];
    if (sample && files.length === 0) yield { name: top, reason: "the restore brought no such file" };
    for (const { path, ...file } of sample ? files : filesBelow(disk, top))
      yield { name: path.replace(/^\//, ""), ...file };
  }
}

async function contentFault(
  { stop }: RestoreDrill,
  { here, into, name }: { readonly here: string; readonly into: string; readonly name: string },
  sum: Sum | undefined,
  copy: DrillCopy,
  found: { recorded: number; copy: number; far: number },
): Promise<string | undefined> {
  let restored: OpenFile | undefined;
  let original: OpenFile | undefined;
  try {
    restored = openRegular(inTree(into, name));
    if (!restored) return "the restore brought no such file";
    // From the disk, and not from what the restore has just written to memory.
    if (restored.stat.size >= bigBytes) await forgetCached(restored, stop);
    const md5 = createHash("md5");
    const got = await contentOf(restored, stop, "drill", undefined, undefined, md5);
    if (got.kind !== "read") return "what was restored can't be read";
    const { size, mtimeNs } = restored.stat;
    if (sum?.size === String(size) && sum.mtime === String(mtimeNs)) {
      found.recorded += 1;
      return md5.digest("hex") === sum.md5 ? undefined : "it doesn't hold what was noted when it was sent";
    }
    original = openRegular(inTree(here, name));
    if (!original || !isOlder(original.stat, copy)) {
      found.far += 1;
      return undefined;
    }
    const wanted = await contentOf(original, stop, "drill");
    // Changed meanwhile: it isn't what was sent any more.
    if (wanted.kind === "changed" || !isUnchanged(here, name, copy)) {
      found.far += 1;
      return undefined;
    }
    if (wanted.kind === "unreadable") return `what this host has can't be read: ${wanted.reason}`;
    found.copy += 1;
    return got.sha256.equals(wanted.sha256)
      ? undefined
      : "it doesn't hold what this host has, unchanged since it was sent";
  } catch (error) {
    stop.check("drill");
    return messageOf(error);
  } finally {
    for (const file of [restored, original]) if (file) closeSync(file.fd);
  }
}

function isUnchanged(here: string, name: string, copy: DrillCopy): boolean {
  const stat = statIn(here, name);
  return stat !== undefined && isOlder(stat, copy);
}

const longestMs = 24 * 3_600_000;

/** What is there and no more here isn't told: it goes there at the next full pass. */
async function otherMetadata(
  { config, stop }: RestoreDrill,
  tier: OffsiteTier,
  copy: DrillCopy,
  {
    here,
    into,
    sample,
  }: { readonly here: string; readonly into: string; readonly sample: readonly string[] | undefined },
): Promise<string[]> {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  const differing: { readonly name: string; readonly text: string }[] = [];
  const pass = (list: readonly string[]) =>
    rsync(
      [...offsiteMetadata, listedBefore, "--dry-run", anyOwn, ...neverSent, ...list, "--", "./", `${into}/`],
      {
        ...{ cwd: here, timeoutMs: longestMs, stop: stop.signal, diesWithRunner: true },
        leaveAlone: excludedOf(tier, copy),
      },
      ({ path, letters, kind }) => {
        // The folder that it was restored into is the drill's own.
        if (path.toString() === ".") return;
        const text = kind === "created" ? "it is missing" : letters.trim();
        differing.push({ name: path.toString("latin1"), text: `${quoted(path)}: ${text}` });
      },
    );
  const done = sample
    ? await withPathList(config.stateDir, sample, list => pass([...list, "--recursive", "--no-implied-dirs"]))
    : await pass([]);
  stop.check("drill");
  const failed =
    done.outcome === "complete" || done.outcome === "vanished"
      ? []
      : [
          `rsync could not compare all: ${firstLines(done.result.stderr) || `it ended with ${done.result.exitCode ?? done.result.signal}`}`,
        ];
  return [
    ...differing.filter(({ name }) => isUnchanged(here, name, copy)).map(({ text }) => text),
    ...failed,
  ];
}
