import { Refusal } from "./errors";
import { shell } from "./shell";

/** @param cant what nobody else can do, e.g. "read every volume" @throws {Refusal} for any user but root */
export function requireRoot(job: string, cant: string): void {
  const user = process.getuid?.();
  if (user !== 0)
    throw new Refusal(`user ${user} can't ${cant}, expected root`, shell`sudo systemctl start ${job}`);
}
