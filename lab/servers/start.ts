import { execa } from "execa";
import { connect } from "./api";
import { apiServer, controllerManager, etcd, scheduler } from "./control-plane";
import { ensureCredentials } from "./credentials";
import { applyCrds } from "./crds";
import { helper } from "./http";
import { alertmanager, prometheus, pushgateway } from "./metrics";
import { ensureMonitoringNamespace } from "./monitoring-objects";
import { firewall, pods, receiver, ruleSync } from "./own-servers";
import { preparePrograms, readPrograms } from "./programs";
import { ensureServing, type Server } from "./server";
import { withLabLock } from "../lock";
import { inNamespace, isInNamespace, startNamespace } from "../namespace";

/**
 * Starts all servers in the lab's network, and the network itself if it isn't there. What runs already stays as it is.
 * The first call ever builds the API server from source, which takes minutes; a later one takes seconds.
 * @param say told a line per step
 * @throws with the end of a server's log when it doesn't serve
 */
export async function startServers(say: (line: string) => void): Promise<void> {
  // Two starts at once would each start the same server, and the one whose record is overwritten could not be stopped.
  await withLabLock("servers", say, () => startUnlocked(say));
}

async function startUnlocked(say: (line: string) => void): Promise<void> {
  if (isInNamespace()) {
    await prepareWithoutNetwork(say);
    return startHere(say);
  }
  await Promise.all([preparePrograms(say), startNamespace()]);
  const [program = "", ...args] = inNamespace(helper("start"));
  const child = execa(program, args, { stdin: "ignore", reject: false });
  for await (const line of child) say(line);
  const { failed, stderr, shortMessage } = await child;
  if (failed) throw new Error(stderr.trim() || shortMessage);
}

/** Finds what is in the cache already; what isn't can't be fetched from here. */
async function prepareWithoutNetwork(say: (line: string) => void): Promise<void> {
  try {
    await preparePrograms(say);
  } catch (cause) {
    throw new Error(
      `${messageOf(cause)} (the lab's network leads nowhere else, so programs are fetched from outside of it. Next: "npm run lab -- up")`,
      { cause },
    );
  }
}

/** The part of `startServers` that runs inside the lab's network: each server as soon as what it needs serves. */
export async function startHere(say: (line: string) => void): Promise<void> {
  const programs = readPrograms();
  await ensureCredentials();
  const up = async (server: Server): Promise<boolean> => {
    const fresh = await ensureServing(server, programs);
    if (fresh) say(`${server.name}: serves at ${server.url}`);
    return fresh;
  };
  const database = up(etcd);
  const api = database.then(() => up(apiServer));
  const objects = api.then(async () => {
    await Promise.all([applyCrds(connect(), programs.crds), ensureMonitoringNamespace()]);
  });
  const metrics = [up(pushgateway), up(receiver), up(alertmanager), up(prometheus)];
  const wall = up(firewall);
  const manager = api.then(() => up(controllerManager));
  const schedules = api.then(() => up(scheduler));
  const standIn = api.then(() => up(pods));
  const sync = Promise.all([objects, ...metrics]).then(() => up(ruleSync));
  const inCluster = [manager, schedules, standIn];
  const outcomes = await Promise.allSettled([database, api, ...inCluster, wall, ...metrics, sync]);
  const faults = outcomes.flatMap(outcome =>
    outcome.status === "rejected" ? [messageOf(outcome.reason)] : [],
  );
  if (faults.length > 0) throw new Error([...new Set(faults)].join("\n"));
  const started = outcomes.filter(outcome => outcome.status === "fulfilled" && outcome.value).length;
  say(`servers: ${started} started, ${outcomes.length - started} ran already`);
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
