import { Refusal } from "../../host-scripts/runtime/errors";
import { shell } from "../../host-scripts/runtime/shell";
import { askCommand } from "../../plan/contracts/ask-command";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import type { RestoreClient } from "./restore-client";
import { readRestoring } from "./restoring";

/** A line of restorers_told of `clients/exchange.sh`: a job whose restore is under way in the server, or was cut. */
interface Restorer {
  readonly job: string;
  /** The statement that takes away what other jobs know it by. */
  readonly forget: string;
}

export function restorersIn(lines: readonly string[]): Restorer[] {
  return lines.map(line => {
    const [job = "", forget = ""] = line.split("\t");
    return { job, forget };
  });
}

/** What to type where one has left a half. */
export function nextOfOther({ seen }: ClusterDumpConfig, { job, forget }: Restorer): string {
  return shell`${askCommand(seen.namespace, job, "restore --back")}   (what was there is called as before, or it says what else to do. Where there is no such job any more, and what the server has is right: ${forget})`;
}

/**
 * What a restore of one job moves aside isn't another one's to move, and would be given back later in the place of what that one has made.
 * @throws {Refusal}
 */
export async function refuseBesideOthers(config: ClusterDumpConfig, client: RestoreClient): Promise<void> {
  const [first = "", ...lines] = await client.lines("restorers");
  const [dumps, end] = first.split("\t");
  if (dumps !== "0")
    throw new Refusal(
      "another job dumps this server, and would take the half of what is restored for good",
      shell`kubectl --namespace ${config.seen.namespace} get jobs   (the same again once it has ended. What a pod that is dead has left in the server is ended there by: ${end ?? ""})`,
    );
  const other = restorersIn(lines).find(({ job }) => job !== config.job);
  if (other)
    throw new Refusal(
      `a restore by the job "${other.job}" is under way in this server, or was cut`,
      nextOfOther(config, other),
    );
}

/** Of a way back that would undo one that has ended: what is on record of it is lost. @throws {Refusal} */
export async function refuseWithoutRecord(config: ClusterDumpConfig, client: RestoreClient): Promise<void> {
  if (readRestoring(config).length > 0) return;
  const [, ...lines] = await client.lines("restorers");
  const own = restorersIn(lines).find(({ job }) => job === config.job);
  if (own)
    throw new Refusal(
      "a restore of this job was cut, and its record is gone from the job's folder: nobody knows what it has moved",
      `list   (and restore what isn't as it should be. Where all is: ${own.forget})`,
    );
}
