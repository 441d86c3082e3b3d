import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { releaseCommand, removeFolder } from "../../components/host-release/commands";
import { release, ReleaseHost, unitsOf } from "./release-host";

const deployed = new ReleaseHost();
const names: string[] = [];
let host: ReleaseHost;
beforeAll(async () => {
  for (const hour of ["01", "02", "03"]) names.push((await deployed.deploy(release({ hour }))).stdout);
});
afterAll(() => deployed.remove());
beforeEach(async () => {
  host = new ReleaseHost();
  await host.become(deployed);
});
afterEach(() => host.remove());

const next = release({ hour: "04" });

test("keeps the new release live where an old one can't be deleted, and warns of what is left", async () => {
  const file = `/opt/holdfast/nfs-mirror/releases/${names[0]}/config.json`;
  host.before = `mount --bind ${file} ${file}`;
  host.calls();
  const ended = await host.deploy(next);
  host.before = ":";
  expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[0-9a-f]{12}$/) });
  expect(ended.stderr).toMatch(
    new RegExp(
      `^nfs-mirror: release ${ended.stdout} is live, but the old release ${names[0]} wasn't deleted: .*busy.* Next: `,
    ),
  );
  expect(await host.state()).toMatchObject({ live: `releases/${ended.stdout}`, units: unitsOf(next) });
  expect(host.calls()).toEqual(["daemon-reload", "enable --now nfs-mirror.timer"]);
});

test("keeps the new release live at a SIGTERM while an old one is deleted, and deletes it", async () => {
  signalWhenDeleting(names[0] ?? "");
  host.calls();
  const ended = await host.deploy(next);
  expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
  const state = await host.state();
  expect(state).toMatchObject({ live: `releases/${ended.stdout}`, units: unitsOf(next) });
  expect(state.left).not.toContain(`./holdfast/nfs-mirror/releases/${names[0]}`);
  expect(host.calls()).toEqual(["daemon-reload", "enable --now nfs-mirror.timer"]);
});

test("takes the old units from their release where the names that were kept of them are gone", async () => {
  host.on("enable", `rm "${host.folder}/on-enable"; rm /etc/systemd/system/.*.undo; echo masked >&2; exit 1`);
  const before = await host.state();
  expect(await host.deploy(next)).toMatchObject({ exitCode: 1 });
  expect(await host.state()).toEqual(before);
});

test("leaves the live release where it is when the script alone is replaced, and the job goes with its destroy", async () => {
  const before = await host.state();
  expect(await host.run(removeFolder(host.owned))).toMatchObject({
    exitCode: 0,
    stdout: `nfs-mirror: release ${names[2]} is live, so /opt/holdfast/nfs-mirror stays.`,
  });
  expect(await host.state()).toEqual(before);
  expect(await host.destroy()).toMatchObject({ exitCode: 0 });
  expect(await host.state()).toMatchObject({ live: "", units: {}, left: ["."] });
});

test("a replacement of what is live, which removes the job first, leaves the former release live where the host refuses the next", async () => {
  const before = await host.state();
  const replaceBy = async (files: ReturnType<typeof release>) => {
    expect(await host.run(releaseCommand(host.owned, "remove"))).toMatchObject({ exitCode: 0 });
    host.calls();
    return host.deploy(files);
  };
  const refused = await replaceBy(release({ wrong: true }));
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`Release ${names[2]} runs on.`),
  });
  const putBack = "./holdfast/nfs-mirror/put-back";
  expect(await host.state()).toEqual({ ...before, left: [...before.left, putBack].sort() });
  expect(host.calls()).toEqual(["daemon-reload", "enable --now nfs-mirror.timer"]);
  await leavesEstate();

  // One that doesn't start again is no hindrance to the next.
  host.on("enable", "echo masked >&2; exit 1");
  const off = await replaceBy(release({ wrong: true }));
  expect(off).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Nothing is live yet.") });
  expect(await host.state()).toMatchObject({ live: "", units: {} });
  rmSync(join(host.folder, "on-enable"));
  expect(await host.deploy(next)).toMatchObject({ exitCode: 0, stderr: "" });
  const after = await host.state();
  expect([after.units, after.left.includes(putBack)]).toEqual([unitsOf(next), false]);
});

/** To the engine, what was put back is gone already: as the job leaves the estate, it has the script alone removed. */
async function leavesEstate(): Promise<void> {
  const left = new ReleaseHost();
  await left.become(host);
  expect(await left.run(removeFolder(left.owned))).toMatchObject({ exitCode: 0 });
  expect(await left.state()).toEqual({ live: "", units: {}, commands: {}, left: ["."] });
  expect(left.calls()).toContain("disable --now nfs-mirror.timer");
  left.remove();
}

test("doesn't say that the release runs on where a destroy stopped half way, and a second one ends it", async () => {
  host.on("stop", `rm "${host.folder}/on-stop"; echo "Job timed out" >&2; exit 1`);
  const ended = await host.destroy();
  expect(ended).toMatchObject({ exitCode: 1 });
  expect(ended.stderr).toMatch(
    /wasn't stopped: Job timed out\. What was stopped stays so, and the rest of the job is still there\./,
  );
  expect(await host.destroy()).toMatchObject({ exitCode: 0 });
  expect(await host.state()).toMatchObject({ live: "", units: {}, left: ["."] });
});

/** An `rm` that ends the script above it by SIGTERM when that is about to delete a release. */
function signalWhenDeleting(name: string): void {
  const script = `#!/bin/sh
case "$*" in *releases/${name}*)
  pid=$PPID
  while parent=$(ps -o ppid= -p "$pid" | tr -d ' ') && tr '\\0' ' ' <"/proc/$parent/cmdline" | grep -q '^sh /opt/'; do pid=$parent; done
  kill -TERM "$pid"
esac
exec /bin/rm "$@"
`;
  writeFileSync(join(host.folder, "bin", "rm"), script, { mode: 0o755 });
}
