import { lstatSync, readFileSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { PfsenseBackupConfig } from "../../../plan/contracts/pfsense-backup";
import { messageOf, Refusal } from "../../runtime/errors";
import { type Generation, generationsOfAnyKind, partsOf } from "../../runtime/generations";
import { momentText } from "../../runtime/moment";
import { proveBackupDisk } from "../../runtime/backup-disk";
import { shell } from "../../runtime/shell";
import type { WayContext } from "../../runtime/ways";
import { configFault } from "../config";
import { incompleteOf } from "../incomplete";
import { rootOf } from "../pfsense-backup";
import { differingFrom, type FileName, files } from "../sums";
import { readTar } from "../tar";

/** A generation as an operator sees it. */
export interface Listed {
  readonly period: string;
  readonly folder: string;
  /** When config.xml was fetched, or the newest of what lies apart, epoch ms; undefined where there is none. */
  readonly madeMs: number | undefined;
  readonly bytes: number;
  /** Of its files, those that aren't there. */
  readonly lacks: readonly string[];
  /** It lies apart from the whole ones. */
  readonly isApart: boolean;
}

/** Proves that the backup disk is there, and is the one that runs write to. */
export async function verifyDisk({ config, stop, log }: WayContext<PfsenseBackupConfig>): Promise<void> {
  await proveBackupDisk(config, "read", { stop, log, dryRun: true });
}

/** All that there is, the newest first; what a later run has left incomplete is among it. */
export function listedGenerations(config: PfsenseBackupConfig): Listed[] {
  const whole = generationsOfAnyKind(rootOf(config), ".");
  return [
    ...whole.map(generation => listed(generation, false)),
    ...incompleteOf(config).map(generation => listed(generation, true)),
  ].sort((a, b) => (b.madeMs ?? 0) - (a.madeMs ?? 0));
}

/** What runs that ended early have left of a generation: no restore takes it. */
export function unfinishedParts(config: PfsenseBackupConfig): string[] {
  return partsOf(rootOf(config));
}

function listed({ period, folder }: Generation, isApart: boolean): Listed {
  const stats = files.map(name => ({ name, stat: lstatSync(join(folder, name), { throwIfNoEntry: false }) }));
  return {
    ...{ period, folder, isApart },
    madeMs: newestMs((isApart ? stats : stats.slice(0, 1)).flatMap(({ stat }) => stat ?? [])),
    bytes: stats.reduce((sum, { stat }) => sum + (stat?.size ?? 0), 0),
    lacks: stats.filter(({ stat }) => stat?.isFile() !== true).map(({ name }) => name),
  };
}

function newestMs(stats: readonly Stats[]): number | undefined {
  return stats.length === 0 ? undefined : Math.max(...stats.map(({ mtimeMs }) => Math.floor(mtimeMs)));
}

/** Why one isn't whole. */
export function lackText({ lacks, isApart }: Listed): string | undefined {
  if (lacks.length > 0) return `lacks ${lacks.join(" and ")}`;
  return isApart ? "has its files of different nights" : undefined;
}

/** Those of a period: a whole one, and one that is incomplete. @throws {Refusal} when there are none */
export function generationsCalled(config: PfsenseBackupConfig, period: string): Listed[] {
  const found = listedGenerations(config).filter(generation => generation.period === period);
  if (found.length > 0) return found;
  throw new Refusal(`there is no generation "${period}" of ${config.folder}`, shell`${config.job} list`);
}

/** How sound a generation's files are. */
export interface Judged {
  readonly members: number;
  /** False for one that an earlier version made. */
  readonly hasSums: boolean;
  /** What is wrong with it; empty for a good one. */
  readonly faults: readonly string[];
}

/**
 * Reads both files to their end; of what is incomplete, those that are there.
 * @param folder with the files: a generation, or a copy of one
 */
export async function judge(
  context: Pick<WayContext<PfsenseBackupConfig>, "config" | "stop">,
  { isApart, lacks }: Listed,
  folder: string,
): Promise<Judged> {
  const faults: string[] = [];
  let hasSums = false;
  let members = 0;
  const isWanted = (name: FileName): boolean => !isApart || !lacks.includes(name);
  if (isWanted("config.xml"))
    try {
      const wrong = configFault(readFileSync(join(folder, "config.xml")));
      if (wrong !== undefined) faults.push(`config.xml is no whole configuration: ${wrong}`);
    } catch (error) {
      faults.push(`config.xml can't be read: ${messageOf(error)}`);
    }
  if (!isWanted("full.tar.gz")) return { members, hasSums, faults };
  try {
    const tar = await readTar(context, join(folder, "full.tar.gz"), []);
    members = tar.members;
    if (tar.fault !== undefined) faults.push(`full.tar.gz can't be read to its end: ${tar.fault}`);
    const differing = differingFrom(folder);
    hasSums = differing !== undefined;
    for (const name of differing ?? []) faults.push(`${name} doesn't hold what was recorded of it`);
  } catch (error) {
    faults.push(messageOf(error));
  }
  context.stop.check("verify");
  return { members, hasSums, faults };
}

export function madeText({ madeMs }: Listed): string {
  return madeMs === undefined ? "at a time that isn't known" : momentText(madeMs);
}
