import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { tokenEndMetric } from "../../plan/contracts/cluster-dump";
import { family } from "../../host-scripts/runtime/metric-text";
import { tellPart } from "../../host-scripts/runtime/part-metrics";
import type { ClusterDump } from "./cluster-dump";
import type { Client } from "./exchange";

const livesFile = "token-lives";

/** Of a token that the client has renewed; that it couldn't is noted. @returns undefined where what was told before stays */
export function tokenEndOf(
  client: Client,
  { log, notes }: Pick<ClusterDump, "log" | "notes">,
): ClusterDump["tokenEnd"] {
  if (!existsSync(client.path(livesFile))) return undefined;
  const lives = client.text(livesFile);
  if (lives === "0") return "unknown";
  if (lives !== "") return Math.floor(statSync(client.path(livesFile)).mtimeMs / 1000) + Number(lives);
  const why = client.errors("token-errors");
  const fault = `the token isn't renewed, and each dump fails once it has ended: ${why}`;
  log.warn(fault);
  notes.push(fault);
  // That no right of it would do, as it is of a kind that isn't renewed: what was told before is another one's end.
  return why.includes("Code: 400.") ? "unknown" : undefined;
}

/** Tells when it ends unless it is renewed again: what was told before stays while it isn't renewed. */
export async function tellTokenEnd({ config, tokenEnd, log }: ClusterDump, stop: AbortSignal): Promise<void> {
  if (tokenEnd === undefined) return;
  const series = tokenEnd === "unknown" ? [] : [{ labels: {}, value: tokenEnd }];
  const textfile = join(config.stateDir, "token.prom");
  const what = "when the client's token ends";
  await tellPart(config, { families: [family(tokenEndMetric, series)], textfile, what }, stop, log);
}
