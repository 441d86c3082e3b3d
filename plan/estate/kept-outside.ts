import type { Estate } from "./schema";

/** Secrets of which the estate says that a copy is kept outside of all services, in the break-glass set. */
export function keptOutside({ secrets }: Estate): string[] {
  return Object.entries(secrets)
    .filter(([, { keptIn }]) => keptIn.includes("break-glass"))
    .map(([name]) => name);
}
