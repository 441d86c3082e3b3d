import { counted } from "../../checks/wording";
import type { Plan } from "../../plan";
import { installedBy } from "../../plan/installed";
import type { Asked } from "../ask-jobs";
import type { Answered } from "../answered";
import type { ClusterChoice } from "../kubectl";
import { type BreakGlassState, breakGlassNow } from "./break-glass";
import { clusterStates } from "./cluster";
import { hostState } from "./host";
import { type Silenced, silencedNow } from "./silenced";
import { type MachineState, type Standing, worst } from "./state";

/** How all of an estate stands, as its hosts and clusters say. */
export interface Stands {
  readonly machines: readonly MachineState[];
  readonly silences: Answered<{ readonly silenced: readonly Silenced[] }>;
  readonly breakGlass: BreakGlassState | undefined;
}

/** Asks all of them at once; what can't be asked is unknown. */
export async function standsNow(
  asked: Asked,
  plan: Plan,
  choice: ClusterChoice,
  nowMs: number,
): Promise<Stands> {
  const hosts = [...new Set(installedBy(plan).map(({ host }) => host))];
  const [silences, ...states] = await Promise.all([
    silencedNow(plan, choice),
    ...hosts.map(host => hostState(asked, plan, host)),
    clusterStates(plan, choice, nowMs),
  ]);
  return { machines: states.flat(), silences, breakGlass: breakGlassNow(plan.estate, nowMs) };
}

export function standings(machine: MachineState): Standing[] {
  return [machine, ...machine.jobs, ...machine.stores].map(({ state }) => state);
}

/** Of the machines, all that is on them, and what opens them. */
export function stateOf({ machines, breakGlass }: Stands): Standing {
  return worst([...machines.flatMap(standings), ...(breakGlass ? [breakGlass.state] : [])]);
}

/** What is to be known beside the tables, a line each. */
export function linesOf({ machines, silences, breakGlass }: Stands): string[] {
  const says = machines.flatMap(({ on, says, jobs, stores }) => [
    ...says.map(text => `${on}: ${text}`),
    ...jobs.flatMap(({ job, says }) => says.map(text => `${job} on ${on}: ${text}`)),
    ...stores.flatMap(({ on, store, says }) => says.map(text => `${store} on ${on}: ${text}`)),
  ]);
  const quiet =
    "cause" in silences
      ? [`Whose alerts are silenced isn't known: ${silences.cause}`]
      : silences.silenced.map(({ job, says }) => `${job} ${says}`);
  return [...says, ...quiet, ...(breakGlass ? [breakGlass.says] : [])];
}

export function summaryOf({ machines, breakGlass }: Stands): string {
  if (machines.length === 0) return "Nobody was asked: no job of this estate is installed anywhere.";
  const states = [...machines.flatMap(standings), ...(breakGlass ? [breakGlass.state] : [])];
  const told = [
    counted(machines.length, "machine"),
    counted(machines.flatMap(({ jobs }) => jobs).length, "job"),
    counted(machines.flatMap(({ stores }) => stores).length, "store"),
  ].join(", ");
  if (worst(states) === "well") return `All is well: ${told}.`;
  const [owe = 0, unknown = 0] = (["owes", "unknown"] as const).map(
    state => states.filter(found => found === state).length,
  );
  return `${owe} ${owe === 1 ? "owes" : "owe"}, ${unknown} ${unknown === 1 ? "isn't" : "aren't"} known. Asked of: ${told}.`;
}
