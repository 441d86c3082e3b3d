// Stands in for a scheduler, a kubelet and a CSI driver, which would need a node with containers: pods come to run and
// end, and while one runs, the logical volumes of its claims are really mounted on the lab's host that has them.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../api";
import { urls } from "../places";
import { act } from "./acts";
import { HostMounts } from "./host-mounts";
import { heartbeatMs, registerNode, renewLease } from "./node";
import { readCluster } from "./objects";
import { decide } from "./round";

const everyMs = 2_000;
const mounts = new HostMounts();
let trouble = "the first round has not ended";

createServer((_request, response) => {
  response.writeHead(trouble === "" ? 200 : 503, { "content-type": "application/json" });
  response.end(JSON.stringify({ trouble, volumes: Object.fromEntries(mounts.troubles) }));
}).listen(Number(new URL(urls.pods).port), new URL(urls.pods).hostname);

async function run(): Promise<never> {
  console.log("stand-in for scheduler, kubelet and CSI driver: pods run, and their volumes are mounted");
  let renewedAt = -Infinity;
  for (;;) {
    try {
      const api = connect();
      if (renewedAt === -Infinity) await registerNode(api);
      if (performance.now() - renewedAt > heartbeatMs) {
        await renewLease(api);
        renewedAt = performance.now();
      }
      await act(api, mounts, decide(await readCluster(api), await mounts.list()));
      tell("");
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
    }
    await sleep(everyMs);
  }
}

/** Only changes are told: the log has a line per event, not per round. */
function tell(text: string): void {
  if (text !== "" && text !== trouble) console.log(`${new Date().toISOString()} ${text}`);
  trouble = text;
}

run().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
