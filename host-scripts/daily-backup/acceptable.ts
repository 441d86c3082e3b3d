import { refuseUnknown } from "../runtime/accepted";
import { type Claim, volumeMap } from "../runtime/kubernetes/volume-map";
import { readCovered } from "../runtime/lvm/covered";
import { listVolumes } from "../runtime/lvm/listing";
import { liveVolumes } from "../runtime/lvm/snapshots";
import { shell } from "../runtime/shell";
import { configurationName } from "./configuration";
import { type DailyBackup, nameOf, type VolumeTask } from "./daily-backup";
import { readRecords } from "./record";

/**
 * Refuses a name of `--accept` that nothing on this host has or had, while nothing is changed yet. One that is known and not
 * copied today is refused once it is known what is copied.
 */
export async function refuseUnheardOf(run: DailyBackup): Promise<void> {
  const { config, accepted, stop, log } = run;
  if (accepted.size === 0) return;
  const names = new Set([configurationName]);
  const add = (volume: string, claim: Pick<Claim, "namespace" | "name"> | undefined) =>
    names.add(volume).add(nameOf({ volume, claim }));
  if (config.volumes) {
    const { vg, pool, pattern } = config.volumes;
    for (const { name } of liveVolumes(await listVolumes(vg, stop.signal), pool, pattern)) names.add(name);
    for (const [volume, { namespace, claim }] of readRecords(config.stateDir))
      add(volume, claim === "" ? undefined : { namespace, name: claim });
    for (const [volume, claim] of readCovered(config.stateDir)) add(volume, claim);
    // What it has to note is noted when volumes are discovered.
    const { map } = await volumeMap(config, stop.signal, log, []);
    for (const [volume, claim] of map) add(volume, claim);
  }
  refuse(run, names);
}

/** Refuses a name of `--accept` that is no volume of this run. */
export function refuseUnaccepted(run: DailyBackup, tasks: readonly VolumeTask[]): void {
  const names = new Set([...tasks.map(nameOf), configurationName]);
  refuse(run, names, "No volume was copied, and every generation that is kept is whole.");
}

function refuse(run: DailyBackup, names: ReadonlySet<string>, kept?: string): void {
  refuseUnknown(run, names, {
    none: "names no volume that is copied",
    next: shell`${run.config.job} --dry-run   (it names each as NAMESPACE/CLAIM; the host's own files are "${configurationName}")`,
    kept,
  });
}
