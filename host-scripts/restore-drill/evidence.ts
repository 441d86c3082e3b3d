import { dirname, join } from "node:path";
import {
  type Chain,
  type DrillRecord,
  drillRecordsName,
  drillRecordsOnDisk,
} from "../../plan/contracts/drill-record";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { makeClosedFolder } from "../runtime/closed-folder";
import { type Evidence, openRecords, readRecords } from "../runtime/drill-records";
import { keyOf, type Past } from "./turns";

type Places = Pick<RestoreDrillConfig, "stateDir" | "target">;

/** Where the records lie: on the host, and on the disk that is read with them. */
export function evidenceFiles({ stateDir, target }: Places): readonly [string, string] {
  return [join(stateDir, drillRecordsName), join(target.path, drillRecordsOnDisk)];
}

/** All records of both places. Changes nothing. @param lastRecord number of the last one that is known to have been written */
export function readEvidence(config: Places, lastRecord: number): Chain {
  return readRecords(evidenceFiles(config), lastRecord);
}

/** Opens both files. */
export function openEvidence(config: Places, lastRecord: number): Evidence {
  const files = evidenceFiles(config);
  for (const file of files) makeClosedFolder(dirname(file));
  return openRecords(files, lastRecord);
}
/** When each copy was last drilled, by its key. */
export function pastOf(records: readonly DrillRecord[], host: string): ReadonlyMap<string, Past> {
  const past = new Map<string, Past>();
  for (const record of records) {
    // A disk that was another host's has that one's records.
    if (record.host !== host) continue;
    const key = keyOf(record);
    const triedMs = Date.parse(record.at);
    const provedMs = record.result === "proved" ? triedMs : past.get(key)?.provedMs;
    past.set(key, { triedMs, provedMs });
  }
  return past;
}
