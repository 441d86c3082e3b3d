import type { Plan } from "../plan";
import type { Finding } from "./check";

/** What the estate says of a finding that somebody accepts, expired or not. */
export function waiverOf(
  { estate }: Plan,
  { code, subject }: Pick<Finding, "code" | "subject">,
): Plan["estate"]["waivers"][number] | undefined {
  return estate.waivers.find(waiver => waiver.code === code && waiver.subject === subject);
}
