import { formatDuration } from "../../plan/units/duration";

/** What is lost at worst; undefined where nothing is left. */
export function lossText(worstLossMs: number | undefined): string {
  if (worstLossMs === undefined) return "**all of it**";
  return worstLossMs === 0 ? "nothing" : `the last ${formatDuration(worstLossMs)}`;
}
