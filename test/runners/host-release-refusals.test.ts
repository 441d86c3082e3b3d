import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { installScript } from "../../components/host-release/commands";
import { releaseScript } from "../../components/host-release/tools";
import { inTime } from "../long";
import { release, ReleaseHost } from "./release-host";

/** With a release that is live. */
const running = new ReleaseHost();
let live: string;
let host: ReleaseHost;
beforeAll(async () => {
  live = (await running.deploy(release())).stdout;
});
afterAll(() => running.remove());
beforeEach(() => {
  host = new ReleaseHost();
});
afterEach(() => host.remove());

const next = release({ hour: "04" });
const fakeNode = (text: string) => `printf '#!/bin/sh\\n%s\\n' '${text}' >/run/node && chmod +x /run/node`;

interface Refusal {
  readonly name: string;
  readonly files?: ReturnType<typeof release>;
  /** What is wrong with the host. */
  readonly arrange?: (host: ReleaseHost) => void;
  readonly cause: RegExp;
}

const refusals: Refusal[] = [
  {
    name: "a unit that systemd can't read",
    files: release({ service: "NoSuchKey=1\n" }),
    cause:
      /systemd refuses the units: .*Unknown key name 'NoSuchKey'|systemd refuses the units: .*Unknown key 'NoSuchKey'/,
  },
  {
    name: "a config that the runner refuses",
    files: release({ wrong: true }),
    cause: /the runner refuses its config: config\.wrong: expected nothing\./,
  },
  {
    name: "a Node that is too old",
    arrange: changed => bindNode(changed, "echo v18.13.0"),
    cause: /Node missing or too old: \/usr\/bin\/node is v18\.13\.0, 18\.19 or newer is needed\./,
  },
  {
    name: "a timer that doesn't start",
    arrange: changed => failOnce(changed, "enable", "Failed to enable unit: it is masked"),
    cause: /"nfs-mirror\.timer" wasn't started: Failed to enable unit: it is masked\./,
  },
  {
    name: "a SIGTERM after the switch",
    arrange: changed =>
      changed.on(
        "daemon-reload",
        `rm "${changed.folder}/on-daemon-reload"; kill -TERM $(ps -o ppid= -p $PPID)`,
      ),
    cause: /the activation was stopped by a signal\./,
  },
  {
    name: "a calendar that doesn't exist",
    files: release({ hour: "25" }),
    cause: /systemd refuses the units: /,
  },
  {
    name: "a Node that doesn't start",
    arrange: changed => bindNode(changed, "exit 127"),
    cause: /Node missing or too old: no working \/usr\/bin\/node/,
  },
  {
    name: "a systemd that doesn't reload",
    arrange: changed => failOnce(changed, "daemon-reload", "Failed to reload daemon: timed out"),
    cause: /systemd doesn't reload: Failed to reload daemon: timed out\./,
  },
];

// The last ones are another fault that the same step tells.
test.each(inTime(5, refusals))(
  "lets the old release run on for $name",
  async ({ files = next, arrange, cause }) => {
    await host.become(running);
    const before = await host.state();
    arrange?.(host);
    const ended = await host.deploy(files);
    host.before = ":";
    expect(ended.exitCode).not.toBe(0);
    expect(ended.stderr).toMatch(cause);
    expect(ended.stderr).toMatch(/^nfs-mirror: /);
    expect(ended.stderr).toContain(`Release ${live} runs on.`);
    expect(await host.state()).toEqual(before);
  },
);

// Why each is refused is tested above; nothing is live here, and undone the same way.
test.each(inTime(2, refusals))(
  "leaves nothing behind where $name meets the first release",
  async ({ files = next, arrange, cause }) => {
    arrange?.(host);
    const ended = await host.deploy(files);
    host.before = ":";
    expect(ended.stderr).toMatch(cause);
    expect(ended.stderr).toContain("Nothing is live yet.");
    expect(await host.state()).toEqual({
      live: "",
      units: {},
      commands: {},
      left: [
        "",
        "/holdfast",
        "/holdfast/nfs-mirror",
        "/holdfast/nfs-mirror/lock",
        "/holdfast/nfs-mirror/owner",
        "/holdfast/nfs-mirror/release.sh",
        "/holdfast/nfs-mirror/releases",
      ].map(path => `.${path}`),
    });
  },
);

test.each(["a live release", "a new host"])("doesn't put half a script in place on %s", async where => {
  if (where === "a live release") await host.become(running);
  const before = await host.state();
  const script = releaseScript();
  const end = script.indexOf("\ncase ${1:-} in\n  stage)");
  const ended = await host.run(installScript(host.owned, script), script.slice(0, end));
  expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("came in part") });
  expect((await host.run("cat /opt/holdfast/nfs-mirror/release.sh")).stdout).toBe(
    where === "a live release" ? script.trimEnd() : "",
  );
  if (where === "a live release") expect(await host.state()).toEqual(before);
});

test("starts the old timer again after one that doesn't start", async () => {
  await host.become(running);
  failOnce(host, "enable", "masked");
  host.calls();
  await host.deploy(next);
  expect(host.calls()).toEqual([
    "daemon-reload",
    "enable --now nfs-mirror.timer",
    "daemon-reload",
    "enable --now nfs-mirror.timer",
  ]);
});

test.each([
  [
    "the bundle",
    1_000_000_000,
    /no space for a release: "\/opt\/holdfast\/nfs-mirror" has \d+ KiB free, \d+ KiB are needed\. Release \w+ runs on\. Next: df -h/,
  ],
  [
    "a unit",
    0,
    /"nfs-mirror\.service" wasn't staged: .*No space left on device\. Release \w+ runs on\. Next: df -h/,
  ],
])("lets the old release run on where there is no space for %s", async (_, sizeBytes, cause) => {
  await host.become(running);
  const before = await host.state();
  // A disk of 300 KiB, filled to its last block unless the bundle alone is too large.
  host.before = `cp -a /opt/holdfast "${host.folder}/copy" && mount -t tmpfs -o size=300k tmpfs /opt/holdfast &&
    cp -a "${host.folder}/copy"/. /opt/holdfast && rm -r "${host.folder}/copy" && { ${sizeBytes > 0 ? ":" : "cat /dev/zero >/opt/holdfast/filler 2>/dev/null || :"}; }`;
  const ended =
    sizeBytes > 0
      ? await host.run("sh /opt/holdfast/nfs-mirror/release.sh room", `abc ${sizeBytes}\n`)
      : await host.run("sh /opt/holdfast/nfs-mirror/release.sh stage nfs-mirror.service", "x".repeat(10_000));
  expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(cause) });
  host.before = ":";
  expect(await host.state()).toEqual(before);
});

test("lets the old release run on where the staged files fit and the new release doesn't", async () => {
  await host.become(running);
  await host.stage(next);
  const { stdout } = await host.run("readlink /opt/holdfast/nfs-mirror/current");
  host.before = `cp -a /opt/holdfast "${host.folder}/copy" && mount -t tmpfs -o size=300k tmpfs /opt/holdfast &&
    cp -a "${host.folder}/copy"/. /opt/holdfast && rm -r "${host.folder}/copy" && { cat /dev/zero >/opt/holdfast/filler 2>/dev/null || :; }`;
  const script = `sh /opt/holdfast/nfs-mirror/release.sh activate; echo "$? $(readlink /opt/holdfast/nfs-mirror/current)"; ls -A /opt/holdfast/nfs-mirror/releases`;
  const manifest = (await import("../../components/host-release/commands")).manifestOf(
    "nfs-mirror",
    next,
    host.bundle,
  );
  const ended = await host.run(script, manifest);
  expect(ended.stdout).toBe(`1 ${stdout}\n${stdout.replace("releases/", "")}`);
  expect(ended.stderr).toMatch(/^nfs-mirror: .*No space left on device.* Release \w+ runs on\. Next: df -h/);
});

test("leaves a unit alone that was installed by hand, and says how to hand it over", async () => {
  const byHand = "[Service]\nExecStart=/usr/local/bin/nfs-mirror\n";
  writeFileSync(join(host.folder, "units", "nfs-mirror.service"), byHand);
  const ended = await host.deploy(release());
  expect(ended).toMatchObject({ exitCode: 1 });
  expect(ended.stderr).toMatch(
    /"\/etc\/systemd\/system\/nfs-mirror\.service" is there already and isn't Holdfast's; it was left as it is\./,
  );
  expect(ended.stderr).toMatch(/Next: systemctl disable --now nfs-mirror\.service; mv .*; then pulumi up/);
  expect(await host.state()).toMatchObject({ live: "", units: { "nfs-mirror.service": byHand } });
  expect(host.calls()).toEqual([]);
});

test("leaves a command alone that was installed by hand, and says how to hand it over", async () => {
  await host.become(running);
  host.installCommand("nfs-mirror", "#!/bin/sh\nrsync /srv/nfs /mnt/backup\n");
  const before = await host.state();
  const ended = await host.deploy(release({ command: "new" }));
  expect(ended).toMatchObject({ exitCode: 1 });
  expect(ended.stderr).toMatch(
    /"\/usr\/local\/bin\/nfs-mirror" is there already and isn't Holdfast's; it was left as it is\. Release \w+ runs on\. Next: mv \/usr\/local\/bin\/nfs-mirror \/root\/; then pulumi up/,
  );
  expect(await host.state()).toEqual(before);
  expect(await host.destroy()).toMatchObject({ exitCode: 0 });
  expect((await host.state()).commands).toEqual(before.commands);
});

test("refuses a name that a program of the host has, before it installs a command that would shadow it", async () => {
  const program = join(host.folder, "bin", "nfs-mirror");
  writeFileSync(program, "#!/bin/sh\necho own\n", { mode: 0o755 });
  const refused = await host.deploy(release({ command: "ours" }));
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(
    `a command "/usr/local/bin/nfs-mirror" would take the place of this host's own program "${program}"`,
  );
  expect(await host.state()).toMatchObject({ live: "", units: {}, commands: {} });
  expect(await host.run("nfs-mirror")).toMatchObject({ stdout: "own" });

  // A release without a command takes nobody's place.
  expect(await host.deploy(release())).toMatchObject({ exitCode: 0 });
});

test("a command that is installed is updated, whatever program came to the host since", async () => {
  await host.deploy(release({ command: "one" }));
  writeFileSync(join(host.folder, "bin", "nfs-mirror"), "#!/bin/sh\n", { mode: 0o755 });
  expect(await host.deploy(release({ command: "two" }))).toMatchObject({ exitCode: 0 });
});

test.each(
  inTime(2, [
    ["the first command", release(), release({ command: "new" })],
    ["a newer command", release({ command: "old" }), release({ command: "new" })],
    ["a release without the command", release({ command: "old" }), release({ hour: "04" })],
  ]),
)("takes back %s when the timer doesn't start", async (_, old, failing) => {
  await host.deploy(old);
  const before = await host.state();
  failOnce(host, "enable", "masked");
  expect(await host.deploy(failing)).toMatchObject({ exitCode: 1 });
  expect(await host.state()).toEqual(before);
});

test("refuses a staged file that isn't the one that was deployed", async () => {
  await host.become(running);
  const before = await host.state();
  await host.stage(next);
  await host.run("echo altered >>/opt/holdfast/nfs-mirror/staging/nfs-mirror.timer");
  const ended = await host.activate(next);
  expect(ended.stderr).toMatch(
    /staging\/nfs-mirror\.timer" isn't the file that was deployed\. Release \w+ runs on\. Next: pulumi up --replace '\*\*::nfs-mirror-\*-release-nfs-mirror\.timer'$/,
  );
  expect(await host.state()).toEqual(before);
});

test("a cause of any length comes in lines that Pulumi's command plugin can log", async () => {
  bindNode(
    host,
    '[ "$1" != --version ] || exec echo v20.0.0; head -c 70000 /dev/zero | tr "\\\\0" x; exit 1',
  );
  const { stderr } = await host.deploy(next);
  host.before = ":";
  expect(stderr).toMatch(/^nfs-mirror: the runner refuses its config: x+\n/);
  expect(stderr).toMatch(/\nx+\. Nothing is live yet\. Next: mend the estate, then pulumi up$/);
  expect(Math.max(...stderr.split("\n").map(line => line.length))).toBeLessThan(65_536);
});

function bindNode(changed: ReleaseHost, text: string): void {
  changed.before = `mount -t tmpfs tmpfs /run && ${fakeNode(text)} && mount --bind /run/node /usr/bin/node`;
}

/** The undoing calls systemctl too, and that has to work. */
function failOnce(changed: ReleaseHost, verb: string, text: string): void {
  const script = join(changed.folder, `on-${verb}`);
  changed.on(verb, `rm "${script}"; echo "${text}" >&2; exit 1`);
}
