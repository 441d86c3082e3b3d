import { parseLastInstant } from "../../plan/calendar/parse-instant";
import { BadInput } from "../bad-input";

/**
 * What `--at`, or another flag, means. A time without a date is the last such one: what is looked for has been.
 * @param also what else the flag takes, for the message
 * @throws {BadInput}
 */
export function lastInstant(
  text: string,
  zone: string,
  nowMs: number,
  { flag = "--at", also = "" } = {},
): number {
  try {
    return parseLastInstant(text, zone, nowMs);
  } catch (error) {
    throw new BadInput(`${flag}: ${error instanceof Error ? error.message : String(error)}${also}.`);
  }
}
