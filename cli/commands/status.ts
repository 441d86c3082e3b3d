import picocolors from "picocolors";
import { z } from "zod";
import { counted } from "../../checks/wording";
import { planOf } from "../../plan";
import { installedBy } from "../../plan/installed";
import { formatDuration } from "../../plan/units/duration";
import { formatSize } from "../../plan/units/size";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { keyFlag } from "../host-shell";
import { type Answered, clusterFlags, clusterOptions } from "../kubectl";
import { type Look, tableText } from "../table";
import { clusterStates } from "../status/cluster";
import { hostState } from "../status/host";
import { type Silenced, silencedNow } from "../status/silenced";
import { type MachineState, type Standing, worst } from "../status/state";

const options = z.object({
  ...estateOptions,
  key: z.string().optional(),
  ...clusterOptions,
});

/** `holdfast status`: what hosts and clusters themselves say now of each job and store, against what the estate promises. */
export const status: CommandSpec<z.output<typeof options>> = {
  name: "status",
  summary: "How each job and store stands now, as hosts and clusters say it, against what is promised",
  flags: [...estateFlags, keyFlag, ...clusterFlags],
  options,
  async run({ stack, estate: file, json, key, kubeconfig, context }, caller) {
    const plan = planOf(await readEstate({ stack, estate: file }, caller));
    const asked = { estate: plan.estate, named: namedBy({ stack, estate: file }, caller), key };
    const hosts = [...new Set(installedBy(plan).map(({ host }) => host))];
    const choice = { kubeconfig, context };
    const [silences, ...states] = await Promise.all([
      silencedNow(plan, choice),
      ...hosts.map(host => hostState(asked, plan, host)),
      clusterStates(plan, choice, caller.nowMs),
    ]);
    const machines = states.flat();
    const state = worst(machines.flatMap(standings));
    return {
      text: json
        ? JSON.stringify(
            { state, machines, silenced: "cause" in silences ? null : silences.silenced },
            undefined,
            2,
          )
        : textOf(machines, silences, caller),
      exitCode: { well: 0, owes: 1, unknown: 3 }[state],
    };
  },
};

function standings(machine: MachineState): Standing[] {
  return [machine, ...machine.jobs, ...machine.stores].map(({ state }) => state);
}

interface Reader extends Look {
  readonly nowMs: number;
}

function textOf(
  machines: readonly MachineState[],
  silences: Answered<{ readonly silenced: readonly Silenced[] }>,
  reader: Reader,
): string {
  const says = machines.flatMap(({ on, says, jobs, stores }) => [
    ...says.map(text => `${on}: ${text}`),
    ...jobs.flatMap(({ job, says }) => says.map(text => `${job} on ${on}: ${text}`)),
    ...stores.flatMap(({ store, says }) => says.map(text => `${store} on ${on}: ${text}`)),
  ]);
  const quiet =
    "cause" in silences
      ? [`Whose alerts are silenced isn't known: ${silences.cause}`]
      : silences.silenced.map(({ job, says }) => `${job} ${says}`);
  return [jobsTable(machines, reader), storesTable(machines, reader), ...says, ...quiet, summaryOf(machines)]
    .filter(text => text !== "")
    .join("\n");
}

function jobsTable(machines: readonly MachineState[], reader: Reader): string {
  const jobs = machines.flatMap(machine => machine.jobs);
  const { nowMs, terminal } = reader;
  const rows = jobs.map(({ on, job, lastSuccess, staleAfterSeconds, nextStart, running, state }) => [
    ...[on, job, lastSuccess === null ? "-" : `${roughly(nowMs - Date.parse(lastSuccess))} ago`],
    staleAfterSeconds === null ? "-" : roughly(staleAfterSeconds * 1000),
    running !== null ? "runs" : nextStart === null ? "-" : `in ${roughly(Date.parse(nextStart) - nowMs)}`,
    stateText(state, terminal),
  ]);
  return jobs.length === 0
    ? ""
    : tableText(["on", "job", "succeeded", "at most", "next", "state"], rows, reader);
}

function storesTable(machines: readonly MachineState[], reader: Reader): string {
  const stores = machines.flatMap(machine => machine.stores);
  const rows = stores.map(({ on, store, freeBytes, sizeBytes, metadataPercent, fullOn, state }) => [
    ...[on, store, freeBytes === null ? "-" : formatSize(freeBytes)],
    sizeBytes === null ? "-" : formatSize(sizeBytes),
    metadataPercent === null ? "-" : `${metadataPercent} %`,
    fullOn ?? "-",
    stateText(state, reader.terminal),
  ]);
  return stores.length === 0
    ? ""
    : tableText(["on", "store", "free", "of", "metadata", "full on", "state"], rows, reader);
}

function summaryOf(machines: readonly MachineState[]): string {
  if (machines.length === 0) return "Nobody was asked: no job of this estate is installed anywhere.";
  const states = machines.flatMap(standings);
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

/** Its largest unit alone: who looks at a screen wants to know whether it was tonight. */
function roughly(ms: number): string {
  // Another machine's clock may be ahead by as little.
  if (Math.abs(ms) < 1000) return "0 s";
  const [count = "", unit = ""] = formatDuration(Math.abs(ms)).split(" ");
  return `${ms < 0 ? "-" : ""}${Math.floor(Number(count))} ${unit}`;
}

function stateText(state: Standing, colours: boolean): string {
  const { red, yellow } = picocolors.createColors(colours);
  return { well: "well", owes: red("owes"), unknown: yellow("unknown") }[state];
}
