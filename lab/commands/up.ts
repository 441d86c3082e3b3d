import { startHosts } from "../hosts";
import { startServers } from "../servers";
import { runTasks } from "./progress";
import { printStatus } from "./status";

/** Starts what doesn't run of hosts and servers, all at once, and shows where things are. */
export async function up(): Promise<void> {
  await runTasks([
    { title: "hosts", run: say => startHosts({ say }) },
    { title: "servers", run: startServers },
  ]);
  await printStatus({ json: false });
}
