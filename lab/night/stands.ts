import { holdfast } from "./holdfast";

/** What `holdfast status` says of the lab in one line. @throws with all of it where something owes or isn't known */
export async function standsNow(): Promise<string> {
  return (await holdfast("status")).split("\n").at(-1) ?? "";
}
