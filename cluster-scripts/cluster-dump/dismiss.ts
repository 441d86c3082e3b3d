import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import type { Log } from "../../host-scripts/runtime/log";
import { Stop } from "../../host-scripts/runtime/stop";
import { Client, type ExchangeConfig } from "./exchange";
import { letGo } from "./pipe";

const everyMs = 50;

/**
 * Lets a client end that was asked for nothing, as a run that was refused asks it: it waits for who reads or writes its pipes, and with it
 * the pod, until that is too old.
 */
export async function dismiss(config: ExchangeConfig, log: Log): Promise<void> {
  const { exchange } = config;
  if (Client.wasMet(config)) return;
  const stop = new Stop(config.job, log);
  const quiet = stop.listen(config.clientWithinMs);
  try {
    const client = await Client.meet({ config, stop, phase: "report" });
    while (client.isThere && !existsSync(join(exchange, "done"))) {
      for (const name of readdirSync(exchange)) letGo(join(exchange, name));
      await sleep(everyMs);
    }
    client.close();
  } catch {
    log.warn("the client's container has not begun, and may wait until the pod's time-out");
  } finally {
    quiet();
  }
}
