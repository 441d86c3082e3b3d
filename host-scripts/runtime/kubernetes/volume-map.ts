import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { shellWord } from "../../../plan/contracts/shell-word";
import { readCredential } from "../credentials";
import { writeDurably } from "../durable";
import { messageOf } from "../errors";
import type { Log } from "../log";
import { connect } from "./api";
import { persistentVolumes } from "./persistent-volumes";

/** Claim that a volume was made for. */
export interface Claim {
  readonly namespace: string;
  readonly name: string;
  /** Its volume is given to a pod as a device, without a file system of the cluster's (`volumeMode: Block`). */
  readonly isBlock?: true | undefined;
  /** It was deleted: one of that name is bound to another volume, if there is one. */
  readonly isReleased?: true | undefined;
}

/** Whose volume it is, by the name of the logical volume. */
export type VolumeMap = ReadonlyMap<string, Claim>;

/** A map, and how far it can be trusted. */
export interface KnownVolumes {
  readonly map: VolumeMap;
  /** It is the cluster's own word of this run: a volume that it lacks has no persistent volume. */
  readonly isCurrent: boolean;
}

const cache = z.record(
  z.string(),
  z.object({
    ...{ namespace: z.string(), name: z.string() },
    ...{ isBlock: z.literal(true).optional(), isReleased: z.literal(true).optional() },
  }),
);

/** What a map needs of a runner's config. */
interface Access {
  readonly stateDir: string;
  readonly credentialsDir: string;
  readonly kubeconfig?: string | undefined;
}

/**
 * The map from the Kubernetes API, or the one of the last run that reached it. Never fails: without either, volumes are
 * unknown, and an unknown volume is covered.
 * @param notes gets a line where the map isn't today's
 */
export async function volumeMap(
  access: Access,
  stop: AbortSignal,
  log: Log,
  notes: string[],
): Promise<KnownVolumes> {
  const { kubeconfig } = access;
  if (kubeconfig === undefined) return { map: new Map(), isCurrent: false };
  const file = join(access.stateDir, "volume-map.json");
  return keptMap(file, () => askApi(readCredential(access, kubeconfig), stop), log, notes);
}

/**
 * What is asked for, unless it is less than half of what an earlier run was told: then that is used, and kept.
 * @param ask gives undefined for a volume without a claim. One that had a claim keeps it: its copies and their alert would
 *   begin anew elsewhere, and while its data is there it isn't deleted
 */
export async function keptMap(
  file: string,
  ask: () => Promise<ReadonlyMap<string, Claim | undefined>>,
  log: Log,
  notes: string[],
): Promise<KnownVolumes> {
  try {
    const [told, before] = [await ask(), readCache(file)];
    const map = new Map<string, Claim>();
    for (const [volume, claim] of told) {
      const known = claim ?? before.get(volume);
      if (!known) continue;
      map.set(volume, known);
      if (!claim)
        notes.push(`${volume} belongs to no claim any more, and goes on as ${known.namespace}/${known.name}`);
    }
    refuseCollapse(map, before, file);
    writeDurably(file, `${JSON.stringify(Object.fromEntries(map), undefined, 2)}\n`);
    return { map, isCurrent: true };
  } catch (error) {
    const kept = readCache(file);
    const instead =
      kept.size > 0
        ? `the map of an earlier run is used (${kept.size} volumes)`
        : "no volume's claim is known";
    notes.push(`the Kubernetes API can't be asked whose volumes these are: ${instead}`);
    log.warn(`${messageOf(error)}; ${instead}`);
    return { map: kept, isCurrent: false };
  }
}

/** A cluster that was made anew, or is another one, answers as well as the one that is meant, and knows no claim of ours. */
function refuseCollapse(map: VolumeMap, kept: VolumeMap, file: string): void {
  const known = [...kept.keys()].filter(volume => map.has(volume)).length;
  if (kept.size === 0 || known >= kept.size / 2) return;
  throw new Error(
    `the Kubernetes API names ${known} of the ${kept.size} volumes that it named before (if it is meant to be so: rm ${shellWord(file)})`,
  );
}

async function askApi(
  kubeconfig: string,
  stop: AbortSignal,
): Promise<ReadonlyMap<string, Claim | undefined>> {
  const volumes = await persistentVolumes(connect(kubeconfig, stop));
  return new Map(
    volumes.map(({ disk, claim, isBlock, isReleased }) => [
      disk,
      claim && { ...claim, ...(isBlock && { isBlock }), ...(isReleased && { isReleased }) },
    ]),
  );
}

function readCache(file: string): VolumeMap {
  try {
    return new Map(Object.entries(cache.parse(JSON.parse(readFileSync(file, "utf8")))));
  } catch {
    return new Map();
  }
}
