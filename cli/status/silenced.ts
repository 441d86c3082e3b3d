import type { Plan } from "../../plan";
import { alertmanagerOf } from "../silence/alertmanager";
import { silencedText, silencesOf } from "../silence/silences";
import type { Answered } from "../answered";
import type { ClusterChoice } from "../kubectl";

/** A job of which nobody hears for a while, wholly or in part. */
export interface Silenced {
  readonly job: string;
  readonly says: string;
}

/** Whose alerts are kept from everybody now, as Alertmanager says; nothing is said where the estate has none that could be asked. */
export async function silencedNow(
  plan: Plan,
  choice: ClusterChoice,
): Promise<Answered<{ readonly silenced: readonly Silenced[] }>> {
  const { clusters, monitoring } = plan.estate;
  if (monitoring.alertmanager === undefined && Object.keys(clusters).length === 0) return { silenced: [] };
  const reached = await alertmanagerOf(plan.estate, choice);
  if ("cause" in reached) return reached;
  const found = await silencesOf(reached.ask);
  if ("cause" in found) return found;
  return {
    silenced: plan.jobs.flatMap(job =>
      silencedText(found.silences, job, plan).map(says => ({ job: job.called, says })),
    ),
  };
}
