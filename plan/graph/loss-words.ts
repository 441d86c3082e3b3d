import type { Loss } from "./loss";
import type { LostService } from "./lose";
import { formatDuration } from "../units/duration";

/** The worst loss in a cell of a table. */
export function lossCell(loss: Loss | undefined): string {
  if (!loss) return "";
  if (loss.worstLossMs === undefined) return "ALL";
  return loss.worstLossMs === 0 ? "-" : formatDuration(loss.worstLossMs);
}

/** When a service is back at the earliest. A snapshot in its volume's own pool is swapped, and a firewall's few megabytes come by any cable. */
export function backText({ rtoFloorMs, rtoUnknown }: Pick<LostService, "rtoFloorMs" | "rtoUnknown">): string {
  if (rtoFloorMs === undefined) return `unknown: ${rtoUnknown ?? "nothing says it"}`;
  return rtoFloorMs === 0 ? "no bytes to wait for" : formatDuration(rtoFloorMs);
}
