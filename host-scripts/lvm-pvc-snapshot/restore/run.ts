import { asRunnerError } from "../../runtime/entry";
import { exitCodes, messageOf, Refusal, RunnerError } from "../../runtime/errors";
import { type Phase, runPhases } from "../../runtime/phases";
import { check } from "./check";
import {
  command,
  NotInTime,
  note,
  places,
  recordOf,
  type Restore,
  type RestoreRequest,
  type World,
} from "./context";
import { plan } from "./plan";
import { readRecord } from "../../runtime/lvm/restore-record";
import { ready, shell } from "../../runtime/shell";
import { stateOf } from "./state";
import { isSwapped } from "./swap";
import { report } from "./report";
import { clear, keepOld, putSnapshot, takeBack, verify } from "./volumes";
import { findWorkload } from "./find-workload";
import { apiOf, detach, scaleBack, scaleDown, scaleUp } from "./scale";

const reading = [check, findWorkload];
const restoring = [scaleDown, detach, keepOld, putSnapshot, scaleUp, verify];
const rollingBack = [scaleDown, detach, takeBack, scaleUp, verify, clear];

/** A restore in a world, real or not. @returns the exit code */
export async function restoreIn(
  world: World,
  request: RestoreRequest,
  { config, log, stop }: Pick<Restore, "config" | "log" | "stop">,
): Promise<number> {
  const record = startingPoint(request, config.stateDir);
  const restore: Restore = {
    ...{ ...world, request, config, log, stop, notes: [], volumes: [], record },
    begun: record !== undefined && record.end === null,
  };
  try {
    await through(restore, reading);
    if (request.dryRun) return plan(restore);
    const doing = request.action === "rollback" ? "rollback" : "restore";
    begin(restore, doing);
    await world.tellUnfinished();
    await through(restore, doing === "rollback" ? rollingBack : restoring);
  } catch (error) {
    const end = await asEnd(restore, error);
    if (restore.begun && !request.dryRun) await world.tellUnfinished();
    throw end;
  }
  const status = report(restore);
  await world.tellUnfinished();
  return status;
}

/**
 * The record that this run goes on with, or none for a new restore.
 * @throws {Refusal} when what is asked doesn't fit what an earlier run has left
 */
function startingPoint({ volume, snapshot, action }: RestoreRequest, stateDir: string) {
  // A name that is none can't have a record, and mustn't become a path.
  const record = volume.includes("/") ? undefined : readRecord(stateDir, volume);
  const again = shell`lvm-pvc-snapshot restore ${volume}`;
  if (action === "rollback") {
    if (!record || record.end?.as === "rolled-back")
      throw new Refusal(`there is no restore of ${volume} to roll back`, "lvm-pvc-snapshot list");
    return record;
  }
  if (!record || record.end) {
    if (action === "resume")
      throw new Refusal(`no restore of ${volume} is unfinished`, "lvm-pvc-snapshot list");
    return undefined;
  }
  if (record.doing === "rollback")
    throw new Refusal(`a rollback of ${volume} is unfinished`, shell`${ready(again)} --rollback`);
  if (snapshot !== undefined && snapshot !== record.snapshot.name)
    throw new Refusal(
      `a restore of ${volume} from ${record.snapshot.name} is unfinished`,
      shell`${ready(again)} --resume   (or: ${ready(again)} --rollback)`,
    );
  return record;
}

/** From here on things change, and what was before is on the disk. */
function begin(restore: Restore, doing: "restore" | "rollback"): void {
  note(restore, { doing, end: null });
  restore.begun = true;
}

async function through(restore: Restore, phases: readonly Phase<Restore>[]): Promise<void> {
  const { stop, log } = restore;
  const enter = (phase: string): void => {
    if (restore.begun && !restore.request.dryRun) note(restore, { phase });
  };
  await runPhases(phases, restore, { stop, log, enter });
}

/** What a failed run ends with: nothing changed, everything as it was, or the state that all is in. */
async function asEnd(restore: Restore, fault: unknown): Promise<RunnerError> {
  const error = asRunnerError(fault, restore.config.job);
  if (!restore.begun || restore.request.dryRun) {
    const kept = "Nothing was changed.";
    const next = error.exitCode >= exitCodes.signal ? command(restore) : error.next;
    return new RunnerError(error.exitCode, { failed: error.failed, kept, next }, { cause: fault });
  }
  if (
    fault instanceof NotInTime &&
    recordOf(restore).doing === "restore" &&
    !isSwapped(recordOf(restore), places(restore))
  )
    return goBack(restore, fault);
  return midway(restore, error);
}

/** The volume didn't come free: no reason to leave its pods down. */
async function goBack(restore: Restore, cause: NotInTime): Promise<RunnerError> {
  const { workloads, volume } = recordOf(restore);
  try {
    note(restore, { doing: "rollback" });
    const api = workloads.length > 0 ? apiOf(restore) : undefined;
    await through(restore, [takeBack]);
    if (api) await scaleBack(restore, api);
    note(restore, { end: { at: new Date().toISOString(), as: "rolled-back" } });
  } catch (error) {
    return midway(restore, asRunnerError(error, restore.config.job));
  }
  const back = workloads.map(
    ({ kind, namespace, name, replicas }) => `${kind} ${namespace}/${name} is scaled back to ${replicas}`,
  );
  const kept = [`${volume} is as it was`, ...back].join("; ");
  return new RunnerError(
    exitCodes.failed,
    { failed: cause.reason, kept: `${kept}.`, next: cause.next },
    { cause },
  );
}

async function midway(restore: Restore, error: RunnerError): Promise<RunnerError> {
  const { phase, doing } = recordOf(restore);
  const state = await stateOf(restore).catch(messageOf);
  const back = command(restore, "--rollback");
  const on = shell`${ready(command(restore, "--resume"))}   (or back: ${ready(back)})`;
  const isCause = error.exitCode < exitCodes.signal && error.next !== "";
  const cause = isCause ? shell`; to find out why: ${ready(error.next)}` : "";
  return new RunnerError(
    error.exitCode,
    {
      failed: `the ${doing} stopped in phase ${phase}: ${error.failed}`,
      kept: state,
      next: (doing === "restore" ? on : back) + cause,
    },
    { cause: error },
  );
}
