import { exitCodes } from "../../runtime/errors";
import { note, places, recordOf, type Restore } from "./context";
import { keptName } from "../../runtime/lvm/restore-record";
import { shell } from "../../runtime/shell";
import { podsText, textOf } from "./scale";

/** The end of a run that succeeded: on disk, then to the operator. */
export function report(restore: Restore): number {
  const { log, config, notes, request } = restore;
  const record = recordOf(restore);
  const { volume, snapshot, workloads, doing } = record;
  const as = doing === "restore" ? "restored" : "rolled-back";
  note(restore, { end: { at: new Date().toISOString(), as } });
  const kept = keptName(record);
  const remove = shell`lvremove ${config.vg}/${kept}`;
  const again = (request.workload ? workloads : []).map(
    workload => `${textOf(workload)} has its ${podsText(workload.replicas)} again`,
  );
  const what =
    doing === "restore" ? `${volume} has the data of ${snapshot.name}` : `${volume} is what it was before`;
  log.info([what, ...again].join("; "));
  for (const text of notes) log.info(`Note: ${text}`);
  if (doing === "restore") {
    log.info(`The volume as it was before is ${kept}; the snapshot stays as well.`);
    log.info(`When all is well: ${remove}`);
    log.info(shell`If it isn't:      lvm-pvc-snapshot restore ${volume} --rollback`);
  }
  const rest = doing === "restore" ? { kept, remove } : {};
  const fresh = places(restore).fresh?.name;
  log.result({
    ...{ job: config.job, command: "restore", status: exitCodes.ok, as, volume },
    ...{ snapshot: snapshot.name, restored: fresh, workloads, ...rest, notes },
  });
  return exitCodes.ok;
}
