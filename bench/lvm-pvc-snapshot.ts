import { hostStatus, startHosts, stopHosts } from "../lab/hosts";
import { folder, SnapshotHost } from "../test/volumes/support/snapshot-host";
import type { Row } from "./row";

/** As many as the reference system has. */
const volumes = 65;
const most = 1.3;
const host = "pve2";

/** A run of the bundled runner over 65 volumes in the lab's host, against a bare loop of `lvcreate -s` over the same. */
export async function benchLvmPvcSnapshot(): Promise<Row[]> {
  const running = hostStatus().some(({ name, running: up }) => name === host && up);
  await startHosts({ only: [host], say: () => undefined });
  const snapshots = await SnapshotHost.open(host);
  try {
    return [await compare(snapshots)];
  } finally {
    await snapshots.sh(removal);
    await snapshots.close();
    if (!running) await stopHosts([host]);
  }
}

async function compare(snapshots: SnapshotHost): Promise<Row> {
  await snapshots.sh(removal);
  await snapshots.writeConfig({ vg: "pve", pool: "data", pattern: "vm-78-pvc-*" });
  await snapshots.sh(
    `for i in $(seq ${volumes}); do lvcreate -qq -V 32M -T pve/data -n vm-78-pvc-$i || exit 1; done`,
  );
  const bareMs = await elapsedMs(
    snapshots,
    `for i in $(seq ${volumes}); do lvcreate -qq -s -n vm-78-pvc-\${i}_bare pve/vm-78-pvc-$i || exit 1; done`,
  );
  await snapshots.sh(`lvremove -qq -y -S 'lv_name=~"^vm-78-.*_bare$"' pve`);
  const runnerMs = await elapsedMs(
    snapshots,
    `node ${folder}/runner.cjs --config ${folder}/config.json --json`,
  );
  const value = runnerMs / bareMs;
  return {
    name: `lvm-pvc-snapshot, ${volumes} volumes, against a bare loop of lvcreate -s`,
    value: `${value.toFixed(2)} × (${(runnerMs / 1000).toFixed(1)} s to ${(bareMs / 1000).toFixed(1)} s)`,
    aim: `≤ ${most} ×`,
    ok: value <= most,
  };
}

/** By the host's own clock: what ssh takes is neither's time. */
async function elapsedMs(snapshots: SnapshotHost, command: string): Promise<number> {
  const timed = `start=$(date +%s%N); { ${command}; } >/dev/null || exit 1; echo $(( ($(date +%s%N) - start) / 1000000 ))`;
  return Number(await snapshots.sh(timed));
}

const removal = `lvremove -qq -y -S 'lv_name=~"^vm-78-"' pve`;
