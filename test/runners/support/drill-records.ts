import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../../cli/evidence/ask";
import { type ExampleEstate, exampleEstate } from "../../../plan/estate/example";
import { type DrillFacts, type DrillRecord, lineOf, readChain } from "../../../plan/contracts/drill-record";

/** The example's estate with drills of the backup disk alone: nobody is let in at its destination. */
export function drilledOnDisk(): ExampleEstate {
  const estate = exampleEstate();
  delete estate.destinations["nas"]?.receives;
  return estate;
}

/** What a host does first that has the records which were laid down in a folder. */
export function withRecordsOf(folder: string): string {
  return [
    "mount -t tmpfs none /mnt && mount -t tmpfs none /var/lib",
    "mkdir -p /var/lib/holdfast /mnt/backup/.holdfast",
    `cp -a ${folder}/own /var/lib/holdfast/restore-drill && cp -a ${folder}/disk /mnt/backup/.holdfast/restore-drill`,
  ].join(" && ");
}

/** Empties the places of a host's records. */
export function clearRecords(folder: string): void {
  for (const name of ["own", "disk"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(join(folder, name));
  }
}

/** Lays records down in both files, as the host's program writes them. @param change of the text in one or both */
export function layRecords(
  folder: string,
  all: readonly DrillFacts[],
  change: (text: string) => string | { own?: string; disk?: string } = text => text,
): void {
  let before: DrillRecord | undefined;
  let text = "";
  for (const each of all) {
    const line = lineOf(each, before, sha256);
    before = readChain(line, sha256).records[0];
    text += line;
  }
  const changed = change(text);
  const { own = text, disk = text } = typeof changed === "string" ? { own: changed, disk: changed } : changed;
  writeFileSync(join(folder, "own/evidence.log"), own);
  writeFileSync(join(folder, "disk/evidence.log"), disk);
  writeFileSync(join(folder, "own/drills.json"), JSON.stringify({ seen: {}, lastRecord: all.length }));
}
