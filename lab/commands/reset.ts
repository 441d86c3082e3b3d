import { rmSync } from "node:fs";
import { resetHosts } from "../hosts";
import { forgetStack } from "../stack";
import { serverNames, stopServers } from "../servers";
import { dataDir } from "../servers/places";
import { up } from "./up";

/** Starts the lab anew with empty disks and servers. Its keys and the UUIDs of its file systems stay as they were. */
export async function reset(say: (line: string) => void): Promise<void> {
  say("Throwing the hosts' disks and the servers' data away");
  await Promise.all([resetHosts(), stopServers()]);
  forgetStack();
  // The API server's folder holds its keys; its objects are etcd's.
  for (const name of serverNames.filter(name => name !== "kube-apiserver"))
    rmSync(dataDir(name), { recursive: true, force: true });
  await up();
}
