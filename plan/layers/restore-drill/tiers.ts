import { dailyBackupJobName } from "../../contracts/daily-backup";
import { nfsMirrorJobName } from "../../contracts/nfs-mirror";
import type { RestoreDrillConfig } from "../../contracts/restore-drill";
import type { Estate } from "../../estate/schema";
import { runnerArgv } from "../../systemd-units";
import { stateFolder } from "../host-runner";
import type { RestoreDrillSpec } from "./spec";

type Tiers = RestoreDrillConfig["tiers"];

/** What there is to drill on a part's backup disk: each by the job of the same host that keeps it there. */
export function tiersOf({ host, target }: Pick<RestoreDrillSpec, "host" | "target">, estate: Estate): Tiers {
  const isHere = (part: { readonly host: string; readonly target: string }): boolean =>
    part.host === host && part.target === target;
  const { "daily-backup": backups, "nfs-mirror": mirrors } = estate.layers;
  const hasVolumes = backups.some(part => isHere(part) && part.volumes !== undefined);
  return [
    ...(hasVolumes ? [tier("generations", dailyBackupJobName, `${target}/pvc-data`)] : []),
    ...(mirrors.some(isHere) ? [tier("mirror", nfsMirrorJobName, target)] : []),
  ];
}

function tier(name: Tiers[number]["tier"], job: string, below: string): Tiers[number] {
  return { tier: name, job, command: runnerArgv(job), below, lock: `${stateFolder(job)}/run.lock` };
}
