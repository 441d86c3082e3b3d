import Table from "cli-table3";
import { z } from "zod";
import { planOf } from "../../plan";
import { domains } from "../../plan/estate/services";
import { type Loss, lossesOf } from "../../plan/graph/loss";
import { formatDuration } from "../../plan/units/duration";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { readEstate } from "../estate-source";

const options = z.object(estateOptions);

/** `holdfast rpo`: the worst that each disaster can do to each service. */
export const rpo: CommandSpec<z.output<typeof options>> = {
  name: "rpo",
  summary: "Worst loss of every service in every disaster, over each minute of the estate's years",
  flags: estateFlags,
  options,
  async run({ stack, estate, json }, { load, terminal }) {
    const plan = planOf(await readEstate({ stack, estate }, load));
    const losses = lossesOf(plan);
    return {
      text: json ? JSON.stringify(losses.map(asJson), undefined, 2) : table(losses, terminal),
      exitCode: 0,
    };
  },
};

/** `worstLossSeconds` and `worstAt` are null where nothing survives; `worstAt` also where nothing is lost. */
function asJson({ service, domain, worstLossMs, worstAtMs, via, dataset }: Loss): object {
  return {
    service,
    domain,
    worstLossSeconds: worstLossMs === undefined ? null : worstLossMs / 1000,
    worstAt: worstAtMs === undefined ? null : new Date(worstAtMs).toISOString(),
    via,
    dataset,
  };
}

function table(losses: readonly Loss[], colours: boolean): string {
  const services = [...new Set(losses.map(loss => loss.service))];
  const plain = colours ? {} : { style: { head: [], border: [] } };
  const rows = new Table({ head: ["service", ...domains], ...plain });
  for (const service of services)
    rows.push([
      service,
      ...domains.map(domain => cell(losses.find(loss => loss.service === service && loss.domain === domain))),
    ]);
  return rows.toString();
}

function cell(loss: Loss | undefined): string {
  if (!loss) return "";
  if (loss.worstLossMs === undefined) return "ALL";
  return loss.worstLossMs === 0 ? "-" : formatDuration(loss.worstLossMs);
}
