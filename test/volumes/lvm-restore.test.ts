import { startHosts } from "../../lab/hosts";
import { exchange, startServers, stopServers, urls } from "../../lab/servers";
import { readFileSync } from "node:fs";
import { credentials } from "../../lab/servers/credentials";
import { long, testLong } from "../long";
import {
  accountOfHost,
  applyWorkload,
  kubeconfig,
  namespace,
  pods,
  podsAreReady,
  removeWorkload,
} from "./restore/cluster";
import {
  install,
  interrupt,
  list,
  makeVolume,
  onPve2,
  removeVolumes,
  restore,
  stateDir,
  unfinishedSeries,
  volumes,
  writeKubeconfig,
} from "./restore/host";

jest.setTimeout(2_700_000);

/** One volume is used by three pods of two workloads, the other by nobody. */
const used = "vm-9999-pvc-restore-test-used";
const idle = "vm-9999-pvc-restore-test-idle";
const mounted = `/run/lab-pods/${used}`;
let snapshot: string;
let idleSnapshot: string;
let token: string;

beforeAll(async () => {
  const say = (): void => undefined;
  await Promise.all([startHosts({ only: ["pve2"], say }), startServers(say)]);
  token = await accountOfHost();
  await removeWorkload(used);
  await removeVolumes();
  await install(kubeconfig(token));
  snapshot = await makeVolume(used);
  idleSnapshot = await makeVolume(idle);
  await applyWorkload(used);
});
afterAll(async () => {
  await removeWorkload(used);
  await removeVolumes();
  await stopServers();
});

/** Removes what the last restore has kept, as its output says. */
async function accept(output: string): Promise<void> {
  const remove = /When all is well: (lvremove \S+)/.exec(output)?.[1];
  if (remove === undefined) throw new Error(`no command to remove the old volume in: ${output}`);
  await onPve2(`${remove} --yes -qq`);
}

const fileOf = (volume: string): Promise<string> =>
  onPve2(`mount -o ro /dev/pve/${volume} /mnt && ls /mnt; umount /mnt`);

test("gives a volume its file back, keeps what it was, and all pods of both workloads run again", async () => {
  await podsAreReady();
  await onPve2(`rm ${mounted}/file; echo later >${mounted}/later; sync`);
  const { exitCode, stdout } = await restore(used, snapshot);
  expect(stdout).toMatch(
    /Deployment restore-test\/web has its 2 pods again; StatefulSet restore-test\/index/,
  );
  expect(exitCode).toBe(0);
  expect(await pods()).toBe("web 2/2, index 1/1");
  expect(await onPve2(`cat ${mounted}/file; ls ${mounted}`)).toBe("then\nfile\nlost+found\n");
  const tags = `lvs --noheadings -o lv_tags pve/${used}`;
  expect((await onPve2(tags)).trim()).toBe("pve-vm-9999");
  const kept = /before is (\S+);/.exec(stdout)?.[1] ?? "";
  expect(await fileOf(kept)).toContain("later");
  await accept(stdout);
});

test("a restore's account can read no secret, and change nothing but the number of pods", async () => {
  const ca = readFileSync(credentials.authority, "utf8");
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/merge-patch+json" };
  const ask = async (method: string, path: string, body?: object): Promise<number> =>
    (
      await exchange(`${urls.kubernetes}${path}`, {
        ...{ method, ca, headers },
        ...(body && { body: JSON.stringify(body) }),
      })
    ).status;
  const web = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
  expect(await ask("GET", web)).toBe(200);
  expect(await ask("GET", "/api/v1/secrets")).toBe(403);
  expect(await ask("GET", `/api/v1/namespaces/${namespace}/configmaps`)).toBe(403);
  expect(await ask("PATCH", web, { spec: { paused: true } })).toBe(403);
  expect(await ask("DELETE", web)).toBe(403);
  expect(await ask("DELETE", `/api/v1/persistentvolumes/pv-${used}`)).toBe(403);
});

test("the wrong snapshot is refused, and nothing is changed: another volume's, a foreign one", async () => {
  const foreign = `${used}_snap_20260101T000000Z`;
  await onPve2(`lvcreate -qq -s -n ${foreign} pve/${used}`);
  const before = await volumes();
  for (const [wrong, why] of [
    [idleSnapshot, `is a snapshot of ${idle}, not of ${used}`],
    [foreign, "its tags don't say so"],
  ] as const) {
    const { exitCode, stdout } = await restore(used, wrong);
    expect(stdout).toContain(why);
    expect(exitCode).toBe(3);
  }
  expect(await volumes()).toBe(before);
  expect(await pods()).toBe("web 2/2, index 1/1");
  await onPve2(`lvremove -qq -y pve/${foreign}`);
});

test("--dry-run names workloads and commands, and changes nothing", async () => {
  const state = (): Promise<string> => onPve2(`ls -R ${stateDir}; cat ${stateDir}/restore/*.json || true`);
  const before = (await volumes()) + (await state());
  const { exitCode, stdout } = await restore(used, snapshot, "--dry-run");
  expect(stdout).toMatch(/scale-down +Deployment restore-test\/web from 2 pods to 0/);
  expect(stdout).toMatch(/scale-down +StatefulSet restore-test\/index from 1 pod to 0/);
  expect(stdout).toMatch(/put-snapshot .*lvcreate/);
  expect(exitCode).toBe(0);
  expect((await volumes()) + (await state())).toBe(before);
});

test("an API that is away: refused, unless the operator says that nothing uses the volume, which is looked at", async () => {
  const before = await volumes();
  await writeKubeconfig(kubeconfig(token, "https://10.77.0.1:1"));
  const { exitCode, stdout } = await restore(used, snapshot);
  expect(stdout).toContain("the Kubernetes API can't be asked");
  expect(exitCode).toBe(3);
  const open = await restore(used, snapshot, "--no-workload");
  expect(open.stdout).toContain("is in use, and --no-workload says that nothing uses it");
  expect(open.exitCode).toBe(3);
  expect(await volumes()).toBe(before);
  await writeKubeconfig(kubeconfig(token));
});

test.each([
  { held: "a file of it", path: `${mounted}/file`, why: /pods? not ended yet: \S+.*, still after 8 s/ },
  { held: "its device", path: `/dev/pve/${used}`, why: /is open on pve2, still after 8 s/ },
])("a volume is not swapped while $held is open: its pods are scaled back", async ({ path, why }) => {
  await podsAreReady();
  const holder = await onPve2(`setsid sleep 300 <${path} >/dev/null 2>&1 & echo $!`);
  const { exitCode, stdout } = await restore(used, snapshot, "--wait", "8");
  expect(stdout).toMatch(why);
  expect(stdout).toContain("is as it was; Deployment restore-test/web is scaled back to 2; StatefulSet");
  expect(exitCode).toBe(1);
  await onPve2(`kill ${holder.trim()}`);
  await podsAreReady();
});

/** Each time killed as soon as it tells of this, then gone on with. */
async function endAt(steps: readonly string[], ...words: readonly string[]): Promise<void> {
  for (const step of steps)
    expect(await interrupt(step, "KILL", used, ...words)).toMatch(/^ended with 137$/m);
}

test("killed at its steps, and each time gone on with: it ends as if nothing had been", async () => {
  await podsAreReady();
  await onPve2(`echo later >${mounted}/later; sync`);
  await endAt(["waits up to"], snapshot);
  await endAt(long ? ["lvrename", "lvcreate", "back to 2"] : ["lvcreate"], "--resume");
  // Whatever killed it: monitoring knows of it, and the list says what to type.
  expect(await unfinishedSeries()).toContain(`{volume="${used}",snapshot="${snapshot}"}`);
  expect(await list()).toContain(`Next: lvm-pvc-snapshot restore ${used} --resume`);
  const { exitCode, stdout } = await restore(used, "--resume");
  expect(stdout).not.toContain("fault in the runner");
  expect(exitCode).toBe(0);
  expect(await pods()).toBe("web 2/2, index 1/1");
  expect(await onPve2(`ls ${mounted}`)).toBe("file\nlost+found\n");
  expect(await unfinishedSeries()).not.toContain(used);
  await accept(stdout);
});

test("stopped on its way and rolled back, killed at the steps of that: all is as it was, and nothing is left", async () => {
  await podsAreReady();
  await onPve2(`echo later >${mounted}/later; sync`);
  const before = await volumes();
  const stopped = await interrupt("lvcreate", "TERM", used, snapshot);
  expect(stopped).toMatch(/^ended with 143$/m);
  expect(stopped).toMatch(/--resume {3}\(or back: .* --rollback\)/);
  await endAt(
    long ? ["moves the restored volume aside", "its name back", "back to 2"] : ["its name back"],
    "--rollback",
  );
  const { exitCode, stdout } = await restore(used, "--rollback");
  expect(stdout).not.toContain("fault in the runner");
  expect(exitCode).toBe(0);
  expect(await pods()).toBe("web 2/2, index 1/1");
  expect(await onPve2(`ls ${mounted}`)).toBe("file\nlater\nlost+found\n");
  expect(await volumes()).toBe(before);
});

// lvm-pvc-snapshot.test.ts has a second one at the same time, by the same lock.
testLong("two at once: the second is refused and changes nothing", async () => {
  const runs = await Promise.all([
    restore(idle, idleSnapshot, "--no-workload"),
    restore(idle, idleSnapshot, "--no-workload"),
  ]);
  expect(runs.map(({ exitCode }) => exitCode).sort()).toEqual([0, 75]);
  const output = runs.map(({ stdout }) => stdout).join("");
  expect(output).toContain("another run holds the lock");
  await accept(output);
  expect(await volumes()).not.toContain("before_restore");
});
