import picocolors from "picocolors";
import { z } from "zod";
import { planOf } from "../../plan";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { keyFlag } from "../host-shell";
import { clusterFlags, clusterOptions } from "../kubectl";
import { jobsTable, type StateTable, storesTable } from "../status/rows";
import { linesOf, stateOf, type Stands, standsNow, summaryOf } from "../status/stands";
import type { Standing } from "../status/state";
import { type Look, tableText } from "../table";

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
    const stands = await standsNow(asked, plan, { kubeconfig, context }, caller.nowMs);
    const { machines, silences, breakGlass = null } = stands;
    const state = stateOf(stands);
    return {
      text: json
        ? JSON.stringify(
            { state, machines, silenced: "cause" in silences ? null : silences.silenced, breakGlass },
            undefined,
            2,
          )
        : textOf(stands, caller),
      exitCode: { well: 0, owes: 1, unknown: 3 }[state],
    };
  },
};

function textOf(stands: Stands, caller: Look & { readonly nowMs: number }): string {
  const { machines } = stands;
  return [
    stateTable(jobsTable(machines, caller.nowMs), caller),
    stateTable(storesTable(machines), caller),
    ...linesOf(stands),
    summaryOf(stands),
  ]
    .filter(text => text !== "")
    .join("\n");
}

function stateTable({ head, rows }: StateTable, look: Look): string {
  if (rows.length === 0) return "";
  return tableText(
    head,
    rows.map(({ cells, state }) => [...cells, stateText(state, look.terminal)]),
    look,
  );
}

function stateText(state: Standing, colours: boolean): string {
  const { red, yellow } = picocolors.createColors(colours);
  return { well: "well", owes: red("owes"), unknown: yellow("unknown") }[state];
}
