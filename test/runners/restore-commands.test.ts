import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { versionsAnswer } from "../../plan/contracts/versions";
import { parseEstate, planOf } from "../../plan";
import { restoreSteps, restoreText } from "../../plan/graph/restore-steps";
import { estate } from "../../stacks/homelab/estate";
import { createPoolWorld } from "./support/pool-world";
import { differences, snapshot } from "./support/tree";
import { createWorld } from "./support/world";

// What `holdfast lose` prints is run as it is printed, on what the runners themselves have made.

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

test("a service is what the mirror has again, and what was there is kept", async () => {
  const world = await createWorld();
  try {
    world.installCommand();
    const song = join(world.source, "navidrome/album/song");
    mkdirSync(join(world.source, "navidrome/album"), { recursive: true });
    writeFileSync(song, "la");
    await world.inside(
      "setfattr",
      "-n",
      "user.mood",
      "-v",
      "blue",
      join(world.config.source.path, "navidrome"),
    );
    await world.inside("chown", "-R", "1000:1001", join(world.config.source.path, "navidrome"));
    const place = join(world.config.source.path, "navidrome");
    const before = await snapshot(world, place);
    expect(await world.start().finished).toMatchObject({ status: 0 });
    writeFileSync(song, "ransom");
    writeFileSync(join(world.source, "navidrome/README"), "pay");
    // The lines for people have a # in front, and a shell passes over them.
    await world.inside("bash", "-c", printed("navidrome", "navidrome", "nfs-mirror"));
    expect(differences(before, await snapshot(world, place))).toEqual([]);
    const kept = await world.inside(
      "sh",
      "-c",
      `cat ${world.config.source.path}/.holdfast-restore/*/navidrome/README`,
    );
    expect(kept).toBe("pay");
  } finally {
    await world.close();
  }
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
    const told = await world.snapshot("list", "--versions", "--json");
    const [line = ""] = /^\{.*"versions".*\}$/m.exec(told.output) ?? [];
    const versions = versionsAnswer.parse(JSON.parse(line)).versions;
    expect(versions.map(({ of }) => of)).toEqual(["nextcloud/nextcloud", "nextcloud/nextcloud", "shop/data"]);
    const picked = await world.snapshot(...restore, ...(versions[1]?.pick ?? []), ...dry);
    expect(picked.output).toContain(`snapshot ${older}`);
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

test("a volume's files go into the volume that its claim has, unless it isn't there, or its pool has no room", async () => {
  const world = await createPoolWorld();
  try {
    world.add("vm-9-pvc-a");
    world.writeMap({ "vm-9-pvc-a": { namespace: "nextcloud", name: "nextcloud" } });
    await world.onDisk("pvc-data/2026-22/nextcloud/nextcloud", "echo kept >file");
    const text = printed("nextcloud", "pvc-data", "lvm-pvc-snapshot", "daily-backup");
    expect(text).toBe("# on pve:\ndaily-backup restore nextcloud/nextcloud");
    const words = text.split(/\s/).slice(4);
    const dry = await world.backup(...words, "--dry-run");
    expect(dry).toMatchObject({ status: 0 });
    expect(dry.output).toContain("would keep pve/vm-9-pvc-a as it is by a snapshot");
    expect(world.names()).toEqual(["vm-9-pvc-a"]);
    // The pool has 64 MiB.
    await world.onDisk("pvc-data/2026-22/nextcloud/nextcloud", "fallocate -l 60M large");
    const full = await world.backup(...words);
    expect(full).toMatchObject({ status: 3 });
    expect(full.output).toContain("the copy may need 60 MiB more");
    world.remove("vm-9-pvc-a");
    const gone = await world.backup(...words);
    expect(gone).toMatchObject({ status: 3 });
    expect(gone.output).toContain("the volume of nextcloud/nextcloud, vm-9-pvc-a, is not there");
  } finally {
    await world.close();
  }
});
