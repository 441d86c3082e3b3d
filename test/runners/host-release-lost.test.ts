import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTime } from "../long";
import { knowingRunner, release, ReleaseHost, timer, unitsOf } from "./release-host";

/** A release that has a unit more than the usual ones. */
const more = [...release(), { name: "extra.timer", text: timer("05") }];

let host: ReleaseHost;
beforeEach(() => {
  host = new ReleaseHost();
});
afterEach(() => host.remove());

const folder = "/opt/holdfast/nfs-mirror";

describe.each(
  inTime(1, [
    ["folder", `rm -r ${folder}/releases/$(basename "$(readlink ${folder}/current)")`],
    ["manifest", `rm ${folder}/current/manifest`],
  ]),
)("where the live release's %s is gone", (_, lose) => {
  beforeEach(async () => {
    await host.deploy(release());
    expect(await host.deploy(more)).toMatchObject({ exitCode: 0 });
    expect(await host.run(lose)).toMatchObject({ exitCode: 0 });
    host.calls();
  });

  test("a destroy ends and removes each unit that was installed", async () => {
    expect(await host.destroy()).toMatchObject({ exitCode: 0 });
    expect(await host.state()).toEqual({ live: "", units: {}, commands: {}, left: ["."] });
    expect(host.calls()).toEqual(
      expect.arrayContaining(["disable --now extra.timer", "disable --now nfs-mirror.timer"]),
    );
  });

  test("an activation removes the unit that its release hasn't, and puts it back if it fails", async () => {
    host.on("daemon-reload", `rm "${host.folder}/on-daemon-reload"; echo busy >&2; exit 1`);
    expect(await host.deploy(release({ hour: "03" }))).toMatchObject({ exitCode: 1 });
    expect((await host.state()).units).toEqual(unitsOf(more));
    expect(host.calls()).toEqual(
      expect.arrayContaining(["enable --now extra.timer", "enable --now nfs-mirror.timer"]),
    );
    expect(await host.deploy(release({ hour: "03" }))).toMatchObject({ exitCode: 0 });
    expect((await host.state()).units).toEqual(unitsOf(release({ hour: "03" })));
  });
});

test("a switch that was killed before it removed a unit leaves that to the next one, or to a destroy", async () => {
  await host.deploy(more);
  host.on("disable", "kill -9 $(ps -o ppid= -p $(ps -o ppid= -p $PPID)) $(ps -o ppid= -p $PPID) $PPID");
  await host.deploy(release({ hour: "03" }));
  host.on("disable", ":");
  expect((await host.state()).units).toHaveProperty(["extra.timer"]);
  const killed = new ReleaseHost();
  await killed.become(host);
  expect(await killed.destroy()).toMatchObject({ exitCode: 0 });
  expect((await killed.state()).units).toEqual({});
  killed.remove();
  expect(await host.deploy(release({ hour: "04" }))).toMatchObject({ exitCode: 0 });
  expect((await host.state()).units).toEqual(unitsOf(release({ hour: "04" })));
});

test("a unit of somebody's own stays, though a release that is kept had one of its name", async () => {
  await host.deploy(more);
  await host.deploy(release({ hour: "03" }));
  writeFileSync(join(host.folder, "units", "extra.timer"), timer("06"));
  await host.run(`rm ${folder}/current/manifest`);
  expect(await host.destroy()).toMatchObject({ exitCode: 0 });
  expect((await host.state()).units).toEqual({ "extra.timer": timer("06") });
});

test("what the lost, or removed, program has begun and not ended holds back one that knows nothing of it", async () => {
  const ignorant = new ReleaseHost(host.folder);
  await ignorant.deploy(release());
  host.runner = knowingRunner;
  await host.deploy(release({ hour: "03" }));
  await host.run(
    "printf '%s\\t%s\\t%s\\n' /record 'a restore that was cut' 'nfs-mirror restore --resume' >/opt/unfinished",
  );
  await host.run(`rm -r ${folder}/releases/$(basename "$(readlink ${folder}/current)")`);
  const refused = {
    exitCode: 1,
    stderr: expect.stringMatching(/knows nothing of .*: a restore that was cut/),
  };
  expect(await host.run(`sh ${folder}/release.sh roll-back`)).toMatchObject(refused);
  expect(await host.run(`sh ${folder}/release.sh remove`)).toMatchObject({ exitCode: 0 });
  expect(await ignorant.deploy(release({ hour: "04" }))).toMatchObject(refused);
  expect((await host.state()).units).toEqual({});
  expect(await host.deploy(release({ hour: "04" }))).toMatchObject({ exitCode: 0 });
});
