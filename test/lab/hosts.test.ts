import { execa } from "execa";
import { z } from "zod";
import { bundleRunner } from "../../host-scripts/bundle-runner";
import { readFacts } from "../../lab/facts";
import { hostStatus, mustOnHost, onHost, powerCut, sshArgv, startHosts, stopHosts } from "../../lab/hosts";
import { inNamespace } from "../../lab/namespace";
import { exchange } from "../../lab/servers";
import { parseEstate, planOf } from "../../plan";
import { nfsChangeTrackerConfig } from "../../plan/contracts/nfs-change-tracker";
import { exampleEstate } from "../../plan/estate/example";
import { releaseFiles } from "../../plan/layers/release-files.test-support";
import { testLong } from "../long";

let foundRunning = false;

beforeAll(async () => {
  foundRunning = hostStatus().every(({ running }) => running);
  await startHosts({ say: () => undefined });
}, 45 * 60_000);

afterAll(async () => {
  if (!foundRunning) await stopHosts();
});

test("pve runs Debian's Node 18, and no unit of it has failed", async () => {
  expect(await mustOnHost("pve", "node --version")).toMatch(/^v18\.\d+\.\d+\n$/);
  expect(await mustOnHost("pve", "systemctl --failed --no-legend")).toBe("");
});

test.each(["pve", "nas"] as const)("%s has mounted the file systems that the facts name", async name => {
  const mounts = await mountedOn(name);
  expect(mounts).toMatchObject(readFacts()[name].filesystems);
  expect(new Set(Object.values(mounts)).size).toBe(Object.keys(mounts).length);
});

test.each(["pve", "nas"] as const)("%s shows the pinned host key, and another one is refused", async name => {
  const { address, hostKey } = readFacts()[name];
  expect(await inLab(["ssh-keyscan", "-t", "ed25519", address])).toBe(`${address} ${hostKey}`);
  const other = name === "pve" ? "nas" : "pve";
  const asOther = sshArgv(name, "true", { shared: false }).flatMap(word =>
    word === address ? ["-o", `HostKeyAlias=${other}`, address] : [word],
  );
  const [program = "", ...args] = asOther;
  const { exitCode, stderr } = await execa(program, args, { reject: false });
  expect(exitCode).toBe(255);
  expect(stderr).toContain("Host key verification failed");
});

test("pve takes thin volumes and snapshots that keep what the volume had", async () => {
  const seen = await mustOnHost(
    "pve",
    `set -e; lvcreate -qq -V 256M -T pve/data -n vm-1-disk-0; mkfs.ext4 -q /dev/pve/vm-1-disk-0
     mkdir -p /mnt/volume /mnt/snapshot; mount /dev/pve/vm-1-disk-0 /mnt/volume; echo before >/mnt/volume/file; sync
     lvcreate -qq -s -kn -n vm-1-disk-0_snap pve/vm-1-disk-0; echo after >/mnt/volume/file
     mount -o ro,noload /dev/pve/vm-1-disk-0_snap /mnt/snapshot; cat /mnt/snapshot/file /mnt/volume/file
     umount /mnt/volume /mnt/snapshot; lvremove -qq -y pve/vm-1-disk-0_snap pve/vm-1-disk-0
     lvs --noheadings -o lv_name -S 'lv_name=~^vm-1-disk-0' pve`,
  );
  expect(seen.split(/\s+/).filter(Boolean)).toEqual(["before", "after"]);
});

test("a metric in pve's textfile folder is scraped from its node-exporter", async () => {
  const value = String(Math.floor(Math.random() * 1e9));
  const file = `${readFacts().textfileDir}/hosts-test.prom`;
  await mustOnHost("pve", `cat >${file}.part && mv ${file}.part ${file}`, {
    input: `# TYPE lab_hosts_test gauge\nlab_hosts_test{at="pve"} ${value}\n`,
  });
  const { status, body } = await exchange(`http://${readFacts().pve.address}:9100/metrics`);
  await mustOnHost("pve", `rm ${file}`);
  expect(status).toBe(200);
  const [line = ""] = body.match(/^lab_hosts_test.*$/m) ?? [];
  expect(line).toContain('at="pve"');
  expect(Number(line.split(" ").at(-1))).toBe(Number(value));
});

// The unit as it is deployed, in its sandbox, by the real systemd.
test("a service that runs all the time is active once it watches, and is started anew when it is killed", async () => {
  const job = "nfs-change-tracker";
  const folder = `/opt/holdfast/${job}/current`;
  const files = new Map(
    planOf(parseEstate(exampleEstate()))
      .jobs.filter(({ name }) => name === job)
      .flatMap(releaseFiles)
      .map(({ name, text }) => [name, text]),
  );
  const config = nfsChangeTrackerConfig.parse(JSON.parse(files.get("config.json") ?? ""));
  const fsUuid = readFacts().pve.filesystems["/srv/nfs"] ?? "";
  const watches = config.watches.map(watch => ({ ...watch, mount: { ...watch.mount, fsUuid } }));
  const pushgateway = { url: "http://127.0.0.1:9", timeoutMs: 1_000, attempts: 1 };
  const { text: program } = await bundleRunner(job);
  for (const [path, input] of [
    [`${folder}/${job}.cjs`, program],
    [`${folder}/config.json`, JSON.stringify({ ...config, watches, pushgateway, proveMs: 1_000 })],
    [`/etc/systemd/system/${job}.service`, files.get(`${job}.service`) ?? ""],
  ] as const)
    await mustOnHost("pve", `mkdir -p ${folder} && cat >${path}`, { input });
  // The last 65 bytes of a segment are its seal.
  const journal = `/var/lib/holdfast/${job}/journal/srv/nfs`;
  try {
    const seen = await mustOnHost(
      "pve",
      `systemctl daemon-reload; systemctl start ${job} || { journalctl -n 50 -u ${job}; exit 1; }
       test -s ${journal}/watched && head -c -65 $(ls ${journal}/*.reconcile | tail -n 1) | tr '\\0' '\\n'
       mkdir -p /srv/nfs/photos; echo 1 >/srv/nfs/photos/tracked; until grep -aqs photos ${journal}/*.paths ${journal}/*.reconcile; do sleep 0.5; done
       systemctl kill --kill-whom=main --signal=KILL ${job}
       until [ "$(systemctl show -P NRestarts ${job})" = 1 ] && [ "$(systemctl is-active ${job})" = active ]; do sleep 0.5; done
       systemctl show -P NRestarts ${job}; systemctl stop ${job}; ls ${journal}/watched 2>/dev/null || echo nobody watches
       grep -h ^nfs_change_tracker_up /var/lib/prometheus/node-exporter/${job}.prom`,
    );
    expect(seen.split("\n").filter(Boolean)).toEqual([
      ...[".", "1", "nobody watches", "nfs_change_tracker_up 0"],
    ]);
  } finally {
    await mustOnHost(
      "pve",
      `systemctl stop ${job}; rm -rf /etc/systemd/system/${job}.service /opt/holdfast/${job} /var/lib/holdfast/${job} /srv/nfs/photos/tracked /var/lib/prometheus/node-exporter/${job}.prom; systemctl daemon-reload; systemctl reset-failed`,
    );
  }
});

test("a command that doesn't end is given up in its time, also over the connection that all share", async () => {
  const given = onHost("pve", "sleep 30; touch /run/has-ended", { timeoutMs: 1000 });
  await expect(given).rejects.toThrow("pve: no end after 1 s of: sleep 30");
  await mustOnHost("pve", "test ! -e /run/has-ended");
});

test("a host sees none of this machine's files", async () => {
  const seen = await onHost("pve", "mount -t hostfs none /mnt -o / && ls /mnt; umount /mnt");
  expect(seen.stdout.trim().split("\n")).not.toContain("proc");
});

// test/crashes cuts a host's power again and again.
testLong("after a power cut pve comes back with its disks, its pool and its identity", async () => {
  const facts = readFacts();
  await mustOnHost(
    "pve",
    "set -e; lvcreate -qq -V 64M -T pve/data -n kept; echo whole >/srv/nfs/kept; sync -f /srv/nfs/kept",
  );
  await powerCut("pve");
  expect(hostStatus().find(({ name }) => name === "pve")?.running).toBe(false);
  await startHosts({ say: () => undefined });
  const after =
    "cat /srv/nfs/kept; lvs --noheadings -o lv_name,lv_active pve/kept; rm /srv/nfs/kept; lvremove -qq -y pve/kept";
  expect((await mustOnHost("pve", after)).split(/\s+/).filter(Boolean)).toEqual(["whole", "kept", "active"]);
  expect(await mountedOn("pve")).toMatchObject(facts.pve.filesystems);
  expect(readFacts()).toEqual(facts);
});

const findmnt = z.object({
  filesystems: z.array(z.object({ target: z.string(), uuid: z.string().nullable() })),
});

/** UUID of each real file system but the root disk's, by mount point. */
async function mountedOn(name: "pve" | "nas"): Promise<Record<string, string | null>> {
  const found = await mustOnHost(name, "findmnt --json --list -o TARGET,UUID -t ext4,btrfs");
  const mounts = findmnt.parse(JSON.parse(found)).filesystems.filter(({ target }) => target !== "/");
  return Object.fromEntries(mounts.map(({ target, uuid }) => [target, uuid]));
}

async function inLab(argv: readonly string[]): Promise<string> {
  const [program = "", ...args] = inNamespace(argv);
  return (await execa(program, args)).stdout.trim();
}
