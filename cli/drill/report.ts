import { counted, listed } from "../../checks/wording";
import type { Plan } from "../../plan";
import type { Driller } from "../../plan/graph/drilled";
import { formatDuration } from "../../plan/units/duration";
import { formatSize } from "../../plan/units/size";
import type { Asked } from "../ask-jobs";
import type { Outcome } from "../command";
import { type Look, tableText } from "../table";
import { timesAsked } from "./asked";
import { isLate, lateFix, lateText, timeText } from "./late";
import type { MeasuredCopy, PromisedTime } from "./measured";

/** Promised, planned and measured times side by side, by the newest proof of each copy. */
export async function reportOn(
  asked: Asked,
  plan: Plan,
  drillers: readonly Driller[],
  { json, look, nowMs }: { readonly json: boolean; readonly look: Look; readonly nowMs: number },
): Promise<Outcome> {
  const { times, faults, ...told } = await timesAsked(asked, plan, drillers, nowMs);
  const unasked = told.unasked.map(({ of, cause }) => `${of} wasn't asked: ${cause}`);
  const isOwed = faults.length > 0 || times.some(({ state }) => state === "owes");
  return {
    text: json
      ? JSON.stringify({ promises: times.map(asJson), faults, unasked }, undefined, 2)
      : textOf(times, [...unasked, ...faults.map(fault => `${fault}. Next: holdfast evidence`)], look),
    exitCode: isOwed ? 1 : unasked.length > 0 ? 3 : 0,
  };
}

/** A row for each promise of a time, its state last. */
export const promiseHead = [
  "service",
  "after",
  "promised",
  "planned",
  "measured",
  "with all others",
  "state",
];

export function promiseRows(times: readonly PromisedTime[]): string[][] {
  return times.map(({ service, domain, promisedMs, plannedMs, measuredMs, togetherMs, state, ...rest }) => {
    const isPart = measuredMs !== undefined && rest.unmeasured.length + rest.unknown.length > 0;
    const part = isPart ? ", in part" : "";
    return [
      ...[service, domain, formatDuration(promisedMs), timeText(plannedMs)],
      ...[`${timeText(measuredMs)}${part}`, timeText(togetherMs), state],
    ];
  });
}

function textOf(times: readonly PromisedTime[], said: readonly string[], look: Look): string {
  const copies = new Map(
    times.flatMap(({ measured }) => measured.map(each => [`${each.dataset} ${each.from}`, each])),
  );
  return [
    times.length === 0
      ? "No service is promised a time until it is back."
      : tableText(promiseHead, promiseRows(times), look),
    ...(copies.size > 0 ? ["Measured, of the newest proof of each copy:"] : []),
    ...[...copies.values()].map(arithmetic),
    ...[...new Set(times.flatMap(({ failed }) => failed.map(failedText)))],
    ...times.filter(isLate).map(time => `${lateText(time)}. Next: ${lateFix(time)}`),
    ...unknownLines(times),
    ...said,
    summaryOf(times),
  ].join("\n");
}

/** How a drill's seconds become those of all of it. */
function arithmetic(copy: MeasuredCopy): string {
  const { dataset, from, tier, at, drilledBytes, drilledSeconds, fullBytes, plannedMs, measuredMs } = copy;
  const { serverSeconds } = copy;
  const server = serverSeconds === undefined ? "" : ` + ${serverSeconds} s in a server`;
  const rate = drilledSeconds > 0 ? ` (${formatSize(drilledBytes / drilledSeconds)} a second)` : "";
  return `  ${dataset} from ${from} (${tier}): ${formatSize(drilledBytes)} in ${drilledSeconds} s on ${at.slice(0, 10)}${rate}; ${formatSize(fullBytes)} / ${formatSize(drilledBytes)} x ${drilledSeconds} s${server} = ${timeText(measuredMs)}${plannedMs === undefined ? "" : `, planned ${timeText(plannedMs)}`}`;
}

function failedText({ from, at }: PromisedTime["failed"][number]): string {
  return `${from} failed when it was drilled last, ${at}: until it is proved, what comes back from it owes. Next: holdfast evidence`;
}

function unknownLines(times: readonly PromisedTime[]): string[] {
  const unknown = [...new Set(times.flatMap(time => time.unknown))];
  return unknown.length > 0
    ? [`Of some, no time is known, and no promise of it holds: ${listed(unknown)}. Next: holdfast check`]
    : [];
}

function summaryOf(times: readonly PromisedTime[]): string {
  const of = (state: PromisedTime["state"]): number => times.filter(each => each.state === state).length;
  return `${counted(of("holds"), "promise holds", "promises hold")} at measured rates, ${counted(of("owes"), "owes", "owe")}, and of ${of("unmeasured")} no drill has measured a copy, or not all is known. People come on top: nobody's reading, deciding and starting is in these times.`;
}

/** Times in seconds, sizes in bytes; null where nothing tells it. */
function asJson({
  service,
  domain,
  promisedMs,
  plannedMs,
  measuredMs,
  togetherMs,
  ...rest
}: PromisedTime): object {
  const seconds = (ms: number | undefined): number | null =>
    ms === undefined || !Number.isFinite(ms) ? null : Math.round(ms) / 1000;
  return {
    ...{ service, domain, state: rest.state, promisedSeconds: seconds(promisedMs) },
    ...{ plannedSeconds: seconds(plannedMs), measuredSeconds: seconds(measuredMs) },
    ...{ togetherSeconds: seconds(togetherMs), together: rest.together.length },
    ...{ unmeasured: rest.unmeasured, unknown: rest.unknown, failed: rest.failed },
    measured: rest.measured.map(({ plannedMs: planned, measuredMs: measured, ...copy }) => ({
      ...copy,
      ...{ plannedSeconds: seconds(planned), measuredSeconds: seconds(measured) },
    })),
  };
}
