import { mustOnHost, resetHosts, startHosts } from "../../lab/hosts";
import {
  alertReceived,
  fillSource,
  hostTime,
  restore,
  successAfter,
  timerFiredAt,
} from "../../lab/night/steps";
import { until } from "../../lab/process";
import { activeAlerts, clearMessages, queryPrometheus, startServers } from "../../lab/servers";
import { forgetStack, LabStack } from "../../lab/stack";

jest.setTimeout(900_000);

const quiet = (): void => undefined;
let stack: LabStack;

beforeAll(async () => {
  await resetHosts(["pve"]);
  forgetStack();
  await Promise.all([startHosts({ only: ["pve"], say: quiet }), startServers(quiet)]);
  await clearMessages();
  await fillSource("/usr/share/zoneinfo");
  stack = await LabStack.open(quiet);
});

afterAll(async () => {
  await mustOnHost("pve", "mountpoint -q /mnt/backup || mount /mnt/backup");
  await stack.destroy();
});

test("a timer's run is mirrored, measured and restorable, and its failure is heard", async () => {
  const deployedS = await hostTime();
  await stack.up();

  // The chain of a good night: systemd's timer, the runner, the Pushgateway, Prometheus.
  const endS = await successAfter(deployedS, 300_000);
  const firedS = await timerFiredAt();
  expect(firedS).toBeGreaterThanOrEqual(deployedS);
  expect(endS).toBeGreaterThanOrEqual(firedS);

  // What a restore gives back: bytes, owners, modes, ACLs, attributes, links and holes.
  for (const service of ["nasty", "books", "photos"])
    expect(await restore(`/srv/nfs/${service}`, "/srv/nfs-ssd/restored")).toEqual([]);
  expect(await mustOnHost("pve", "ls /mnt/backup")).not.toContain("frigate");

  // No change, no changes.
  expect(await stack.up()).toMatch(/Resources:\n\s+\d+ unchanged/);

  // A killed run can't speak for itself; the unit's ExecStopPost does.
  await mustOnHost(
    "pve",
    'systemctl stop nfs-mirror.timer && systemctl start --no-block nfs-mirror.service; until [ "$(systemctl show --property=MainPID --value nfs-mirror.service)" != 0 ]; do sleep 0.1; done; systemctl kill --signal=KILL nfs-mirror.service',
  );
  const status = async (): Promise<number | undefined> =>
    (await queryPrometheus('nfs_mirror_last_status{job="nfs-mirror",instance="pve"}'))[0]?.value;
  expect(await until(async () => (await status()) === 137, 60_000, 1000)).toBe(true);
  // The timer has shown what it does: by hand nobody waits for the next minute.
  const run = "systemctl start nfs-mirror.service";
  await mustOnHost("pve", run);
  // An alert that still fires from before would bring no message about the next fault.
  const silent = async (): Promise<boolean> => (await status()) === 0 && (await activeAlerts()).length === 0;
  expect(await until(silent, 60_000, 1000)).toBe(true);
  await clearMessages();

  // A bad night: the backup disk is gone, and an empty folder lies in its place.
  await mustOnHost("pve", `umount /mnt/backup; ! ${run}`);
  const alert = await alertReceived("NfsMirrorFailing", 300_000);
  expect(alert.labels).toMatchObject({ job: "nfs-mirror", instance: "pve", receiver: "lab" });
  expect(await mustOnHost("pve", "ls -A /mnt/backup")).toBe("");
  const [lastSuccess] = await queryPrometheus('nfs_mirror_last_success_timestamp{job="nfs-mirror"}');
  expect(lastSuccess?.value).toBeLessThan(await hostTime());

  // Mended, the next run converges and the alerts end.
  const mendedS = await hostTime();
  await mustOnHost("pve", `mount /mnt/backup; ${run}`);
  await successAfter(mendedS, 300_000);
  expect(await until(async () => (await activeAlerts()).length === 0, 60_000, 1000)).toBe(true);
});
