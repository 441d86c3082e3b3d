import { offsiteSyncJobName } from "../../plan/contracts/offsite-sync";
import { mustOnHost, processName } from "../hosts";
import type { HouseDatabase } from "../house/databases";
import { dumpNames, dumpsNamespace } from "../house/dumps";
import { jobEnd, startNow } from "../house/job-now";
import { startNode } from "../node";
import { isRunning, until } from "../process";
import { mirrorRests } from "./losses";
import { paste, type PrintedRestores } from "./printed-restores";

/**
 * Has each dump's CronJob make one, in a job of what was deployed, as `kubectl create job --from` does; once more where the node's kernel
 * has ended meanwhile (docs/stand-ins.md).
 * @returns what lies on the host then @throws where one fails
 */
export async function dumpAll(say: (line: string) => void): Promise<string> {
  const startMs = performance.now();
  try {
    await dumpEach();
  } catch (error) {
    if (isRunning(processName("node"))) throw error;
    say("the node's kernel has ended: it boots again, and the dumps are made once more");
    await startNode(say);
    await dumpEach();
  }
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const kept = await mustOnHost("pve", `find ${dumpNames.map(folder).join(" ")} -name 'dump_*.json' | wc -l`);
  return `pods on the cluster's node made and verified ${kept.trim()} dumps of PostgreSQL, MariaDB and Vaultwarden in ${seconds} s, by NFS to the host`;
}

/** Ends when all of them have ended. */
async function dumpEach(): Promise<void> {
  const failed = (await Promise.allSettled(dumpNames.map(dump))).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

const folder = (name: string): string => `/srv/nfs/${name}`;

async function dump(name: (typeof dumpNames)[number]): Promise<void> {
  const job = `${name}-${Date.now()}`;
  await startNow(name, job);
  let state: string | undefined;
  await until(
    async () => !isRunning(processName("node")) || (state = await jobEnd(job)) !== undefined,
    1_200_000,
    1_000,
  );
  if (state !== "Complete")
    throw new Error(
      `${name} ended with ${state ?? "nothing"} on the cluster's node. Next: kubectl --namespace ${dumpsNamespace} logs job/${job} --all-containers`,
    );
}

/**
 * Drops a table, and all dumps of its server on the host are gone, as when the disks of both fail: what the NAS has is brought back to the
 * mirror, from there to where dumps go, and from there into the database.
 * @returns what came back @throws when it isn't what there was
 */
export async function loseTable(
  databases: readonly HouseDatabase[],
  printed: PrintedRestores,
): Promise<string> {
  const shop = databases.find(({ name }) => name === "postgresql");
  if (!shop) throw new Error("the house has no PostgreSQL");
  const ask = "select count(*), md5(string_agg(o::text, ',' order by id)) from orders o";
  const before = await shop.sql(ask);
  const [lost, copy] = [folder("postgresql-backup"), "/mnt/backup/postgresql-backup"];
  await shop.sql("drop table orders");
  await mustOnHost("pve", `set -e; ${mirrorRests}; rm -r ${lost} ${copy}`, {
    timeoutMs: 1_200_000,
  });
  await paste(printed(`shop: postgresql-backup nfs-mirror ${offsiteSyncJobName}`));
  const after = await shop.sql(ask);
  if (after !== before) throw new Error(`the table "orders" isn't what it was: ${before}, now ${after}`);
  await mustOnHost("pve", "systemctl start nfs-mirror.timer");
  return `table "orders" was dropped, and its dumps on the host's disks were gone; from the NAS it is back with its ${before.split("|")[0]} rows`;
}
