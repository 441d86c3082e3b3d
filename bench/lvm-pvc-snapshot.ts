import { folder, SnapshotHost, stateDir } from "../test/volumes/support/snapshot-host";
import { host } from "../test/volumes/support/unit";
import { elapsedMs, onLabHost, withLabHost } from "./lab-host";
import type { Row } from "./row";

/** As many as the reference system has. */
const volumes = 65;
const most = 1.3;

/** Gigabytes of a volume that goes back to its snapshot, and seconds that this may take, whatever was written since. */
const large = { gigabytes: 10, written: "200M", seconds: 30 } as const;

/** A run of the bundled runner over 65 volumes in the lab's host, against a bare loop of `lvcreate -s` over the same; and a way back. */
export function benchLvmPvcSnapshot(): Promise<Row[]> {
  return withLabHost(async () => {
    const snapshots = await SnapshotHost.open(host);
    try {
      return [await compare(snapshots), await goBack(snapshots)];
    } finally {
      await onLabHost(removal);
      await snapshots.close();
    }
  });
}

async function compare(snapshots: SnapshotHost): Promise<Row> {
  await onLabHost(removal);
  await snapshots.writeConfig({ vg: "pve", pool: "data", pattern: "vm-78-pvc-*" });
  await onLabHost(
    `for i in $(seq ${volumes}); do lvcreate -qq -V 32M -T pve/data -n vm-78-pvc-$i || exit 1; done`,
  );
  const bareMs = await elapsedMs(
    `for i in $(seq ${volumes}); do lvcreate -qq -s -n vm-78-pvc-\${i}_bare pve/vm-78-pvc-$i || exit 1; done`,
  );
  await onLabHost(`lvremove -qq -y -S 'lv_name=~"^vm-78-.*_bare$"' pve`);
  const runnerMs = await elapsedMs(`node ${folder}/runner.cjs --config ${folder}/config.json --json`);
  const value = runnerMs / bareMs;
  return {
    name: `lvm-pvc-snapshot, ${volumes} volumes, against a bare loop of lvcreate -s`,
    value: `${value.toFixed(2)} × (${(runnerMs / 1000).toFixed(1)} s to ${(bareMs / 1000).toFixed(1)} s)`,
    aim: `≤ ${most} ×`,
    ok: value <= most,
  };
}

/** Nothing uses the volume: how long pods take to end and to begin is theirs. */
async function goBack(snapshots: SnapshotHost): Promise<Row> {
  // What it has covered before would be missed.
  await onLabHost(`${removal}; rm -rf ${stateDir}/*`);
  const name = "vm-78-pvc-large";
  await snapshots.writeConfig({ vg: "pve", pool: "data", pattern: "vm-78-pvc-*" });
  const write = `dd if=/dev/urandom of=/dev/pve/${name} bs=${large.written} count=1 conv=fsync status=none`;
  await onLabHost(`lvcreate -qq -V ${large.gigabytes}G -T pve/data -n ${name} && ${write}`);
  const runner = `node ${folder}/runner.cjs`;
  await onLabHost(`${runner} --config ${folder}/config.json && ${write} && lvchange -an pve/${name}`);
  const tookMs = await elapsedMs(
    `${runner} restore ${name} --no-workload --config ${folder}/config.json --json`,
  );
  return {
    name: `lvm-pvc-snapshot restore of ${large.gigabytes} GB, ${large.written} of which were written since`,
    value: `${(tookMs / 1000).toFixed(1)} s`,
    aim: `≤ ${large.seconds} s`,
    ok: tookMs <= large.seconds * 1000,
  };
}

const removal = `lvremove -qq -y -S 'lv_name=~"^vm-78-"' pve`;
