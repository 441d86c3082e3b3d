import { hostStatus, mustOnHost, startHosts, stopHosts } from "../lab/hosts";
import { bundleRunner } from "../host-scripts/bundle-runner";
import type { LvmPvcSnapshotConfig } from "../plan/contracts/lvm-pvc-snapshot";
import type { Row } from "./row";

/** As many as the reference system has. */
const volumes = 65;
const most = 1.3;
const timeoutMs = 30 * 60_000;
const folder = "/root/bench-lvm";

/** A run of the bundled runner over 65 volumes in the lab's host, against a bare loop of `lvcreate -s` over the same. */
export async function benchLvmPvcSnapshot(): Promise<Row[]> {
  const running = hostStatus().some(({ name, running: up }) => name === "pve2" && up);
  await startHosts({ only: ["pve2"], say: () => undefined });
  try {
    return [await compare()];
  } finally {
    await onPve2(removal);
    if (!running) await stopHosts(["pve2"]);
  }
}

async function compare(): Promise<Row> {
  const { text } = await bundleRunner("lvm-pvc-snapshot");
  await onPve2(`${removal}; mkdir -p ${folder}; cat >${folder}/runner.cjs`, text);
  await onPve2(`cat >${folder}/config.json`, JSON.stringify(config));
  await onPve2(
    `for i in $(seq ${volumes}); do lvcreate -qq -V 32M -T pve/data -n vm-78-pvc-$i || exit 1; done`,
  );
  const bareMs = await elapsedMs(
    `for i in $(seq ${volumes}); do lvcreate -qq -s -n vm-78-pvc-\${i}_bare pve/vm-78-pvc-$i || exit 1; done`,
  );
  await onPve2(`lvremove -qq -y -S 'lv_name=~"^vm-78-.*_bare$"' pve`);
  const runnerMs = await elapsedMs(`node ${folder}/runner.cjs --config ${folder}/config.json --json`);
  const value = runnerMs / bareMs;
  return {
    name: `lvm-pvc-snapshot, ${volumes} volumes, against a bare loop of lvcreate -s`,
    value: `${value.toFixed(2)} × (${(runnerMs / 1000).toFixed(1)} s to ${(bareMs / 1000).toFixed(1)} s)`,
    aim: `≤ ${most} ×`,
    ok: value <= most,
  };
}

/** By the host's own clock: what ssh takes is neither's time. */
async function elapsedMs(command: string): Promise<number> {
  const timed = `start=$(date +%s%N); { ${command}; } >/dev/null || exit 1; echo $(( ($(date +%s%N) - start) / 1000000 ))`;
  return Number(await onPve2(timed));
}

function onPve2(command: string, input = ""): Promise<string> {
  return mustOnHost("pve2", command, { input, timeoutMs });
}

const removal = `lvremove -qq -y -S 'lv_name=~"^vm-78-"' pve; rm -rf ${folder}`;

const config: LvmPvcSnapshotConfig = {
  ...{ job: "lvm-pvc-snapshot", host: "pve2", budgetMs: timeoutMs, stateDir: `${folder}/state`, zone: "UTC" },
  ...{ textfile: `${folder}/metrics.prom`, vg: "pve", pool: "data", pattern: "vm-78-pvc-*" },
  pushgateway: { url: "http://127.0.0.1:1", timeoutMs: 200, attempts: 1 },
  excludeNamespaces: [],
  keep: { kind: "age", ms: 7 * 86_400_000, atLeast: 1 },
  guard: {
    thinOut: { dataPercent: 80, metadataPercent: 80 },
    decline: { dataPercent: 90, metadataPercent: 90 },
  },
  credentialsDir: `${folder}/credentials`,
};
