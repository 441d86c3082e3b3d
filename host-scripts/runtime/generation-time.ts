import { lstatSync } from "node:fs";
import type { GenerationPolicy } from "../../plan/contracts/generations";
import { periodOf } from "../../plan/contracts/period";
import type { Generation } from "./generations";

const dayMs = 86_400_000;
const halfHourMs = dayMs / 48;

/**
 * When a generation was complete, epoch ms, and never earlier than that: by when its folder became visible, or where that lies outside of
 * its period, as in one that was brought back from another disk, by the end of its period.
 * @param zone in which periods are named
 */
export function completeMs(
  { period, folder }: Pick<Generation, "period" | "folder">,
  every: GenerationPolicy["every"],
  zone: string,
): number {
  const ctimeMs = Math.floor(lstatSync(folder).ctimeMs);
  return periodOf(ctimeMs, every, zone) === period ? ctimeMs : endOf(period, every, zone);
}

/** Last instant of a period, to half an hour: no zone's clock is off by less. */
function endOf(period: string, every: GenerationPolicy["every"], zone: string): number {
  const [year = 0, second = 1, day = 1] = period.split("-").map(Number);
  // 4 January lies in the first week (ISO 8601).
  const nearMs = every === "day" ? Date.UTC(year, second - 1, day) : Date.UTC(year, 0, 4 + 7 * (second - 1));
  const spanMs = every === "day" ? 2 * dayMs : 8 * dayMs;
  let end = nearMs + spanMs;
  while (end > nearMs - spanMs && periodOf(end, every, zone) !== period) end -= halfHourMs;
  return end + halfHourMs - 1;
}
