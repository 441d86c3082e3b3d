// `npm run bench`: every layer against what one would use instead, as ratios of one run.
import { cpus, release, totalmem } from "node:os";
import Table from "cli-table3";
import { benchBackupScrub } from "./backup-scrub";
import { benchClusterDump } from "./cluster-dump";
import { benchCommandLine } from "./command-line";
import { benchDailyBackup } from "./daily-backup";
import { benchLvmPvcSnapshot } from "./lvm-pvc-snapshot";
import { benchChangeTracker } from "./nfs-change-tracker";
import { benchNfsMirror } from "./nfs-mirror";
import { benchOffsiteOthers } from "./offsite-others";
import { benchOffsiteSync } from "./offsite-sync";
import { benchPlan } from "./plan";
import { benchPreview } from "./preview";
import { benchRestore } from "./restore";
import { benchRestoreAll } from "./restore-all";
import { benchRestoreDatabase } from "./restore-database";
import { benchSqlite } from "./sqlite";
import type { Row } from "./row";

const benches: Readonly<Record<string, () => Promise<Row[]>>> = {
  plan: benchPlan,
  check: benchCommandLine,
  mirror: benchNfsMirror,
  tracker: benchChangeTracker,
  offsite: benchOffsiteSync,
  "offsite-others": benchOffsiteOthers,
  snapshots: benchLvmPvcSnapshot,
  volumes: benchDailyBackup,
  sqlite: benchSqlite,
  scrub: benchBackupScrub,
  dumps: benchClusterDump,
  restore: benchRestore,
  "restore-database": benchRestoreDatabase,
  "restore-all": benchRestoreAll,
  preview: benchPreview,
};

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter(name => !(name in benches));
  if (unknown.length > 0) {
    console.error(`No bench is called ${unknown.join(", ")}; expected ${Object.keys(benches).join(", ")}`);
    return 2;
  }
  // As `test/environment.mjs`: with it each start of Node reads all certificates of a system, which no host's unit does.
  delete process.env["NODE_EXTRA_CA_CERTS"];
  const rows: Row[] = [];
  for (const [name, bench] of Object.entries(benches))
    if (names.length === 0 || names.includes(name)) {
      console.error(`${name} …`);
      rows.push(...(await bench()));
    }
  const table = new Table({ head: ["what", "measured", "aim", ""], style: { head: [], border: [] } });
  for (const { name, value, aim, ok } of rows) table.push([name, value, aim, ok ? "met" : "MISSED"]);
  console.log(table.toString());
  const [cpu] = cpus();
  console.log(
    `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}`,
  );
  return 0;
}

main(process.argv.slice(2)).then(
  code => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
