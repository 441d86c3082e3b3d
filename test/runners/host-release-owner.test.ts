import { updateScript } from "../../components/host-release/commands";
import { releaseScript } from "../../components/host-release/tools";
import { release, ReleaseHost } from "./release-host";

const one = "organization/holdfast/one";
const two = "organization/holdfast/two";
const ownerFile = "/opt/holdfast/nfs-mirror/owner";
let host: ReleaseHost;
beforeEach(() => {
  host = new ReleaseHost();
});
afterEach(() => host.remove());

const refused = {
  exitCode: 1,
  stderr: expect.stringMatching(
    new RegExp(
      `^nfs-mirror: this host's nfs-mirror belongs to stack ${one}, and this is stack ${two}; nothing was changed\\..* ` +
        `Next: pulumi destroy there; or, to take it over as it runs, on the host: echo ${two} >${ownerFile}; then pulumi up$`,
    ),
  ),
};

test("refuses a second stack's job of the same name, with both names, and its destroy removes nothing", async () => {
  await host.deploy(release());
  const scriptThere = async (): Promise<string> =>
    (await host.run("sha256sum </opt/holdfast/nfs-mirror/release.sh")).stdout;
  const [before, script] = [await host.state(), await scriptThere()];
  host.stack = two;
  const another = `${releaseScript()}# of another version\n`;
  expect(await host.run(updateScript(host.owned, another), another)).toMatchObject(refused);
  expect(await host.stage(release({ hour: "04" }))).toMatchObject(refused);
  expect(await host.activate(release({ hour: "04" }))).toMatchObject(refused);
  host.calls();
  expect(await host.destroy()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(one) });
  expect([await host.state(), await scriptThere()]).toEqual([before, script]);
  expect(host.calls()).toEqual([]);
});

test("lets a stack take a job over as it runs, and the one before it change and remove nothing any more", async () => {
  await host.deploy(release());
  await host.run(`echo ${two} >${ownerFile}`);
  host.stack = two;
  expect(await host.deploy(release({ hour: "04" }))).toMatchObject({ exitCode: 0 });
  const before = await host.state();
  host.stack = one;
  for (const ended of [await host.activate(release()), await host.stage(release())])
    expect(ended).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(`belongs to stack ${two}, and this is stack ${one};`),
    });
  expect(await host.destroy()).toMatchObject({ exitCode: 0 });
  expect(await host.state()).toEqual(before);
  host.stack = two;
  await host.destroy();
  expect(await host.state()).toMatchObject({ live: "", units: {}, left: ["."] });
});

test("puts its name on what it deployed by a version without names; another stack doesn't", async () => {
  await host.deploy(release());
  await host.run(`rm ${ownerFile}`);
  const before = await host.state();
  host.stack = two;
  expect((await host.stage(release())).stderr).toMatch(
    /^nfs-mirror: a release is live here, and no stack's name is on it; nothing was changed\. Next: /,
  );
  expect(await host.state()).toEqual(before);
  host.stack = one;
  expect(await host.run(updateScript(host.owned, releaseScript()), releaseScript())).toMatchObject({
    exitCode: 0,
    stderr: "",
  });
  expect(await host.deploy(release({ hour: "04" }))).toMatchObject({ exitCode: 0 });
  expect((await host.run(`cat ${ownerFile}`)).stdout).toBe(one);
});

test("an owner's file that a loss of power left empty is nobody's name: no other stack gets the job, and its own destroy removes it", async () => {
  await host.deploy(release());
  await host.run(`: >${ownerFile}`);
  host.stack = two;
  expect((await host.stage(release())).stderr).toContain("no stack's name is on it; nothing was changed.");
  host.stack = one;
  expect((await host.activate(release({ hour: "04" }))).stderr).toContain(
    "belongs to stack (none), and this is",
  );
  expect(await host.run(updateScript(host.owned, releaseScript()), releaseScript())).toMatchObject({
    exitCode: 0,
  });
  expect((await host.run(`cat ${ownerFile}`)).stdout).toBe(one);
  await host.run(`: >${ownerFile}`);
  await host.destroy();
  expect(await host.state()).toMatchObject({ live: "", units: {}, left: ["."] });
});

test("gives a job to one of two stacks that come at the same time", async () => {
  const others = [one, two].map(async stack => {
    const other = new ReleaseHost(host.folder);
    other.stack = stack;
    return other.stage(release());
  });
  const ended = await Promise.all(others);
  expect(ended.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
});

test("removes for somebody at the host, whoever it belongs to", async () => {
  await host.deploy(release());
  expect(await host.run("sh /opt/holdfast/nfs-mirror/release.sh remove")).toMatchObject({ exitCode: 0 });
  expect(await host.state()).toMatchObject({ live: "", units: {} });
});
