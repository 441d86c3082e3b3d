import { z } from "zod";
import { counted } from "../../checks/wording";
import { type Plan, planOf } from "../../plan";
import { domains } from "../../plan/estate/services";
import { type Improvement, improvementsOf } from "../../plan/graph/improve";
import { type Loss, lossesOf } from "../../plan/graph/loss";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { readEstate } from "../estate-source";
import { lossCell } from "../../plan/graph/loss-words";
import { type Look, tableText } from "../table";

const options = z.object(estateOptions);

/** `holdfast rpo`: the worst that each disaster can do to each service. */
export const rpo: CommandSpec<z.output<typeof options>> = {
  name: "rpo",
  summary: "Worst loss of every service in every disaster, over each minute of the estate's years",
  flags: estateFlags,
  options,
  async run({ stack, estate, json }, context) {
    const plan = planOf(await readEstate({ stack, estate }, context));
    const losses = lossesOf(plan);
    const improvements = improvementsOf(plan, losses);
    if (!json)
      return {
        text: `${table(losses, plan, context)}\n${unheardText(plan)}${comparedText(plan)}\n${summaryOf(improvements, plan)}`,
        exitCode: 0,
      };
    const rows = losses.map(loss => ({
      ...asJson(loss, plan),
      improvement: improvementJson(loss, improvements),
    }));
    return { text: JSON.stringify(rows, undefined, 2), exitCode: 0 };
  },
};

/** `worstLossSeconds` and `worstAt` are null where nothing survives; `worstAt` also where nothing is lost; `promisedSeconds` where nothing is promised. `leftOut` is there for what no copy is wanted of, and `unheardSeconds` where what the kernel told nobody of may be missing for that much longer. */
function asJson(loss: Loss, plan: Plan): object {
  const { service, domain, worstLossMs, worstAtMs, via, unheardMs, dataset, leftOut } = loss;
  const promisedMs = promisedFor(loss, plan);
  return {
    service,
    domain,
    worstLossSeconds: worstLossMs === undefined ? null : worstLossMs / 1000,
    promisedSeconds: promisedMs === undefined ? null : promisedMs / 1000,
    worstAt: worstAtMs === undefined ? null : new Date(worstAtMs).toISOString(),
    via,
    dataset,
    ...(unheardMs !== undefined && { unheardSeconds: unheardMs / 1000 }),
    ...(leftOut ? { leftOut } : {}),
  };
}

/** The one move that makes a loss smallest; null where none does. */
function improvementJson({ service, domain }: Loss, improvements: readonly Improvement[]): object | null {
  const found = improvements.find(other => other.service === service && other.domain === domain);
  if (!found) return null;
  const { job, host, fromCalendar, toCalendar, lossAfterMs, cost } = found;
  return { job, host, fromCalendar, toCalendar, worstLossSeconds: lossAfterMs / 1000, cost };
}

/** Which jobs copy what somebody noted, and how long what nobody was told of may be missing more than the table says. */
function unheardText({ jobs }: Plan): string {
  const lines = jobs.flatMap(({ called, flows }) => {
    const withinMs = Math.max(0, ...flows.map(flow => flow.unheardWithinMs ?? 0));
    return withinMs > 0 ? [`  by ${called}, ${formatDuration(withinMs)} more`] : [];
  });
  return lines.length === 0
    ? ""
    : `\nOf what a program writes through a memory map, the kernel tells nobody; such a change is copied later:\n${lines.join("\n")}\n`;
}

/** Which copies count only once they were compared, which the table has in it. */
function comparedText({ jobs }: Plan): string {
  return jobs
    .flatMap(({ called, flows }) => {
      const afterMs = Math.max(0, ...flows.map(flow => flow.countsAfterMs ?? 0));
      return afterMs > 0
        ? [
            `\nA copy by ${called} counts ${formatDuration(afterMs)} after it was made: all of it was compared by then.\n`,
          ]
        : [];
    })
    .join("");
}

function table(losses: readonly Loss[], plan: Plan, look: Look): string {
  const named = [...new Set(losses.map(rowName))];
  const rows = named.map(name => [
    name,
    ...domains.map(domain => {
      const loss = losses.find(found => rowName(found) === name && found.domain === domain);
      return loss ? besidePromise(loss, plan) : "";
    }),
  ]);
  const legend = [
    ['"-": nothing is lost', losses.some(({ worstLossMs }) => worstLossMs === 0)],
    ['"ALL": no copy is left', losses.some(({ worstLossMs }) => worstLossMs === undefined)],
    ['"/": what is promised, "!" where that isn\'t kept', losses.some(loss => promisedFor(loss, plan))],
  ].flatMap(([says, isThere]) => (isThere === true ? [says] : []));
  return `${tableText(["service", ...domains], rows, look)}\n${legend.join("; ")}.`;
}

/** "25 h 29 min / 33 h" */
function besidePromise(loss: Loss, plan: Plan): string {
  const promisedMs = promisedFor(loss, plan);
  if (promisedMs === undefined) return lossCell(loss);
  const isKept = (loss.worstLossMs ?? Infinity) <= promisedMs;
  return `${lossCell(loss)} / ${formatDuration(promisedMs)}${isKept ? "" : " !"}`;
}

/** What a service is promised to lose at most; undefined where nothing is, as of what is left out on purpose. */
function promisedFor({ service, domain, leftOut }: Loss, { estate }: Plan): number | undefined {
  const promised = leftOut ? undefined : estate.services[service]?.promise?.rpo[domain];
  return promised === undefined ? undefined : parseDuration(promised);
}

/** A service's, and of what is left out on purpose a row for each dataset. */
function rowName({ service, dataset, leftOut }: Loss): string {
  return leftOut ? `${dataset} (left out)` : service;
}

/** The moves of a job that make most losses smaller, those that help most first. */
function summaryOf(improvements: readonly Improvement[], { jobs }: Plan): string {
  const byMove = new Map<string, Improvement[]>();
  for (const improvement of improvements) {
    const { job: name, host, fromCalendar, toCalendar } = improvement;
    const called = jobs.find(job => job.name === name && job.host === host)?.called ?? name;
    const move = `move ${called} from "${fromCalendar}" to "${toCalendar}"`;
    byMove.set(move, [...(byMove.get(move) ?? []), improvement]);
  }
  if (byMove.size === 0) return "No move of a job was found that makes a loss smaller.";
  const gain = (found: readonly Improvement[]): number =>
    Math.max(...found.map(({ lossBeforeMs, lossAfterMs }) => lossBeforeMs - lossAfterMs));
  const lines = [...byMove]
    .sort(([, a], [, b]) => gain(b) - gain(a))
    .slice(0, 5)
    .map(([move, found]) => {
      const [best] = [...found].sort((a, b) => gain([b]) - gain([a]));
      if (!best) return move;
      const more = found.length > 1 ? `, and ${counted(found.length - 1, "more loss", "more losses")}` : "";
      return `  ${move}: ${best.service} in "${best.domain}" ${formatDuration(best.lossBeforeMs)} -> ${formatDuration(best.lossAfterMs)}${more}, free`;
    });
  return `Cheapest improvements:\n${lines.join("\n")}`;
}
