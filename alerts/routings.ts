import type { Estate } from "../plan/estate/schema";
import { type AlertRouting, routesOf } from "./routes";
import { watchdogRouting } from "./watchdog";

/** An AlertmanagerConfig of an estate. */
export interface NamedRouting {
  /** Its name in the cluster. */
  readonly objectName: string;
  readonly routing: AlertRouting;
}

/** Who hears of the estate's alerts, and who waits outside: each an object of its own. */
export function routingsOf(estate: Estate): { routes: NamedRouting; watchdog: NamedRouting[] } {
  return {
    routes: { objectName: "holdfast", routing: routesOf(estate) },
    watchdog: watchdogRouting(estate).map(routing => ({ objectName: "holdfast-watchdog", routing })),
  };
}
