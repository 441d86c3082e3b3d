import { ifReadable } from "../runtime/lvm/command";
import { readRecords } from "../runtime/lvm/records";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import type { SnapshotRun } from "./context";
import { freePercent, hasPlaceFor, percentText } from "./limits";
import { removeExpired } from "./prune";

/**
 * Snapshots fill the place for LVM's records whatever they hold. Where this run's don't fit, what has expired goes first: a
 * volume that gets no new snapshot keeps its expired ones, so else a full place would stay full.
 */
export const records: Phase<SnapshotRun> = {
  name: "records",
  async run(run) {
    const { config, stop, notes } = run;
    const { covered } = required(run.found, "listing");
    const before = await ifReadable(readRecords(config.vg, stop.signal));
    run.records = before;
    if (before === undefined || hasPlaceFor(covered.length, before)) return;
    notes.push(
      `volume group ${config.vg} has ${percentText(freePercent(before))} free of the place for LVM's records, too little for ${covered.length} snapshots: what has expired goes first`,
    );
    await removeExpired(run, new Set(covered.map(({ name }) => name)), true);
  },
};
