import { serviceEnvironment } from "./service-environment";
import { shell } from "./shell";

/** Where somebody reads what a job has said before it failed: of what was typed by hand, nothing is in its unit's journal. */
export function saidWhere(job: string): string {
  return serviceEnvironment().INVOCATION_ID === ""
    ? "read what it said above"
    : shell`journalctl -u ${job} -n 50`;
}
