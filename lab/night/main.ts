// What `npm start` does once the lab is up: makes a house, deploys the host's layers, waits for the mirror's timer, runs the other jobs of
// a night, has databases dumped by pods, reads the jobs' metrics from Prometheus and restores what is lost by what is printed. It runs in
// the lab's network: from outside, each question to a server is a start of Node, and there are hundreds.
import { offsiteSyncJobName } from "../../plan/contracts/offsite-sync";
import { messageOf } from "../commands/progress";
import { mustOnHost } from "../hosts";
import { ensureHouse } from "../house";
import { claims } from "../house/claims";
import { type HouseDatabase, startDatabases } from "../house/databases";
import { dumpsNamespace } from "../house/dumps";
import { startVaultwarden } from "../house/vaultwarden";
import { startNode } from "../node";
import { LabStack } from "../stack";
import { drillRestores } from "./drills";
import { dumpAll, loseTable } from "./dumps";
import { evidenceOf } from "./evidence";
import { editByHand, heardOfEdit, heardOfItsEnd } from "./hand-edit";
import { loseBothDisks, loseFiles, loseMachine, loseVolume, mirrorNamed } from "./losses";
import { printedRestores } from "./printed-restores";
import { standsNow } from "./stands";
import { fillSource, hostTime, runOnce, successAfter, timerFiredAt } from "./steps";

const seconds = (fromMs: number, toMs = Date.now()): string => `${Math.round((toMs - fromMs) / 1000)} s`;

/** @param beganMs when `npm start` began, as epoch milliseconds @param readyMs when the lab was up */
async function firstNight(beganMs: number, readyMs: number): Promise<void> {
  const report: string[] = [];
  const step = async (title: string, run: () => Promise<string>): Promise<void> => {
    console.error(`${title} …`);
    const [fromMs, line] = [Date.now(), report.push(title) - 1];
    const said = await run();
    report[line] = `${title} (${seconds(fromMs)}): ${said}`;
  };
  const say = (line: string): void => console.error(`  ${line}`);
  let stack: LabStack | undefined;
  let sinceS = 0;
  let databases: readonly HouseDatabase[] = [];
  const house = (async () => {
    await step("filling the source", async () => `${await fillSource()} files in /srv/nfs of host pve`);
    await step("making the house", async () => {
      await ensureHouse(say);
      return `${claims.length} claims with thin volumes in pve/data, one volume that nobody claims, and a virtual machine`;
    });
  })();
  // A dozen commands of the engine, none of which is about a host.
  const deployed = Promise.all([LabStack.open(() => undefined), house]).then(([opened]) =>
    step("pulumi up", async () => {
      stack = opened;
      sinceS = await hostTime();
      const changes = /^Resources:\n(?:.*\n?)*/m.exec(await opened.up())?.[0] ?? "";
      return changes
        .split("\n")
        .slice(1, 4)
        .map(line => line.trim())
        .filter(line => line !== "")
        .join(", ");
    }),
  );
  const joined = step("a node that runs the cluster's pods, and what they dump", async () => {
    [databases] = await Promise.all([startDatabases(), startNode(say)]);
    await house;
    await startVaultwarden(dumpsNamespace);
    return "kubelet with containerd on a host of its own, servers with PostgreSQL and MariaDB, and Vaultwarden's database in a pod";
  });
  await allOf(deployed, joined);
  // A night that was cut while it restored has left it at rest.
  await mustOnHost("pve", "systemctl start nfs-mirror.timer");
  // What is lost comes back by what `holdfast lose` prints for it.
  const printed = printedRestores();
  // Meanwhile the mirror's timer comes due by itself, in up to two minutes: what needs no mirror is done until then. No step of it stops a
  // timer, which a look would tell too.
  const host = async (): Promise<void> => {
    await step("snapshots of every volume", async () => {
      const took = await runOnce("lvm-pvc-snapshot", 1_800_000);
      return `lvm-pvc-snapshot ended well after ${took} s`;
    });
    await step("the firewall's configuration to the backup disk", async () => {
      const took = await runOnce("pfsense-backup", 600_000);
      return `pfsense-backup ended well after ${took} s, against a stand-in for a pfSense`;
    });
    await step("files, databases and configuration to the backup disk", async () => {
      const took = await runOnce("daily-backup", 3_600_000);
      return `daily-backup ended well after ${took} s`;
    });
    await step("images of virtual machines to the backup disk", async () => {
      const took = await runOnce("vm-images", 1_200_000);
      return `vm-images ended well after ${took} s, with stand-ins for Proxmox's programs`;
    });
    await step("losing a volume's files and its database", () => loseVolume(printed));
    await step("losing a virtual machine's disk", () => loseMachine(printed));
    await step("waiting for the mirror's timer, which fires every two minutes", async () => {
      const endS = await successAfter(sinceS, 1_200_000);
      return `fired ${at(await timerFiredAt())}, ended ${at(endS)}, and Prometheus has its metric`;
    });
  };
  const alarm = async (): Promise<void> => {
    await step("changing a timer by hand", editByHand);
    await step("the alarm about the timer", heardOfEdit);
  };
  await allOf(
    host(),
    alarm(),
    step("dumps of the cluster's databases by their CronJobs", () => dumpAll(say)),
  );
  await step("mirroring one change by what the tracker names", mirrorNamed);
  await step("losing files of a service", () => loseFiles(printed));
  await step("restores of all copies on the backup disk, beside the data", drillRestores);
  await step("the host's copies to the NAS, and losing both of its disks of a service", () =>
    loseBothDisks(printed),
  );
  await step("losing a table of a database, and its dumps on both disks", () =>
    loseTable(databases, printed),
  );
  await step("a restore from the NAS for proof, by holdfast drill, and the evidence", () =>
    evidenceOf("tree", "--tier", offsiteSyncJobName),
  );
  await step("the end of the alarm", heardOfItsEnd);
  await step("how all of it stands, as holdfast status asks the hosts", standsNow);
  const standIns = stack?.standIns ?? [];
  console.log(`
The first night is over (lab ready after ${seconds(beganMs, readyMs)}, all of it ${seconds(beganMs)}).
${report.map(line => `  ${line}`).join("\n")}${standIns.length > 0 ? `\n  stand-ins for plugins that could not be had: ${standIns.join(", ")}` : ""}

Where to look next:
  npm run lab -- ssh pve -- lvm-pvc-snapshot list               each volume's snapshots
  npm run lab -- ssh pve -- vm-images list                      the machine's images
  npm run lab -- ssh pve -- offsite-sync-backup list            how each leg stands at the NAS
  npm run lab -- ssh pve -- journalctl -u daily-backup.service  what a job says
  npm run lab -- status                                         where everything answers
  npm run holdfast -- rpo                                       what each disaster costs the homelab
  npm run lab -- down                                           stops and removes all of it`);
}

/** Waits for all of them, also where one fails: nothing goes on behind the error that is told. */
async function allOf(...running: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(running)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

function at(epochS: number): string {
  return new Date(epochS * 1000).toISOString().slice(11, 19);
}

const [began = NaN, ready = NaN] = process.argv.slice(2).map(Number);
firstNight(began, ready).catch((error: unknown) => {
  console.error(
    `\n${messageOf(error)}\nThe lab stays up to be looked at: npm run lab -- status. To remove it: npm run lab -- down`,
  );
  process.exitCode = 1;
});
