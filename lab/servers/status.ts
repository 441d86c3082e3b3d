import { execa } from "execa";
import { z } from "zod";
import { inNamespace, isInNamespace } from "../namespace";
import { isRunning, logFile, runningProcess } from "../process";
import { apiServer, controllerManager, etcd, scheduler } from "./control-plane";
import { helper } from "./http";
import { alertmanager, prometheus, pushgateway } from "./metrics";
import { firewall, pods, receiver, ruleSync } from "./own-servers";
import { type Server, serverNames, troubleOf } from "./server";

const servers: readonly Server[] = [
  ...[etcd, apiServer, controllerManager, scheduler],
  ...[pushgateway, prometheus, alertmanager],
  ...[receiver, ruleSync, pods, firewall],
];

const serverStatusSchema = z.strictObject({
  name: z.enum(serverNames),
  /** Whether it runs and answers that it serves. */
  up: z.boolean(),
  url: z.url(),
  pid: z.int().positive().optional(),
  /** Path of its log. */
  log: z.string(),
  /** Why it isn't up. */
  trouble: z.string().optional(),
});

/** How one server is, and where to look when it isn't well. */
export type ServerStatus = z.infer<typeof serverStatusSchema>;

/** Asks each server that runs whether it serves; from outside the lab's network, one child process asks them all. */
export async function serverStatus(): Promise<ServerStatus[]> {
  if (isInNamespace() || !servers.some(({ name }) => isRunning(name))) return statusHere();
  const [program = "", ...args] = inNamespace(helper("status"));
  const { stdout } = await execa(program, args, { stdin: "ignore" });
  return z.array(serverStatusSchema).parse(JSON.parse(stdout));
}

/** The part of `serverStatus` that runs inside the lab's network. */
export function statusHere(): Promise<ServerStatus[]> {
  return Promise.all(
    servers.map(async server => {
      const { name, url } = server;
      const pid = runningProcess(name)?.pid;
      const trouble = pid === undefined ? "it doesn't run" : await troubleOf(server);
      return { name, up: trouble === undefined, url, pid, log: logFile(name), trouble };
    }),
  );
}
