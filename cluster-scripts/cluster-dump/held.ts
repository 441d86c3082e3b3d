import { existsSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { syncFolder } from "../../host-scripts/runtime/durable";
import { shell } from "../../host-scripts/runtime/shell";
import { called, type ClusterDump } from "./cluster-dump";
import type { Manifest } from "../../plan/contracts/dump-manifest";
import { dumpsOf, newestGoodOf, removeDump, writeManifest } from "./manifest";

/** File in a folder of dumps by which an operator says that the next one is meant to be so much smaller or larger. */
const acceptFile = "accept";

/**
 * Whether a dump is out of the band of the last good one, and nobody has said that it is meant to be.
 * @returns what is strange about it
 */
export function judgeSize(
  { config, notes }: ClusterDump,
  folder: string,
  made: Manifest,
): string | undefined {
  const before = newestGoodOf(folder)?.manifest;
  if (before === undefined || before.contentBytes === 0) return undefined;
  const percent = (100 * made.contentBytes) / before.contentBytes;
  const { leastPercent, mostPercent } = config.band;
  if (percent >= leastPercent && percent <= mostPercent) return undefined;
  const strange = `it has ${made.contentBytes} bytes, ${percent.toFixed(1)} % of the one of ${before.startedAt} (${leastPercent} to ${mostPercent} % pass)`;
  const accept = join(folder, acceptFile);
  if (!existsSync(accept)) return strange;
  rmSync(accept);
  notes.push(`${called(made.database)}: ${strange}; somebody accepted it`);
  return undefined;
}

/** Keeps a dump that waits for somebody, in place of an earlier one that does. @returns what is told of it */
export function hold(
  { config }: ClusterDump,
  folder: string,
  part: string,
  made: Manifest,
  strange: string,
): string {
  for (const dump of dumpsOf(folder)) if (dump.manifest.held) removeDump(dump);
  writeManifest(folder, { ...made, held: true });
  renameSync(part, join(folder, made.file));
  syncFolder(folder);
  const accept = join(config.seen.path, relative(config.target, folder), acceptFile);
  return `${strange}. It is kept beside the good ones as ${made.file}, and those stay. If that is meant, on ${config.seen.host}: ${shell`touch ${accept}`}; the next run takes its dump for good`;
}
