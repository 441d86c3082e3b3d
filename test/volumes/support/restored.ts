import type { RestoreRecord } from "../../../host-scripts/runtime/lvm/restore-record";
import { mustOnHost } from "../../../lab/hosts";
import { host, stateDir } from "./unit";

/** What is known of a volume's last restore. */
export interface Place {
  readonly isThere: boolean;
  /** Its record; undefined before the first. */
  readonly record: RestoreRecord | undefined;
  /** What lies under the volume's name is the one that it had before that restore. */
  readonly isOld: boolean;
  /** What a restore needs is there: the volume as it was, and the snapshot. */
  readonly isSafe: boolean;
}

/** In the order of the names. */
export async function placesOf(names: readonly string[]): Promise<Place[]> {
  const records = names.map(
    name => `echo; cat ${stateDir("lvm-pvc-snapshot")}/restore/${name}.json | tr -d '\\n'`,
  );
  const shown = await mustOnHost(
    host,
    `lvs --noheadings --separator ' ' -o lv_name,lv_uuid pve; ${records.map(line => `${line} 2>/dev/null`).join("; ")}`,
  );
  const lines = shown.split("\n").map(line => line.trim());
  const uuids = new Map(
    lines.filter(line => /^\S+ \S+$/.test(line)).map(line => line.split(" ", 2) as [string, string]),
  );
  const found = lines.filter(line => line.startsWith("{")).map(line => JSON.parse(line) as RestoreRecord);
  const there = new Set(uuids.values());
  return names.map(name => {
    const record = found.find(({ volume }) => volume === name);
    return {
      ...{ isThere: uuids.has(name), record },
      isOld: record !== undefined && uuids.get(name) === record.old.uuid,
      isSafe: record !== undefined && there.has(record.old.uuid) && there.has(record.snapshot.uuid),
    };
  });
}
