// Stands in for the Prometheus operator, which would need a cluster with nodes: takes PrometheusRule and AlertmanagerConfig
// objects from the API, and hands them to Prometheus and Alertmanager as files. A broken object is refused as the
// operator's admission webhook does: what was loaded of it before stays loaded.
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../api";
import { exchange } from "../http";
import { labMonitoring } from "../monitoring";
import { dataDir, urls } from "../places";
import { readPrograms } from "../programs";
import { openMemory } from "./memory";
import { type Refusal, syncOnce } from "./round";

const state = {
  rounds: 0,
  refusals: [] as readonly Refusal[],
  trouble: "the first comparison has not ended",
};

createServer((_request, response) => {
  response.writeHead(state.trouble === "" ? 200 : 503, { "content-type": "application/json" });
  response.end(JSON.stringify(state));
}).listen(Number(new URL(urls.ruleSync).port), new URL(urls.ruleSync).hostname);

async function run(): Promise<never> {
  const checkers = readPrograms();
  const memory = openMemory(join(dataDir("rule-sync"), "accepted.json"));
  // Files may have changed while nobody was there to reload the servers.
  const due = new Set<Synced>(["prometheus", "alertmanager"]);
  console.log(
    "stand-in for the Prometheus operator: PrometheusRule and AlertmanagerConfig objects become files",
  );
  for (;;) {
    try {
      const round = await syncOnce(connect(), checkers, memory);
      tell(round.refusals);
      if (round.rulesChanged) due.add("prometheus");
      if (round.routesChanged) due.add("alertmanager");
      trouble((await Promise.all([...due].map(server => reload(server, due)))).join(" ").trim());
      state.rounds += 1;
    } catch (error) {
      trouble(messageOf(error));
    }
    await sleep(labMonitoring.syncEveryMs);
  }
}

type Synced = "prometheus" | "alertmanager";

/** @returns what went wrong, or nothing; then the reload stays due */
async function reload(server: Synced, due: Set<Synced>): Promise<string> {
  try {
    const { status, body } = await exchange(`${urls[server]}/-/reload`, { method: "POST" });
    if (status !== 200)
      return `${server} doesn't reload, and keeps what it had: ${body.trim().slice(0, 500)}`;
  } catch (error) {
    return `${server} doesn't reload: ${messageOf(error)}`;
  }
  due.delete(server);
  console.log(`${new Date().toISOString()} ${server} reloaded`);
  return "";
}

/** Only changes are told: the log has a line per event, not per second. */
function tell(refusals: readonly Refusal[]): void {
  const known = new Set(state.refusals.map(refusal => JSON.stringify(refusal)));
  for (const refusal of refusals) {
    if (!known.has(JSON.stringify(refusal)))
      console.log(`${new Date().toISOString()} ${refusal.object} is refused: ${refusal.reason}`);
  }
  state.refusals = refusals;
}

function trouble(text: string): void {
  if (text !== "" && text !== state.trouble) console.log(`${new Date().toISOString()} ${text}`);
  state.trouble = text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

run().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exit(1);
});
