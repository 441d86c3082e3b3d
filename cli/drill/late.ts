import { counted, listed } from "../../checks/wording";
import { formatDuration } from "../../plan/units/duration";
import type { PromisedTime } from "./measured";

const hourMs = 3_600_000;

/** Whether a promise can't hold by what drills have measured. */
export function isLate({ promisedMs, measuredMs = 0, togetherMs = 0 }: PromisedTime): boolean {
  return measuredMs > promisedMs || togetherMs > promisedMs;
}

export function lateText(time: PromisedTime): string {
  const { service, domain, promisedMs, measuredMs = 0, togetherMs = 0, together } = time;
  const how =
    measuredMs > promisedMs
      ? `takes ${timeText(measuredMs)} at the rates that drills have measured`
      : `is back after ${timeText(togetherMs)} at the rates that drills have measured, as ${counted(together.length, "service comes", "services come")} back over the same links (${listed(together)}); alone it is in time`;
  return `${service} is promised to be back in ${formatDuration(promisedMs)} after the disaster "${domain}", and ${how}`;
}

export function lateFix({ measuredMs = 0, togetherMs = 0 }: PromisedTime): string {
  const backMs = Math.max(measuredMs, togetherMs);
  return `promise more than ${formatDuration(Math.ceil(backMs / hourMs) * hourMs)}, keep a copy that is back sooner, or set the links' bandwidth in the estate to what is measured, and holdfast check tells what else follows`;
}

export function timeText(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return "-";
  // 3 B / 3 B x 0.1 s is 100.00000000000001 ms.
  return ms === 0 ? "no bytes to wait for" : formatDuration(Math.ceil(Number(ms.toFixed(3))));
}
