import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../durable";
import { errnoOf, messageOf, Refusal } from "../errors";
import type { Claim, VolumeMap } from "../kubernetes/volume-map";
import { ready, shell } from "../shell";
import { goOnText, type RestoreRecord, unfinishedText } from "./restore-record";
import type { OwnSnapshot } from "./snapshots";

const claim = z.object({
  namespace: z.string(),
  name: z.string(),
  isBlock: z.literal(true).optional(),
});
const ledger = z.record(z.string(), claim.nullable());

/**
 * Volumes that a job has covered, with the claims that they had: what is missing today is seen by it alone, since a
 * volume that is gone is in no listing.
 */
export type Covered = ReadonlyMap<string, Claim | undefined>;

/** What the last run covered; none before the first. @throws {Refusal} when it can't be read: it must not be taken for none */
export function readCovered(stateDir: string): Map<string, Claim | undefined> {
  const file = fileOf(stateDir);
  try {
    const entries = Object.entries(ledger.parse(JSON.parse(readFileSync(file, "utf8"))));
    return new Map(entries.map(([volume, known]) => [volume, known ?? undefined]));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return new Map();
    throw new Refusal(
      `which volumes were covered can't be read: ${file}: ${messageOf(error)}`,
      shell`cat ${file}   (rm it only after a look at lvs: a volume that is missing isn't noticed then)`,
    );
  }
}

export function writeCovered(stateDir: string, covered: Covered): void {
  const entries = [...covered].map(([volume, known]) => [volume, known ?? null]);
  writeDurably(fileOf(stateDir), `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`, 0o600);
}

function fileOf(stateDir: string): string {
  return join(stateDir, "covered.json");
}

/** A volume that was covered and is not there, and nobody has said that it is meant to be gone. */
export interface MissingVolume {
  readonly volume: string;
  readonly claim: Claim | undefined;
  readonly reason: string;
  /** What an operator types next. */
  readonly next: string;
}

export interface Absence {
  readonly missing: readonly MissingVolume[];
  /** Volumes that the last run still covered and that are meant to be gone. */
  readonly gone: readonly string[];
}

export interface AbsenceFacts {
  /** What was covered, by the last run's word. */
  readonly covered: Covered;
  readonly vg: string;
  /** Our snapshots by their origins, oldest first: each origin must have been there. */
  readonly snapshots: ReadonlyMap<string, readonly OwnSnapshot[]>;
  /** Names of the live volumes of today. */
  readonly live: ReadonlySet<string>;
  /** Whether a volume of this name and claim would be covered today. */
  readonly isCovered: (volume: string, claim: Claim | undefined) => boolean;
  readonly map: VolumeMap;
  /** Whether the map is the cluster's own word of this run. */
  readonly isCurrent: boolean;
  /** Restores that have not ended. */
  readonly restores: readonly RestoreRecord[];
  /** Volumes that an operator has said to be gone. */
  readonly forgotten: ReadonlySet<string>;
}

/**
 * Tells volumes that are missing from those that are meant to be gone: by an operator's word, or because the cluster was
 * asked in this run and has no persistent volume of that name any more. In doubt, a volume is missing.
 */
export function absenceOf(facts: AbsenceFacts): Absence {
  const { covered, snapshots, live, map, isCovered, restores, forgotten } = facts;
  const unfinished = new Map(restores.map(record => [record.volume, record]));
  const missing: MissingVolume[] = [];
  const gone: string[] = [];
  for (const volume of new Set([...covered.keys(), ...snapshots.keys(), ...unfinished.keys()])) {
    const record = unfinished.get(volume);
    const known = map.get(volume) ?? covered.get(volume) ?? record?.claim ?? undefined;
    if (live.has(volume) || !isCovered(volume, known)) continue;
    if (record)
      missing.push({
        ...{ volume, claim: known, next: goOnText(record) },
        reason: `it is not there: ${unfinishedText(record)}`,
      });
    else if (forgotten.has(volume) || isDeletedInCluster(facts, volume)) {
      if (covered.has(volume)) gone.push(volume);
    } else missing.push({ volume, claim: known, ...wordsOf(facts, volume) });
  }
  return { missing, gone };
}

/** A volume that never had a claim is in no map, so its absence there says nothing; nor does an empty map. */
function isDeletedInCluster({ covered, map, isCurrent }: AbsenceFacts, volume: string): boolean {
  const neverHadClaim = covered.has(volume) && covered.get(volume) === undefined;
  return isCurrent && map.size > 0 && !map.has(volume) && !neverHadClaim;
}

function wordsOf(
  { vg, snapshots, map, isCurrent }: AbsenceFacts,
  volume: string,
): Pick<MissingVolume, "reason" | "next"> {
  const wanted = isCurrent && map.has(volume);
  const newest = snapshots.get(volume)?.at(-1)?.volume.name;
  const back =
    newest === undefined
      ? "what is left of it are its copies on the backup disk"
      : shell`its newest snapshot in its place: lvcreate --snapshot --setactivationskip n --permission rw --name ${volume} ${vg}/${newest}`;
  return {
    reason: wanted
      ? "it is not there, and the cluster still has a persistent volume for it"
      : "it is not there, and nobody has said that it is meant to be gone",
    next: shell`lvs -a ${vg}   (${ready(back)}; if it is meant to be gone: lvm-pvc-snapshot forget ${volume})`,
  };
}
