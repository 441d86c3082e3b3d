import { noted } from "./noted";
import type { Answers } from "./questions";
import { noMore, sizeOf } from "./sizes";

/** What the kernel has counted on a device since it is there. */
export interface Written {
  readonly bytes: number;
  readonly days: number;
}

const sectorBytes = 512;
/** Shorter, and a night's jobs or a morning's work would be taken for every day's. */
const leastDays = 1;

/** What was written to each device, by "MAJOR:MINOR": the kernel counts sectors, and udev knows since when the device is there. */
export function writtenIn({
  written = "",
  since = "",
  uptime = "",
}: Pick<Answers, "written" | "since" | "uptime">): ReadonlyMap<string, Written> {
  const upSeconds = Number(/^\d+(\.\d+)?/.exec(uptime)?.[0] ?? 0);
  const thereSeconds = new Map(
    [...since.matchAll(/^\/run\/udev\/data\/b(\d+:\d+):I:(\d{1,15})$/gm)].map(
      ([, device = "", micros]) => [device, upSeconds - Number(micros) / 1e6] as const,
    ),
  );
  return new Map(
    written.split("\n").flatMap(line => {
      const words = line.trim().split(/\s+/);
      const device = `${words[0]}:${words[1]}`;
      const sectors = /^\d{1,15}$/.test(words[9] ?? "") ? Number(words[9]) : undefined;
      const days = (thereSeconds.get(device) ?? 0) / 86_400;
      // Nothing at all is what is off has, or a device of which the kernel doesn't count.
      return sectors === undefined || sectors === 0 || days < leastDays
        ? []
        : [[device, { bytes: sectors * sectorBytes, days }] as const];
    }),
  );
}

/** A dataset's churn, at most, where all that it lies on was measured; no more than its size, as what is written twice counts once. */
export function churnOf(devices: readonly (Written | undefined)[], size: string | undefined): object {
  const measured = devices.flatMap(each => each ?? []);
  if (measured.length === 0 || measured.length < devices.length) return {};
  const perDay = measured.reduce((sum, { bytes, days }) => sum + bytes / days, 0);
  const atMost = sizeOf(Math.ceil(perDay));
  const bytes = measured.reduce((sum, each) => sum + each.bytes, 0);
  const days = Math.min(...measured.map(each => each.days));
  return {
    churnPerDay: noted(
      size === undefined ? atMost : noMore(atMost, size),
      `at most, measured: ${sizeOf(bytes)} written in ${Math.floor(days * 10) / 10} days, what was written twice counted twice`,
    ),
  };
}
