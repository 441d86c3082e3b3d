import type { LvmPvcSnapshotConfig } from "../../../plan/contracts/lvm-pvc-snapshot";
import { Refusal } from "../../runtime/errors";
import { claimedVolume, type KnownClaims } from "../../runtime/lvm/claimed-volume";
import type { LogicalVolume } from "../../runtime/lvm/listing";
import { ownSnapshots } from "../../runtime/lvm/snapshots";
import { momentText } from "../../runtime/moment";
import { shell } from "../../runtime/shell";
import type { RestoreRequest } from "./context";

/** What an operator types: names that people know, in place of those that only the host does. */
export interface RestoreAsked extends Omit<RestoreRequest, "volume"> {
  /** Name of the live volume, or "NAMESPACE/CLAIM". */
  readonly what: string;
  /** In place of a snapshot: the newest that is not younger, epoch ms. Without either, the newest. */
  readonly atMs?: number;
}

/** What the host knows. */
export interface Known {
  readonly volumes: readonly LogicalVolume[];
  readonly claims: KnownClaims;
}

/**
 * The restore that is meant, by the host's own names.
 * @throws {Refusal} where that isn't one volume and one snapshot
 */
export function resolve(
  { what, atMs, ...request }: RestoreAsked,
  { vg }: Pick<LvmPvcSnapshotConfig, "vg">,
  known: Known,
): RestoreRequest {
  const volume = what.includes("/")
    ? claimedVolume(what, {
        claims: known.claims,
        there: new Set(known.volumes.map(({ name }) => name)),
        next: {
          none: "lvm-pvc-snapshot list",
          several: shell`lvs ${vg}   (then the same with the name of the volume that is meant)`,
        },
      })
    : what;
  if (request.action !== "restore" || request.snapshot !== undefined) return { ...request, volume };
  return { ...request, volume, snapshot: snapshotAt(volume, atMs, known) };
}

function snapshotAt(volume: string, atMs: number | undefined, { volumes }: Known): string {
  const own = ownSnapshots(volumes).get(volume) ?? [];
  const found = own.findLast(({ madeMs }) => atMs === undefined || madeMs <= atMs);
  if (found) return found.volume.name;
  const oldest = own[0];
  throw new Refusal(
    oldest
      ? `${volume} has no snapshot of ${momentText(atMs ?? 0)} or before; its oldest is of ${momentText(oldest.madeMs)}`
      : `${volume} has no snapshot of this job`,
    shell`lvm-pvc-snapshot list ${volume}`,
  );
}
