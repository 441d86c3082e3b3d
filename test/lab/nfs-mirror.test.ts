import { mustOnHost, resetHosts, startHosts } from "../../lab/hosts";
import { applyObjects } from "../../lab/house/objects";
import { makeMachine } from "../../lab/house/machine";
import { makeVolumes } from "../../lab/house/volumes";
import { evidenceOf } from "../../lab/night/evidence";
import { inVolume } from "../../lab/night/in-volume";
import { askDatabase, loseBothDisks, loseMachine, mirrorNamed, soundDatabase } from "../../lab/night/losses";
import {
  copiesOfHouse,
  database,
  files,
  paste,
  printedRestores,
  type PrintedRestores,
} from "../../lab/night/printed-restores";
import {
  alertReceived,
  differences,
  fillSource,
  hostTime,
  successAfter,
  timerFiredAt,
} from "../../lab/night/steps";
import { until } from "../../lab/process";
import {
  activeAlerts,
  clearMessages,
  connect,
  monitoringNamespace,
  queryPrometheus,
  receivedMessages,
  startServers,
} from "../../lab/servers";
import { forgetStack, LabStack } from "../../lab/stack";
import { restoreText, stepAlone } from "../../plan/graph/restore-steps";
import { long } from "../long";

import { describeTree, describeVolume } from "./describe-tree";

jest.setTimeout(2_700_000);

const quiet = (): void => undefined;
let stack: LabStack;

beforeAll(async () => {
  await resetHosts(["pve"]);
  forgetStack();
  await Promise.all([startHosts({ only: ["pve", "nas"], say: quiet }), startServers(quiet)]);
  await clearMessages();
  await fillSource("/usr/share/zoneinfo/Europe", "/usr/share/zoneinfo/Asia");
  stack = await LabStack.open(quiet);
});

// A destroy of the whole takes as long as a seventh of these tests. What becomes of a job, its credentials and its accounts is
// in release and credentials: here the host goes with all that was made on it, and so do the objects that would go on alerting.
afterAll(async () => {
  if (long) {
    await mustOnHost("pve", "mountpoint -q /mnt/backup || mount /mnt/backup");
    await stack.destroy();
    return;
  }
  const api = connect();
  for (const kind of ["v1/namespaces/NS/prometheusrules", "v1alpha1/namespaces/NS/alertmanagerconfigs"])
    await api.remove(`/apis/monitoring.coreos.com/${kind.replace("NS", monitoringNamespace)}`);
  await resetHosts(["pve"]);
  forgetStack();
  await startHosts({ only: ["pve"], say: quiet });
});

test("a timer's run is mirrored, measured and restorable, and its failure is heard", async () => {
  const deployedS = await hostTime();
  await stack.up();

  // The chain of a good night: systemd's timer, the runner, the Pushgateway, Prometheus.
  const endS = await successAfter(deployedS, 1_200_000);
  const firedS = await timerFiredAt();
  expect(firedS).toBeGreaterThanOrEqual(deployedS);
  expect(endS).toBeGreaterThanOrEqual(firedS);

  // Whoever waits outside was called from both ends before anything was wrong.
  const called = async (path: string) => (await receivedMessages()).find(message => message.path === path);
  for (const path of ["/ping/pve/start", "/ping/pve", "/ping/watchdog"])
    expect(await until(async () => (await called(path)) !== undefined, 600_000, 1000)).toBe(true);
  expect((await called("/ping/pve"))?.payload.text).toMatch(/^all \d+ jobs of pve keep their promises$/);
  expect((await called("/ping/watchdog"))?.payload.text).toContain('"alertname":"HoldfastWatchdog"');

  // What a restore has to give back: bytes, owners, modes, ACLs, attributes, links and holes.
  for (const service of ["nasty", "books", "photos"])
    expect(await differences(`/srv/nfs/${service}`, `/mnt/backup/${service}`)).toEqual([]);
  expect(await mustOnHost("pve", "ls /mnt/backup")).not.toContain("frigate");

  // No change, no changes: npm test has that of smaller stacks.
  if (long) expect(await stack.up()).toMatch(/Resources:\n\s+\d+ unchanged/);

  // A killed run can't speak for itself; the unit's ExecStopPost does.
  await mustOnHost(
    "pve",
    `systemctl stop nfs-mirror.timer; systemctl start nfs-mirror.service # one that the timer began ends before
systemctl start nfs-mirror.service &
for try in $(seq 300); do [ "$(systemctl show --property=MainPID --value nfs-mirror.service)" = 0 ] || break; sleep 0.1; done
systemctl kill --signal=KILL nfs-mirror.service
wait # A start while its ExecStopPost is at work would be one with the start that failed.`,
  );
  const status = async (): Promise<number | undefined> =>
    (await queryPrometheus('nfs_mirror_last_status{job="nfs-mirror",instance="pve"}'))[0]?.value;
  expect(await until(async () => (await status()) === 137, 1_200_000, 1000)).toBe(true);
  // By hand nobody waits for the timer; without it, a machine on which alerts take minutes to end would hear of a mirror that is stale.
  const run = "systemctl start nfs-mirror.service";
  await mustOnHost("pve", `${run}; systemctl start nfs-mirror.timer`);
  // One alert fires all the time, and says that nothing is wrong.
  const isQuiet = async (): Promise<boolean> =>
    (await activeAlerts()).every(({ labels }) => labels["severity"] === "none");
  // An alert that still fires from before would bring no message about the next fault.
  const silent = async (): Promise<boolean> => (await status()) === 0 && (await isQuiet());
  expect(await until(silent, 1_200_000, 1000)).toBe(true);
  await mustOnHost("pve", `systemctl stop nfs-mirror.timer; ${run}`);
  await clearMessages();

  // A bad night: the backup disk is gone, and an empty folder lies in its place.
  await mustOnHost("pve", `umount /mnt/backup; ! ${run}`);
  const alert = await alertReceived("NfsMirrorFailing", 1_200_000);
  expect(alert.labels).toMatchObject({ job: "nfs-mirror", instance: "pve", receiver: "lab" });
  expect(await mustOnHost("pve", "ls -A /mnt/backup")).toBe("");
  const [lastSuccess] = await queryPrometheus('nfs_mirror_last_success_timestamp{job="nfs-mirror"}');
  expect(lastSuccess?.value).toBeLessThan(await hostTime());

  // Mended, the next run converges and the alerts end.
  const mendedS = await hostTime();
  await mustOnHost("pve", `mount /mnt/backup; ${run}; systemctl start nfs-mirror.timer`);
  await successAfter(mendedS, 1_200_000);
  expect(await until(isQuiet, 1_200_000, 1000)).toBe(true);
  // A unit that starts while a volume is unmounted keeps it in use for a moment, and what follows mounts volumes.
  await mustOnHost("pve", `systemctl stop nfs-mirror.timer; ${run}`);
});

describe("what is printed to restore a copy of each of the host's layers, run as it is printed", () => {
  let printed: PrintedRestores;
  /** What each of them was when it was copied. */
  const was = { files: "", tree: "" };

  beforeAll(async () => {
    printed = printedRestores();
    await Promise.all([
      makeMachine().then(() => makeVolumes(quiet, [files, database])),
      applyObjects([files, database]),
    ]);
    // Whoever mounts a volume that nobody unmounted replays its journal: what is compared is what it is after that.
    Object.assign(was, {
      files: await describeVolume(files),
      tree: await describeTree("/srv/nfs/nasty"),
    });
    await mustOnHost(
      "pve",
      "for job in nfs-mirror lvm-pvc-snapshot daily-backup pfsense-backup vm-images; do systemctl start $job || { journalctl -u $job -n 30; systemctl show -p Result,ExecMainCode,ExecMainStatus $job; dmesg | tail -n 5; exit 1; }; done",
      { timeoutMs: 1_800_000 },
    );
  });

  test("nfs-mirror: a service is what it was, and what had come of it is kept", async () => {
    await mustOnHost(
      "pve",
      "cd /srv/nfs/nasty; rm one; echo ransom >guarded; chmod 777 guarded; echo pay >README",
    );
    const said = await paste(printed("tree: nfs-mirror"));
    expect(await describeTree("/srv/nfs/nasty")).toBe(was.tree);
    expect(await mustOnHost("pve", "cat /srv/nfs/.holdfast-restore/*/nasty/README")).toBe("pay\n");
    expect(said).toContain("nfs-mirror restore --rollback -- nasty");
    await mustOnHost("pve", "systemctl start nfs-mirror");
  });

  test("daily-backup: a volume's files are what they were", async () => {
    await inVolume(files, "rm -f one ./-rf; echo ransom >guarded; echo pay >README");
    await paste(printed("files: lvm-pvc-snapshot daily-backup"));
    expect(await describeVolume(files)).toBe(was.files);
  });

  test("daily-backup: a volume's files, then its databases, of which what was committed is there", async () => {
    await inVolume(database, "rm -r deep");
    await paste(printed("database: lvm-pvc-snapshot daily-backup"));
    await paste(printed("database: lvm-pvc-snapshot daily-backup sqlite"));
    expect(await inVolume(database, askDatabase)).toBe(soundDatabase);
  });

  test("daily-backup: the host's configuration comes into a folder of root's", async () => {
    const said = await paste(printed("host: daily-backup"));
    const folder = /\/root\/[\w-]+/.exec(said)?.[0] ?? "";
    const compared = await mustOnHost(
      "pve",
      `cd ${folder} && find . -path '*/usr/local/bin' -exec diff -r {} /usr/local/bin \\; -print; stat -c %a .`,
    );
    expect(compared).toMatch(/^\S+\/usr\/local\/bin\n700\n$/);
  });

  test("lvm-pvc-snapshot: a volume has what its newest snapshot has", async () => {
    await inVolume(files, "rm -f one ./-rf; echo ransom >guarded; echo pay >README");
    await paste(printed("files: lvm-pvc-snapshot"));
    expect(await describeVolume(files)).toBe(was.files);
  });

  test("vm-images: a machine is there beside the lost one, on a thin volume that equals its disk", async () => {
    // It throws where it isn't.
    expect(await loseMachine(printed)).toContain("k8s-1 is back as VM 100");
    await mustOnHost("pve", "vm-images verify && ! systemctl list-units --all --plain | grep vm-images-");
  });

  test("nfs-change-tracker: the mirror looks at what changed, and at nothing else", async () => {
    expect(await mirrorNamed()).toMatch(/has named 1 names and 0 subtrees, and nothing else is looked at/);
  });

  test("offsite-sync-backup: a service whose disks are both gone is what it was, from the NAS", async () => {
    // It throws where it isn't.
    expect(await loseBothDisks(printed)).toContain("came back from the NAS in bytes and metadata");
  });

  test("offsite-sync-backup: one volume's copy comes back from the NAS alone, into what has the others, and brings the volume back", async () => {
    const alone = stepAlone(copiesOfHouse()("files: lvm-pvc-snapshot daily-backup offsite-sync-backup"));
    if (!alone) throw new Error("nothing is printed for it alone");
    const others = "cd /mnt/backup/pvc-data && find . -mindepth 3 -maxdepth 3 -not -name html | sort";
    const beside = await mustOnHost("pve", others);
    await mustOnHost("pve", `rm -r /mnt/backup/pvc-data/*/${files.namespace}/${files.name}`);
    await inVolume(files, "rm -f one ./-rf; echo ransom >guarded; echo pay >README");
    const listed = await mustOnHost("pve", alone.reads.join(" "));
    const newest = [...listed.matchAll(/ (20\d\d-\d\d)$/gm)].at(-1)?.[1] ?? "";
    await mustOnHost("pve", alone.brings.join(" ").replace("NEWEST", newest));
    await paste(printed("files: lvm-pvc-snapshot daily-backup"));
    expect(await describeVolume(files)).toBe(was.files);
    expect([beside === "", await mustOnHost("pve", others)]).toEqual([false, beside]);
  });

  test("the estate's runbooks are on the host, and at the NAS with its configuration", async () => {
    const pages = "holdfast-runbooks/*/README.md";
    const page = await mustOnHost("pve", `cat /root/${pages}`);
    expect(page).toMatch(
      /^<!-- holdfast runbooks: README\.md of \S+, plan [0-9a-f]{12}, [^]*# What happened\?/,
    );
    // The page itself says where it is.
    const [, folder = ""] =
      /^\| `nas` \| `(\S+\/pve-config)\/NEWEST\/files\/root\/\S+` \|$/m.exec(page) ?? [];
    expect(await mustOnHost("nas", `cat ${folder}/20*/files/root/${pages}`)).toBe(page);
  });

  test("holdfast drill: a service's copies on the backup disk and at the NAS are proved, and the evidence holds", async () => {
    // It throws where a copy isn't there, wasn't proved or was passed over.
    expect(await evidenceOf("tree")).toMatch(
      /^2 copies proved, 0 failed, 0 not drilled\. The evidence of it: \S+\.html$/,
    );
    const { drills } = JSON.parse(await mustOnHost("pve", "restore-drill list --json")) as {
      drills: { tier: string; of: string; result: string }[];
    };
    expect(drills.map(({ tier, of, result }) => `${tier}:${of} ${result}`)).toEqual(
      expect.arrayContaining(["mirror:nasty proved", "offsite-sync-backup:nasty proved"]),
    );
  });

  test("pfsense-backup: the files come into a folder of root's, and what a person does is said", async () => {
    const steps = printed("firewall: pfsense-backup");
    const said = await paste(steps);
    expect(restoreText(steps)).toMatch(/^# on pfsense:\n# in a browser, Diagnostics, Backup & Restore/m);
    expect(said).toContain("config.xml and full.tar.gz");
    const compared = await mustOnHost(
      "pve",
      "cd /root/pfsense-restored && sha256sum --check --strict SHA256SUMS && diff -r . /mnt/backup/pfsense/20*/ && stat -c %a .; rm -r /root/pfsense-restored",
    );
    expect(compared).toBe("config.xml: OK\nfull.tar.gz: OK\n700\n");
  });
});
