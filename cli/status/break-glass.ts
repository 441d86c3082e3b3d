import type { Estate } from "../../plan";
import { endOfDay } from "../../plan/calendar/time-zone";
import { keptOutside } from "../../plan/estate/kept-outside";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { iso, type Standing } from "./state";

/** The set that opens all else, by what the estate says of its last proof: nobody else could be asked. Instants in ISO form. */
export interface BreakGlassState {
  readonly state: Standing;
  readonly proven: string;
  readonly due: string | null;
  readonly says: string;
}

/** @returns undefined where nothing is kept in one, or nobody has said that it was ever proven, which a check tells */
export function breakGlassNow(estate: Estate, nowMs: number): BreakGlassState | undefined {
  const { breakGlass, zone } = estate;
  if (!breakGlass || keptOutside(estate).length === 0) return undefined;
  const { proven, every } = breakGlass;
  const provenMs = endOfDay(proven, zone);
  const dueMs = provenMs + parseDuration(every);
  const isOver = nowMs > dueMs;
  const due = iso(dueMs);
  const age = nowMs < provenMs ? "today" : `${formatDuration(nowMs - provenMs)} ago`;
  return {
    ...{ state: isOver ? "owes" : "well", proven, due },
    says: `The break-glass set was proven ${age}, and ${isOver ? "was" : "is"} due again on ${due?.slice(0, 10)}${isOver ? ". Next: holdfast break-glass verify" : "."}`,
  };
}
