import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { releaseCommand } from "../../components/host-release/commands";
import { release, ReleaseHost, timer, unitsOf } from "./release-host";

let host: ReleaseHost;
beforeEach(() => {
  host = new ReleaseHost();
});
afterEach(() => host.remove());

test("makes a release live: its folder, the link, the units, and the timer alone is started", async () => {
  const ended = await host.deploy(release());
  expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[0-9a-f]{12}$/), stderr: "" });
  expect(await host.state()).toMatchObject({ live: `releases/${ended.stdout}`, units: unitsOf(release()) });
  expect(host.calls()).toEqual(["daemon-reload", "enable --now nfs-mirror.timer"]);
});

test("leaves everything as it is when the same release is activated again", async () => {
  await host.deploy(release());
  const before = await host.state();
  expect(await host.activate(release())).toMatchObject({ exitCode: 0 });
  expect(await host.state()).toEqual(before);
});

test("keeps the live release and the two before it, and goes back to an earlier one", async () => {
  const names: string[] = [];
  for (const hour of ["01", "02", "03", "04"]) names.push((await host.deploy(release({ hour }))).stdout);
  expect(new Set(names).size).toBe(4);
  expect(releasesIn(await host.state())).toEqual(names.slice(1).sort());
  const back = await host.deploy(release({ hour: "02" }));
  expect(back.stdout).toBe(names[1]);
  expect((await host.state()).live).toBe(`releases/${names[1]}`);
  // The one that was live before stays, though two others are newer by content.
  await host.deploy(release({ hour: "05" }));
  expect(releasesIn(await host.state())).toContain(names[1]);
});

test("makes a damaged release anew, though it is the live one", async () => {
  const { stdout } = await host.deploy(release());
  await host.run("echo '{}' >/opt/holdfast/nfs-mirror/current/config.json");
  expect(await host.activate(release())).toMatchObject({ exitCode: 0, stdout });
  expect((await host.run("cat /opt/holdfast/nfs-mirror/current/config.json")).stdout).toBe('{"wrong":false}');
});

test("takes a staged file that was lost from the live release", async () => {
  await host.deploy(release());
  await host.run("rm -r /opt/holdfast/nfs-mirror/staging");
  expect(await host.activate(release())).toMatchObject({ exitCode: 0 });
});

test("removes a unit that the next release no longer has", async () => {
  await host.deploy([...release(), { name: "nfs-mirror-extra.timer", text: timer("07") }]);
  host.calls();
  expect(await host.deploy(release())).toMatchObject({ exitCode: 0 });
  expect(host.calls()).toContain("disable --now nfs-mirror-extra.timer");
  expect((await host.state()).units).toEqual(unitsOf(release()));
});

test("installs a file that is called like the job as a command of the live release", async () => {
  await host.deploy(release({ command: "one" }));
  expect((await host.state()).commands).toEqual({
    "nfs-mirror": "-> /opt/holdfast/nfs-mirror/current/nfs-mirror",
  });
  expect(await host.run("nfs-mirror")).toMatchObject({ exitCode: 0, stdout: "one" });
  await host.deploy(release({ command: "two" }));
  expect(await host.run("stat -Lc %a /usr/local/bin/nfs-mirror; nfs-mirror")).toMatchObject({
    stdout: "755\ntwo",
  });
});

test("puts a command back that somebody removed, when the same release is activated again", async () => {
  await host.deploy(release({ command: "one" }));
  await host.run("rm /usr/local/bin/nfs-mirror");
  await host.activate(release({ command: "one" }));
  expect(await host.run("nfs-mirror")).toMatchObject({ stdout: "one" });
});

test.each(["the next release", "a destroy"])("removes the command with %s", async by => {
  host.installCommand("other", "foreign");
  await host.deploy(release({ command: "one" }));
  const ended = by === "a destroy" ? await host.destroy() : await host.deploy(release());
  expect(ended).toMatchObject({ exitCode: 0 });
  expect((await host.state()).commands).toEqual({ other: "foreign" });
});

test("destroys units, link and folder, and leaves what others made", async () => {
  const foreign = { "other.service": "[Service]\nExecStart=/bin/true\n" };
  writeFileSync(join(host.folder, "units", "other.service"), foreign["other.service"]);
  const before = await host.state();
  await host.deploy(release());
  host.calls();
  expect(await host.destroy()).toMatchObject({ exitCode: 0 });
  expect(await host.state()).toEqual(before);
  expect(host.calls().slice(0, 1)).toEqual(["disable --now nfs-mirror.timer"]);
});

test("destroys a deployment that never got live", async () => {
  await host.stage(release());
  expect(await host.destroy()).toMatchObject({ exitCode: 0 });
  expect(await host.state()).toMatchObject({ live: "", units: {} });
});

test("converges after a kill -9 in the middle of the switch", async () => {
  await host.deploy(release());
  host.on("daemon-reload", "kill -9 $(ps -o ppid= -p $PPID)");
  const killed = await host.deploy(release({ hour: "04" }));
  expect(killed.exitCode).not.toBe(0);
  host.on("daemon-reload", ":");
  expect(await host.deploy(release({ hour: "05" }))).toMatchObject({ exitCode: 0 });
  expect((await host.state()).units).toEqual(unitsOf(release({ hour: "05" })));
});

test("refuses to activate while another activation runs", async () => {
  await host.deploy(release());
  const before = await host.state();
  host.before = "exec 8</opt/holdfast/nfs-mirror/lock && flock -n 8";
  const ended = await host.activate(release({ hour: "04" }));
  expect(ended).toMatchObject({ exitCode: 1 });
  expect(ended.stderr).toMatch(
    /^nfs-mirror: another activation of this job is running\. Release \w+ runs on\./,
  );
  host.before = ":";
  expect(await host.state()).toEqual(before);
});

test("refuses a name that could be more than a name", async () => {
  await host.deploy(release());
  expect((await host.run(`${releaseCommand(host.owned, "stage")} ../../evil`, "x")).stderr).toMatch(
    /"\.\.\/\.\.\/evil" can't be the name/,
  );
});

function releasesIn(state: { left: string[] }): string[] {
  return state.left.flatMap(path => /releases\/([0-9a-f]{12})$/.exec(path)?.[1] ?? []);
}

test("a long-running service is started, then started anew by each release, also by one that is gone back to, and ended by a destroy", async () => {
  const service = (hour: string) => [
    {
      name: "nfs-mirror.service",
      text: `[Unit]\nDescription=${hour}\n\n[Service]\nType=notify\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n`,
    },
    { name: "config.json", text: "{}" },
  ];
  const [unit, restarted] = [
    "nfs-mirror.service",
    ["daemon-reload", "enable nfs-mirror.service", "restart nfs-mirror.service"],
  ];
  await host.deploy(service("01"));
  expect(host.calls()).toEqual(restarted);
  await host.deploy(service("02"));
  expect(host.calls()).toEqual(restarted);
  // One that doesn't get ready isn't live, and the one before it runs again.
  host.on(
    "restart",
    `grep -q 03 /etc/systemd/system/$2 && { echo "Job for $2 failed" >&2; exit 1; } || exit 0`,
  );
  const failed = await host.deploy(service("03"));
  expect(failed).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`"${unit}" wasn't started: Job for ${unit} failed`),
  });
  expect(host.calls()).toEqual([...restarted, ...restarted]);
  expect((await host.state()).units).toEqual(unitsOf(service("02")));
  expect(await host.run("sh /opt/holdfast/nfs-mirror/release.sh roll-back")).toMatchObject({ exitCode: 0 });
  expect(host.calls()).toEqual(restarted);
  expect((await host.state()).units).toEqual(unitsOf(service("01")));
  await host.destroy();
  expect(host.calls()).toEqual(expect.arrayContaining([`disable --now ${unit}`]));
  expect((await host.state()).units).toEqual({});
});
