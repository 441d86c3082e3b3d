import { z } from "zod";
import { jsonOf } from "../json";

/** As systemd 252 and later have it: epoch microseconds, 0 for a timer that doesn't elapse any more. */
const timers = z.array(z.object({ unit: z.string(), next: z.int().nonnegative().nullable() }));

/**
 * When each timer elapses next, epoch ms.
 * @param json of `systemctl list-timers --output=json`; of what is something else, nothing is known
 */
export function nextStarts(json: string): ReadonlyMap<string, number> {
  const parsed = timers.safeParse(jsonOf(json));
  const found = parsed.success ? parsed.data : [];
  return new Map(found.flatMap(({ unit, next }) => (next ? [[unit, Math.floor(next / 1000)] as const] : [])));
}

/** A unit as `systemctl show` has it. */
export interface UnitState {
  /** As its ActiveState. */
  readonly state: string;
  /** When its last or present run began, epoch ms. */
  readonly startedMs: number | undefined;
  /** When its last run ended, epoch ms. */
  readonly endedMs: number | undefined;
}

/** @param lines of `systemctl show --timestamp=unix` of one unit */
export function unitOf(lines: readonly string[]): UnitState {
  const unit = new Map(lines.map(pairOf));
  return {
    state: unit.get("ActiveState") ?? "",
    startedMs: unixMs(unit.get("ExecMainStartTimestamp")),
    endedMs: unixMs(unit.get("InactiveEnterTimestamp")),
  };
}

function pairOf(line: string): readonly [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** "@1764374400" is an instant; an empty text is none. */
function unixMs(text = ""): number | undefined {
  const [, seconds] = /^@(\d+)$/.exec(text) ?? [];
  return seconds === undefined || Number(seconds) === 0 ? undefined : Number(seconds) * 1000;
}
