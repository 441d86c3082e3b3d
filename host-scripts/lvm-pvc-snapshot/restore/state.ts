import { messageOf } from "../../runtime/errors";
import { scaleOf } from "../../runtime/kubernetes/workloads";
import { recordOf, type Restore } from "./context";
import { placesOf } from "./swap";
import { apiOf, podsText, textOf } from "./scale";

/** In which state everything is, as LVM and the cluster have it now: for an operator who has to go on from there. */
export async function stateOf(restore: Restore): Promise<string> {
  // The run may have been stopped; this is asked all the same, for a moment.
  const signal = AbortSignal.timeout(20_000);
  return [await volumesNow(restore, signal), ...(await podsNow(restore, signal))].join("; ");
}

async function volumesNow({ lvm, record, ...restore }: Restore, signal: AbortSignal): Promise<string> {
  const known = recordOf({ lvm, record, ...restore });
  const { volume, snapshot } = known;
  try {
    const { old, fresh } = placesOf(known, await lvm.list(signal));
    if (!old) return `the old volume is gone, and ${volume} is ${fresh ? "the restored one" : "gone too"}`;
    if (old.name === volume) return `${volume} is the volume as it was before`;
    const kept = `as it was before, the volume is ${old.name}`;
    return fresh?.name === volume
      ? `${volume} is the one restored from ${snapshot.name}; ${kept}`
      : `there is no ${volume} now; ${kept}`;
  } catch (error) {
    return `what LVM has can't be told: ${messageOf(error)}`;
  }
}

async function podsNow(restore: Restore, signal: AbortSignal): Promise<string[]> {
  const { workloads } = recordOf(restore);
  if (workloads.length === 0) return [];
  try {
    const api = apiOf(restore, signal);
    if (!api)
      return workloads.map(
        workload => `${textOf(workload)} had ${podsText(workload.replicas)} and wasn't asked`,
      );
    return await Promise.all(
      workloads.map(async workload => {
        const { replicas } = await scaleOf(api, workload);
        return `${textOf(workload)} is scaled to ${replicas}, and had ${workload.replicas}`;
      }),
    );
  } catch (error) {
    const had = workloads.map(workload => `${textOf(workload)} had ${workload.replicas}`).join(", ");
    return [`how many pods there are can't be told (${messageOf(error)}); ${had}`];
  }
}
