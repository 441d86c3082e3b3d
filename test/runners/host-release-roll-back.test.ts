import { inTime, testLong } from "../long";
import { knowingRunner, release, ReleaseHost, unitsOf } from "./release-host";

const deployed = new ReleaseHost();
const names: string[] = [];
let host: ReleaseHost;
beforeAll(async () => {
  for (const hour of ["01", "02", "03"])
    names.push((await deployed.deploy(release({ hour, command: hour }))).stdout);
});
afterAll(() => deployed.remove());
beforeEach(async () => {
  host = new ReleaseHost();
  await host.become(deployed);
});
afterEach(() => host.remove());

const script = "sh /opt/holdfast/nfs-mirror/release.sh";

test("makes the release live again that was live before, with its units and command", async () => {
  const ended = await host.run(`${script} roll-back`);
  expect(ended).toMatchObject({
    exitCode: 0,
    stderr: "",
    stdout: expect.stringMatching(
      `^nfs-mirror: release ${names[1]} is live in place of ${names[2]}\\. pulumi up leaves it so until`,
    ),
  });
  expect(host.calls()).toEqual(["daemon-reload", "enable --now nfs-mirror.timer"]);
  expect(await host.state()).toMatchObject({
    live: `releases/${names[1]}`,
    units: unitsOf(release({ hour: "02" })),
  });
  expect((await host.run("nfs-mirror")).stdout).toBe("02");
});

test("goes back to a release by name, and forward again; the next activation makes its own live", async () => {
  expect(await host.run(`${script} roll-back ${names[0]}`)).toMatchObject({ exitCode: 0 });
  expect((await host.state()).live).toBe(`releases/${names[0]}`);
  expect(await host.run(`${script} roll-back`)).toMatchObject({ exitCode: 0 });
  expect((await host.state()).live).toBe(`releases/${names[2]}`);
  await host.run(`${script} roll-back ${names[0]}`);
  const { stdout } = await host.deploy(release({ hour: "04" }));
  const { live, left } = await host.state();
  expect(live).toBe(`releases/${stdout}`);
  // The two that were live before it stay.
  for (const name of [names[0], names[2]]) expect(left).toContain(`./holdfast/nfs-mirror/releases/${name}`);
  expect(left).not.toContain(`./holdfast/nfs-mirror/releases/${names[1]}`);
});

test("lists what is kept, and what isn't as the live release has it", async () => {
  await host.run(`${script} roll-back ${names[1]}`);
  const listed = async () => (await host.run(`${script} list`)).stdout.split("\n");
  const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";
  const lines = await listed();
  expect(lines).toEqual([
    "stack organization/holdfast/one",
    expect.stringMatching(`^live ${names[1]} ${time}$`),
    expect.stringMatching(`^kept ${names[2]} ${time}$`),
    expect.stringMatching(`^kept ${names[0]} ${time}$`),
    `left ${names[2]}`,
  ]);
  await host.run(
    "echo >>/etc/systemd/system/nfs-mirror.service; echo x >>/opt/holdfast/nfs-mirror/current/config.json",
  );
  host.on("is-enabled", "exit 1");
  expect((await listed()).slice(5)).toEqual([
    "fault \"/etc/systemd/system/nfs-mirror.service\" isn't the release's",
    'fault "nfs-mirror.timer" isn\'t enabled',
    "fault a file of the live release is damaged",
  ]);
});

test("lists what keeps a unit from starting as it was deployed, and what to do", async () => {
  const service = "LoadCredential=key:/opt/credentials/key\n";
  await host.run("mkdir /opt/credentials; touch /opt/credentials/key");
  await host.deploy(release({ hour: "05", service }));
  const faults = async () =>
    (await host.run(`${script} list`)).stdout.split("\n").filter(line => line.startsWith("fault"));
  expect(await faults()).toEqual([]);
  await host.run("rm /opt/credentials/key");
  host.on("is-active", "exit 3");
  host.on("show", "case $* in *.service) echo /etc/systemd/system/nfs-mirror.service.d/mine.conf ;; esac");
  expect(await faults()).toEqual([
    `fault "nfs-mirror.service" can't start: "/opt/credentials/key" isn't there. Next: pulumi up --replace '**::nfs-mirror-*-credential-key-file'`,
    'fault "nfs-mirror.service" is changed by /etc/systemd/system/nfs-mirror.service.d/mine.conf. Next: systemctl cat nfs-mirror.service',
    'fault "nfs-mirror.timer" isn\'t active. Next: systemctl start nfs-mirror.timer',
  ]);
});

test("knows which release was live before, whatever the clock said", async () => {
  const kept = async () =>
    (await host.run(`${script} list`)).stdout
      .split("\n")
      .flatMap(line => /^kept (\w+)/.exec(line)?.[1] ?? []);
  await host.run(`touch -d 2040-01-01 /opt/holdfast/nfs-mirror/releases/${names[0]}`);
  expect(await kept()).toEqual([names[1], names[0]]);
  await host.deploy(release({ hour: "04" }));
  expect(await kept()).toEqual([names[2], names[1]]);
});

test("a release that was rolled back isn't made live again by an activation of that very one, but by name", async () => {
  await host.run(`${script} roll-back`);
  const again = await host.deploy(release({ hour: "03", command: "03" }));
  expect(again).toMatchObject({ exitCode: 0, stdout: names[1] });
  expect(again.stderr).toMatch(
    `release ${names[2]} was rolled back, so ${names[1]} runs on. Next: mend the estate`,
  );
  expect((await host.state()).live).toBe(`releases/${names[1]}`);
  const { stdout: mended } = await host.deploy(release({ hour: "04" }));
  expect((await host.state()).live).toBe(`releases/${mended}`);
  expect((await host.deploy(release({ hour: "03", command: "03" }))).stdout).toBe(names[2]);
  expect((await host.state()).live).toBe(`releases/${names[2]}`);
});

// cli-releases.test.ts has the replacement after a roll-back.
testLong("nor by a replacement of the live one, which removes the job first", async () => {
  await host.run(`${script} roll-back`);
  const units = unitsOf(release({ hour: "02" }));
  const replaced = async () => {
    expect(await host.run(`${script} remove`)).toMatchObject({ exitCode: 0 });
    return host.deploy(release({ hour: "03", command: "03" }));
  };
  expect(await replaced()).toMatchObject({ exitCode: 0, stdout: names[1] });
  expect(await host.state()).toMatchObject({ live: `releases/${names[1]}`, units });
  expect((await host.run(`${script} list`)).stdout).toContain(`left ${names[2]}`);

  // Where the good one is lost nothing is live, until somebody names one.
  await host.run(`rm /opt/holdfast/nfs-mirror/releases/${names[1]}/config.json`);
  const lost = await replaced();
  expect(lost).toMatchObject({ exitCode: 1, stdout: "" });
  expect(lost.stderr).toMatch(/aren't those that were deployed\. Nothing is live yet\. Next: another one of/);
  expect(await host.run(`${script} roll-back`)).toMatchObject({ exitCode: 1 });
  expect(await host.run(`${script} roll-back ${names[2]}`)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining(`release ${names[2]} is live in place of none.`),
  });
  expect((await host.run(`${script} list`)).stdout).not.toContain("left ");
});

// Who goes back once is tested above.
testLong("who goes back twice has gone back from what was deployed last", async () => {
  await host.run(`${script} roll-back`);
  await host.run(`${script} roll-back ${names[0]}`);
  expect((await host.run(`${script} list`)).stdout).toContain(`left ${names[2]}`);
  const again = await host.deploy(release({ hour: "03", command: "03" }));
  expect(again).toMatchObject({ exitCode: 0, stdout: names[0] });
  expect((await host.state()).live).toBe(`releases/${names[0]}`);
});

// Back and forward again goes above, by name.
testLong("who goes back and forward again has gone back from nothing", async () => {
  await host.run(`${script} roll-back`);
  await host.run(`${script} roll-back ${names[2]}`);
  expect((await host.run(`${script} list`)).stdout).not.toContain("left ");
  expect(await host.deploy(release({ hour: "02", command: "02" }))).toMatchObject({ stdout: names[1] });
  expect((await host.state()).live).toBe(`releases/${names[1]}`);
});

test("one that is killed after the switch is known: the next activation doesn't make what was left live again", async () => {
  // The script itself, which waits for a time limit's program in a shell of its own.
  host.on("enable", "waiting=$(ps -o ppid= -p $PPID); kill -9 $(ps -o ppid= -p $waiting) $waiting $PPID");
  await host.run(`${script} roll-back`);
  host.on("enable", "exit 0");
  expect((await host.state()).live).toBe(`releases/${names[1]}`);
  expect(await host.deploy(release({ hour: "03", command: "03" }))).toMatchObject({ stdout: names[1] });
  expect((await host.state()).live).toBe(`releases/${names[1]}`);
});

// One that fails leaves the live release, below.
testLong("one that fails leaves what was noted before", async () => {
  await host.run(`${script} roll-back`);
  host.on("enable", "exit 1");
  expect(await host.run(`${script} roll-back ${names[0]}`)).toMatchObject({ exitCode: 1 });
  host.on("enable", "exit 0");
  expect((await host.run(`${script} list`)).stdout).toContain(`left ${names[2]}`);
  const { left } = await host.state();
  expect(left.filter(name => name.includes("rolled-back."))).toEqual([]);
});

test("doesn't go back where the disk has no room to note what was gone back from", async () => {
  host.before = `cp -a /opt/holdfast "${host.folder}/copy" && mount -t tmpfs -o size=300k tmpfs /opt/holdfast &&
    cp -a "${host.folder}/copy"/. /opt/holdfast && rm -r "${host.folder}/copy" && { cat /dev/zero >/opt/holdfast/filler 2>/dev/null || :; }`;
  const ended = await host.run(`${script} roll-back; echo "$? $(readlink /opt/holdfast/nfs-mirror/current)"`);
  expect(ended.stdout).toBe(`1 releases/${names[2]}`);
  expect(ended.stderr).toMatch(
    /it wasn't noted what was gone back from: .* Release \w+ runs on\. Next: df -h/,
  );
});

test("a script that is called by a folder with a slash at its end is the job's", async () => {
  expect((await host.run("sh /opt/holdfast/nfs-mirror//release.sh list")).stdout).toMatch(/^live /m);
  expect(await host.run("sh /opt/holdfast/nfs-mirror//release.sh remove")).toMatchObject({ exitCode: 0 });
  expect(await host.state()).toMatchObject({ live: "", units: {}, commands: {} });
});

test.each(
  inTime(3, [
    ["a release that isn't kept", "", "0123456789ab", /no release "0123456789ab" is kept\./],
    ["the live release", "", "LIVE", /is the live release\./],
    ["a damaged release", "echo x >>RELEASE/config.json", "OLD", /aren't those that were deployed\./],
    ["a path", "", "../releases", /no release "\.\.\/releases" is kept\./],
    [
      "a release whose runner is gone",
      "rm RELEASE/nfs-mirror.cjs",
      "OLD",
      /aren't those that were deployed\./,
    ],
  ]),
)("refuses %s, and the live release runs on", async (_, arrange, word, cause) => {
  const [old = "", live = ""] = [names[0], names[2]];
  await host.run(arrange.replace("RELEASE", `/opt/holdfast/nfs-mirror/releases/${old}`) || ":");
  const before = await host.state();
  host.calls();
  const ended = await host.run(`${script} roll-back ${word.replace("LIVE", live).replace("OLD", old)}`);
  expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(cause) });
  expect(ended.stderr).toContain(`Release ${live} runs on.`);
  expect(await host.state()).toEqual(before);
  expect(host.calls()).toEqual([]);
});

test("refuses a release whose secret is no longer on the host", async () => {
  const needing = release({
    hour: "05",
    service: "LoadCredential=key:/opt/credentials/key\n",
  });
  await host.run("mkdir /opt/credentials; touch /opt/credentials/key");
  await host.deploy(needing);
  await host.deploy(release({ hour: "06" }));
  await host.run("rm /opt/credentials/key");
  const before = await host.state();
  const ended = await host.run(`${script} roll-back`);
  expect(ended).toMatchObject({ exitCode: 1 });
  expect(ended.stderr).toMatch(/"\/opt\/credentials\/key", which "nfs-mirror\.service" loads, isn't there\./);
  expect(await host.state()).toEqual(before);
});

test("keeps the live release when the old one doesn't start", async () => {
  const before = await host.state();
  host.on("enable", `rm "${host.folder}/on-enable"; echo masked >&2; exit 1`);
  const ended = await host.run(`${script} roll-back`);
  expect(ended).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/wasn't started: masked\. Release \w+ runs on\./),
  });
  expect(await host.state()).toEqual(before);
});

test("a folder of somebody's own beside the releases is none, takes no release away by its words, and stays", async () => {
  const releases = "/opt/holdfast/nfs-mirror/releases";
  await host.run(`cp -a ${releases}/${names[1]} "${releases}/copy of ${names[2]}"; mkdir ${releases}/mine`);
  const newest = (await host.deploy(release({ hour: "04" }))).stdout;
  const lines = (await host.run(`${script} list`)).stdout
    .split("\n")
    .filter(line => /^(live|kept)/.test(line));
  expect(lines.map(line => line.split(" ")[1])).toEqual([newest, names[2], names[1]]);
  const kept = (await host.run(`ls ${releases}`)).stdout.split("\n");
  expect(kept).toEqual(expect.arrayContaining([`copy of ${names[2]}`, "mine", names[2]]));
});

test("goes back where the live release's folder is gone, which is told with what to type", async () => {
  await host.run(`rm -rf /opt/holdfast/nfs-mirror/releases/${names[2]}`);
  const { stdout } = await host.run(`${script} list`);
  expect(stdout).toContain(`fault the live release ${names[2]} isn't there. Next: ${script} roll-back`);
  expect(await host.run(`${script} roll-back`)).toMatchObject({ exitCode: 0 });
  expect((await host.state()).live).toBe(`releases/${names[1]}`);
});

test("a program that knows nothing of what the live one has begun and not ended isn't made live, by whatever way", async () => {
  host.runner = knowingRunner;
  const live = (await host.deploy(release({ hour: "04" }))).stdout;
  const record = "/var/lib/holdfast/nfs-mirror/restores/1.json";
  const begun = `${record}\ta restore of paperless that was cut\tnfs-mirror restore --resume -- paperless   (or: --rollback)`;
  await host.run("cat >/opt/unfinished", `${begun}\n`);
  const before = await host.state();
  const older = new ReleaseHost(host.folder);
  for (const refused of [
    await host.run(`${script} roll-back`),
    await older.deploy(release({ hour: "05" })),
  ]) {
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /^nfs-mirror: release \w{12} knows nothing of .*: a restore of paperless that was cut \(\/var\/lib\/.*1\.json\)\. Release \w{12} runs on\. Next: nfs-mirror restore --resume -- paperless {3}\(or: --rollback\); then the same again$/,
    );
  }
  expect(await host.state()).toEqual(before);

  // Another config of the same program, and another program that knows of it.
  const mended = await host.deploy(release({ hour: "06" }));
  expect(mended).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await host.run(`${script} roll-back ${live}`)).toMatchObject({ exitCode: 0 });
  host.runner = `${knowingRunner}// a later version`;
  expect(await host.deploy(release({ hour: "06" }))).toMatchObject({ exitCode: 0, stderr: "" });
  await host.run("rm /opt/unfinished");
  expect(await older.deploy(release({ hour: "05" }))).toMatchObject({ exitCode: 0 });
});
