import { z } from "zod";
import { type Plan, planOf } from "../../plan";
import { parseInstant } from "../../plan/calendar/parse-instant";
import { localTime } from "../../plan/calendar/time-zone";
import { domain } from "../../plan/estate/services";
import { type LostDataset, type LostService, loseAt } from "../../plan/graph/lose";
import { type RestoreStep, restoreText } from "../../plan/graph/restore-steps";
import { formatDuration } from "../../plan/units/duration";
import { formatSize } from "../../plan/units/size";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { BadInput } from "../bad-input";
import { readEstate } from "../estate-source";
import { backText } from "../../plan/graph/loss-words";
import { type Look, tableText } from "../table";

const options = z.object({ ...estateOptions, domain: z.string(), at: z.string() });

/** `holdfast lose`: what one disaster at one instant takes, and how to get the rest back. */
export const lose: CommandSpec<z.output<typeof options>> = {
  name: "lose",
  summary: "What a disaster at an instant takes from each service, and the command that restores it",
  flags: [
    ...estateFlags,
    ["--domain <domain>", `the disaster: ${domain.options.join(", ")}`],
    [
      "--at <time>",
      'local time such as "Sun 05:59" (the next one), "now", "yesterday 03:00", "last friday 08:00" or "2026-12-01 05:59", or ISO 8601 with Z',
    ],
  ],
  required: ["domain", "at"],
  options,
  async run({ stack, estate, json, domain: text, at }, context) {
    const { nowMs } = context;
    const disaster = domain.safeParse(text);
    if (!disaster.success)
      throw new BadInput(`--domain: "${text}" is no disaster, expected one of ${domain.options.join(", ")}.`);
    const plan = planOf(await readEstate({ stack, estate }, context));
    const atMs = instant(at, plan, nowMs);
    const lost = loseAt(plan, disaster.data, atMs);
    return {
      text: json ? JSON.stringify(lost.map(asJson), undefined, 2) : summaryOf(lost, atMs, context),
      exitCode: 0,
    };
  },
};

/** In the estate's years: of others its gaps, its losses and its promises aren't looked at, and what it will be by then nobody has said. */
function instant(text: string, { estate: { zone, years } }: Plan, nowMs: number): number {
  const atMs = instantOf(text, zone, nowMs);
  const [first, last] = [Math.min(...years), Math.max(...years)];
  const year = new Date(localTime(atMs, zone)).getUTCFullYear();
  if (year >= first && year <= last) return atMs;
  throw new BadInput(
    `--at: "${text}" is in ${year}, and the estate's years are ${first === last ? String(first) : `${first} to ${last}`}. Expected an instant in these, or add ${year} to the estate's "years".`,
  );
}

function instantOf(text: string, zone: string, nowMs: number): number {
  try {
    return parseInstant(text, zone, nowMs);
  } catch (error) {
    throw new BadInput(`--at: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** Seconds and ISO 8601; null where nothing is left, or where it can't be told. */
function asJson({ service, domain, atMs, lossMs, datasets, rtoFloorMs, rtoUnknown }: LostService): object {
  return {
    service,
    domain,
    at: new Date(atMs).toISOString(),
    lossSeconds: lossMs === undefined ? null : lossMs / 1000,
    rtoFloorSeconds: rtoFloorMs === undefined ? null : rtoFloorMs / 1000,
    ...(rtoUnknown === undefined ? {} : { rtoUnknown }),
    datasets: datasets.map(({ dataset, bytes, copy, leftOut }) => ({
      dataset,
      bytes: bytes ?? null,
      ...(leftOut ? { leftOut } : {}),
      copy: copy
        ? {
            via: copy.via,
            where: copy.where,
            readAt: new Date(copy.readMs).toISOString(),
            ageSeconds: copy.ageMs / 1000,
            restore: copy.restore.map(stepAsJson),
          }
        : null,
    })),
  };
}

/** A command as its words, which no shell has to read; what a person does as text. */
function stepAsJson(step: RestoreStep): object {
  const { where, changes, undo, verifies } = step;
  const what =
    step.kind === "command"
      ? { argv: step.argv }
      : { manual: step.text, ...(step.argv && { argv: step.argv }) };
  return { where, ...what, changes, undo, verifies, text: restoreText([step]) };
}

function summaryOf(lost: readonly LostService[], atMs: number, look: Look): string {
  if (lost.length === 0) return "It harms no service.";
  const rows = lost.flatMap(service => service.datasets.map(dataset => row(service, dataset)));
  const table = tableText(["service", "loss", "what is left", "bytes", "back after"], rows, look);
  // Whole lines, to be copied.
  const restores = lost.flatMap(({ datasets }) =>
    datasets.flatMap(({ dataset, copy }) =>
      copy
        ? [
            `${dataset}:`,
            ...restoreText(copy.restore)
              .split("\n")
              .map(line => `    ${line}`),
          ]
        : [],
    ),
  );
  return [
    `At ${new Date(atMs).toISOString()}:`,
    table,
    '"back after" is the least that the bytes need; people come on top.',
    ...(restores.length > 0 ? ["", "What brings it back:", ...restores] : []),
  ].join("\n");
}

function row(lost: LostService, { dataset, bytes, copy, leftOut }: LostDataset): string[] {
  const { service } = lost;
  const name = dataset === service ? service : dataset;
  const size = bytes === undefined ? "unknown" : formatSize(bytes);
  if (leftOut)
    return [
      name,
      "ALL",
      `nothing: left out until ${leftOut.expires} by ${leftOut.owner} (${leftOut.reason})`,
      size,
      "-",
    ];
  if (!copy) return [name, "ALL", "nothing", size, "-"];
  return [name, formatDuration(copy.ageMs), `${copy.where} (${copy.via.join(" > ")})`, size, backText(lost)];
}
