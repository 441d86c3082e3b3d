import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parseEstate, planOf } from "../../plan";
import { restoreSteps, restoreText } from "../../plan/graph/restore-steps";
import { estate } from "../../stacks/homelab/estate";
import { type MountNamespace, mountNamespace } from "./support/namespace";
import { createPoolWorld } from "./support/pool-world";
import { useRsyncTools } from "./support/rsync-tools";
import { createWorld } from "./support/world";

// What `holdfast lose` prints is run as it is printed, on what the runners themselves have made.

jest.setTimeout(120_000);

const plan = planOf(parseEstate(estate));

/** What is printed for the copy that came by these jobs, the last one into a folder of such a name. */
function printed(service: string, folder: string, ...jobs: readonly string[]): string {
  const copy = plan.copies.find(
    ({ dataset, way, location }) =>
      dataset.service === service &&
      way.jobs.map(({ name }) => name).join() === jobs.join() &&
      location.path.includes(`/${folder}`),
  );
  if (!copy) throw new Error(`no copy of ${service} by ${jobs.join(", ")} in ${folder}`);
  return restoreText(restoreSteps(copy));
}

let folder: string;
let namespace: MountNamespace;
let undo: () => void;

beforeEach(async () => {
  // In memory: each generation is synced.
  folder = mkdtempSync("/dev/shm/holdfast-restore-");
  for (const name of ["bin", "disk", "volume", "nas"]) mkdirSync(join(folder, name));
  undo = await useRsyncTools(join(folder, "bin"));
  namespace = await mountNamespace();
});
afterEach(async () => {
  await namespace.close();
  undo();
  rmSync(folder, { recursive: true, force: true });
});

/** Folders of this test take the places that they have on a host: the backup disk, a mounted volume, a home of root's. */
async function asOnAHost(): Promise<void> {
  for (const path of ["/mnt", "/srv"]) await namespace.run("mount", "-t", "tmpfs", "none", path);
  await namespace.run("mkdir", "-p", "/mnt/backup", "/mnt/restore", "/srv/nfs");
  await namespace.run("mount", "--bind", join(folder, "disk"), "/mnt/backup");
}

interface Pasted {
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Pasted into a shell of the host. */
async function paste(text: string, environment: readonly string[] = []): Promise<Pasted> {
  const [enter = "", ...rest] = namespace.inside(["env", ...environment, "bash", "--norc", "-c", text]);
  return execa(enter, rest, { reject: false });
}

test("a service's tree comes back from the mirror", async () => {
  const world = await createWorld();
  try {
    mkdirSync(join(world.source, "navidrome"));
    writeFileSync(join(world.source, "navidrome/song"), "la");
    const ended = await world.start(["--accept", "."]).finished;
    expect(ended.status).toBe(0);
    cpSync(world.target, join(folder, "disk"), { recursive: true });
  } finally {
    await world.close();
  }
  await asOnAHost();
  expect(await paste(printed("navidrome", "navidrome", "nfs-mirror"))).toMatchObject({ exitCode: 0 });
  expect(await namespace.run("cat", "/srv/nfs/navidrome/song")).toBe("la");
});

test("a volume's newest snapshot is found by its claim, and the list prints a restore that the runner takes", async () => {
  const world = await createPoolWorld();
  try {
    world.add("vm-9-pvc-a");
    world.add("vm-9-pvc-b");
    world.writeMap({
      "vm-9-pvc-a": { namespace: "nextcloud", name: "nextcloud" },
      "vm-9-pvc-b": { namespace: "shop", name: "data" },
    });
    const older = world.addSnapshot("vm-9-pvc-a", 86_400_000);
    expect(await world.snapshot()).toMatchObject({ status: 0 });
    const newest = world.names().find(name => name.startsWith("vm-9-pvc-a_snap_") && name !== older);
    // The wrapper on the host gives the config; all else is the words as a shell splits them.
    const words = async (text: string): Promise<string[]> => {
      const { stdout } = await execa("bash", ["-c", `lvm-pvc-snapshot() { printf '%s\\n' "$@"; }; ${text}`]);
      return stdout.split("\n");
    };
    const restore = await words(printed("nextcloud", "snapshots", "lvm-pvc-snapshot"));
    expect(restore).toEqual(["restore", "nextcloud/nextcloud"]);
    // There is no cluster here whose workloads could be asked for.
    const dry = ["--dry-run", "--no-workload"];
    const ended = await world.snapshot(...restore, ...dry);
    expect(ended).toMatchObject({ status: 0 });
    expect(ended.output).toContain(`the volume vm-9-pvc-a, and its snapshot ${newest}`);
    const at = new Date(Date.now() - 3_600_000).toISOString();
    expect((await world.snapshot(...restore, "--at", at, ...dry)).output).toContain(`snapshot ${older}`);
    const list = await world.snapshot("list", "nextcloud/nextcloud");
    const [, named = ""] = /: (lvm-pvc-snapshot restore .*)$/m.exec(list.output) ?? [];
    expect(named).toMatch(/ vm-9-pvc-a vm-9-pvc-a_snap_/);
    expect(await world.snapshot(...(await words(named)), ...dry)).toMatchObject({ status: 0 });
    expect(await world.snapshot("restore", "shop/nothing")).toMatchObject({
      status: 3,
      output: expect.stringContaining("Next: lvm-pvc-snapshot list"),
    });
  } finally {
    await world.close();
  }
});
