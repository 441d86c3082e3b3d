import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { estateWith } from "../program/estate";
import { release, ReleaseHost } from "./release-host";
import { holdfastIn } from "./support/holdfast";
import { testLong } from "../long";

let host: ReleaseHost;
beforeEach(() => {
  host = new ReleaseHost();
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(estateWith()));
  host.leadHere();
  host.installSsh();
});
afterEach(() => host.remove());

const holdfast = (...args: readonly string[]) => holdfastIn(host.folder, args);

const job = ["--host", "pve", "--job", "nfs-mirror"] as const;

test("shows what is live and kept, and goes back", async () => {
  const { stdout: old } = await host.deploy(release());
  const { stdout: live } = await host.deploy(release({ hour: "04" }));
  const { exitCode, text } = await holdfast("releases", "--json");
  expect(exitCode).toBe(0);
  const state = {
    host: "pve",
    job: "nfs-mirror",
    stack: "organization/holdfast/one",
    since: expect.stringMatching(/^\d{4}-.*Z$/),
    faults: [],
    rolledBack: null,
    notes: [],
  };
  expect(JSON.parse(text)).toEqual([{ ...state, live, kept: [old] }]);
  expect(await holdfast("roll-back", ...job)).toMatchObject({ exitCode: 0 });
  expect(JSON.parse((await holdfast("releases", "--json")).text)).toMatchObject([
    { live: old, kept: [live], rolledBack: live },
  ]);
  expect(await holdfast("releases")).toMatchObject({
    exitCode: 0,
    text: expect.stringContaining(`nfs-mirror on pve: ${live} was rolled back, and stays so`),
  });
  expect(await holdfast("roll-back", ...job, "--to", old)).toMatchObject({
    exitCode: 1,
    text: expect.stringMatching(/^Nothing was rolled back\. nfs-mirror: .* is the live release\. /),
  });
});

test("a job that belongs to another stack is rolled back by that one alone, and shown as its", async () => {
  const { stdout: old } = await host.deploy(release());
  const { stdout: live } = await host.deploy(release({ hour: "04" }));
  const ofHomelab = (...args: readonly string[]) => holdfastIn(host.folder, args, ["--stack", "homelab"]);
  for (const to of [[], ["--to", old]])
    expect(await ofHomelab("roll-back", ...job, ...to)).toMatchObject({
      exitCode: 1,
      text: expect.stringMatching(
        /^Nothing was rolled back\. nfs-mirror on pve: it belongs to stack organization\/holdfast\/one, and not to homelab/,
      ),
    });
  expect((await host.state()).live).toBe(`releases/${live}`);
  expect((await ofHomelab("releases")).text).toContain(
    "nfs-mirror on pve: it belongs to stack organization/holdfast/one, and not to homelab",
  );
});

/** Types what `holdfast releases` says to type. @param command how it begins */
async function typePrinted(command: string): Promise<Awaited<ReturnType<typeof holdfast>>> {
  const { text } = await holdfast("releases");
  const [, words] = new RegExp(`${command}(.*?)(?:   \\(.*)?$`, "m").exec(text) ?? [];
  if (words === undefined) throw new Error(`it doesn't say "${command}": ${text}`);
  const argv = `${command.replace("holdfast ", "")}${words}`.split(" ");
  const at = argv.indexOf("--estate");
  expect(argv.splice(at, 2)).toEqual(["--estate", join(host.folder, "estate.json")]);
  return holdfast(...argv);
}

// It is typed in the next test too, and in test/lab/release.
testLong("after a roll-back, what it says to type makes the other release live again", async () => {
  await host.deploy(release());
  const { stdout: live } = await host.deploy(release({ hour: "04" }));
  await holdfast("roll-back", ...job);
  expect(await typePrinted("holdfast roll-back")).toMatchObject({ exitCode: 0 });
  expect((await host.state()).live).toBe(`releases/${live}`);
  expect((await holdfast("releases")).text).not.toContain("roll-back");
});

test("after a roll-back, what is altered is mended by a replacement of what is live, which stays rolled back", async () => {
  const { stdout: old } = await host.deploy(release());
  await host.deploy(release({ hour: "04" }));
  await holdfast("roll-back", ...job);
  await host.run("echo >>/etc/systemd/system/nfs-mirror.timer");
  expect((await holdfast("releases")).text).toMatch(
    /isn't the release's\. Next: pulumi up --replace '\*\*::nfs-mirror-pve-release-live'\n/,
  );
  // What pulumi does then.
  await host.run("sh /opt/holdfast/nfs-mirror/release.sh remove");
  await host.deploy(release({ hour: "04" }));
  expect((await host.state()).live).toBe(`releases/${old}`);
  expect(await holdfast("releases")).toMatchObject({ exitCode: 0 });
});

test("after a roll-back whose release was lost, what it says to type makes one live that is kept", async () => {
  const { stdout: old } = await host.deploy(release());
  const { stdout: live } = await host.deploy(release({ hour: "04" }));
  await holdfast("roll-back", ...job);
  await host.run(
    `sh /opt/holdfast/nfs-mirror/release.sh remove; rm -r /opt/holdfast/nfs-mirror/releases/${old}`,
  );
  const listed = await holdfast("releases");
  expect(listed).toMatchObject({ exitCode: 1, text: expect.stringContaining("nothing is live") });
  expect(listed.text).not.toContain("--replace");
  expect(await typePrinted("holdfast roll-back")).toMatchObject({ exitCode: 0 });
  expect((await host.state()).live).toBe(`releases/${live}`);
});

test("says that it doesn't know what a roll-back did whose connection was lost, and a second one changes nothing more", async () => {
  const { stdout: old } = await host.deploy(release());
  await host.deploy(release({ hour: "04" }));
  host.installSsh(
    `case $last in *roll-back*) "$0.run" "$last" >/dev/null 2>&1; echo "Connection closed" >&2; exit 255 ;; esac; exec "$0.run" "$last"`,
  );
  const lost = await holdfast("roll-back", ...job);
  expect(lost).toMatchObject({
    exitCode: 1,
    text: expect.stringMatching(
      /^It isn't known what is live now: Connection closed\nNext: holdfast releases /,
    ),
  });
  expect(lost.text).toContain(`--to ${old}`);
  expect(JSON.parse((await holdfast("releases", "--json")).text)).toMatchObject([{ live: old }]);
});

test.each(["--key", "HOLDFAST_SSH_KEY_FILE"])(
  "a key's text as %s is refused, and is in no argument of ssh and no message",
  async name => {
    await host.deploy(release());
    await host.deploy(release({ hour: "04" }));
    const before = await host.state();
    // What ssh says of a file that isn't there.
    host.installSsh('echo "Warning: Identity file $* not accessible" >&2; exec "$0.run" "$last"');
    const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${"b3BlbnNz".repeat(40)}\n-----END OPENSSH PRIVATE KEY-----\n`;
    if (name !== "--key") process.env[name] = key;
    try {
      for (const command of [["releases"], ["status"], ["roll-back", ...job]]) {
        const { exitCode, text } = await holdfast(...command, ...(name === "--key" ? ["--key", key] : []));
        expect([exitCode, text]).toEqual([
          2,
          expect.stringContaining(`${name} holds ${key.length} characters`),
        ]);
        expect(text).not.toContain("b3BlbnNz");
      }
    } finally {
      delete process.env["HOLDFAST_SSH_KEY_FILE"];
    }
    expect(existsSync(join(host.folder, "ssh-words"))).toBe(false);
    expect(await host.state()).toEqual(before);
  },
);

test("doesn't go back where the host doesn't say what is kept: a second try would go forward again", async () => {
  const { stdout: old } = await host.deploy(release());
  const { stdout: live } = await host.deploy(release({ hour: "04" }));
  host.installSsh(
    `case $last in *list*) echo "Connection closed" >&2; exit 255 ;; esac; exec "$0.run" "$last"`,
  );
  expect(await holdfast("roll-back", ...job)).toEqual({
    exitCode: 1,
    text: "Nothing was rolled back. Connection closed\n",
  });
  expect((await host.state()).live).toBe(`releases/${live}`);
  expect(await holdfast("roll-back", ...job, "--to", old)).toMatchObject({ exitCode: 0 });
});

test("trusts the pinned key alone, and takes the key that is named", async () => {
  await holdfast("releases", "--key", "/home/me/key");
  const words = readFileSync(join(host.folder, "ssh-words"), "utf8");
  expect(words).toMatch(/ -o StrictHostKeyChecking=yes -o HostKeyAlias=holdfast /);
  expect(words).toMatch(/ -i \/home\/me\/key -p 22 -l root -- pve\.example /);
  expect(readFileSync(join(host.folder, "ssh-known-hosts"), "utf8")).toBe(
    `holdfast ${estateWith().hosts["pve"]?.ssh.hostKey}\n`,
  );
});

test("ends with 1 for a job that its host doesn't have, one that was altered, and a host that isn't reached", async () => {
  expect(await holdfast("releases")).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining(
      "nfs-mirror on pve: not live. Next: pulumi up, unless it was taken away for good. Where that says that nothing changes, the host has lost it: pulumi up --replace '**::nfs-mirror-pve-release-*' --replace '**::runbooks-pve-*'\n",
    ),
  });
  await host.deploy(release());
  await host.run("echo >>/etc/systemd/system/nfs-mirror.timer");
  expect(await holdfast("releases")).toMatchObject({
    exitCode: 1,
    text: expect.stringMatching(
      /nfs-mirror on pve: ".*nfs-mirror\.timer" isn't the release's\. Next: pulumi up --replace '\*\*::nfs-mirror-pve-release-live'\n$/,
    ),
  });
  host.installSsh("echo 'ssh: connect to host pve.example port 22: Connection refused' >&2; exit 255");
  expect(await holdfast("releases")).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining(
      "nfs-mirror on pve: the host wasn't asked: ssh: connect to host pve.example",
    ),
  });
});

test("knows what calls outside, which is installed beside the jobs", async () => {
  const { monitoring, ...estate } = estateWith();
  const deadMan = { urlSecret: { name: "watchdog", key: "url" }, hosts: { pve: "pve-calls" } };
  const secrets = { "pve-calls": { keptIn: ["break-glass"] } };
  const watched = { ...estate, secrets, monitoring: { ...monitoring, deadMan } };
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(watched));
  await host.deploy(release());
  expect(await holdfast("releases")).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining(
      "dead-man on pve: not live. Next: pulumi up, unless it was taken away for good. Where that says that nothing changes, the host has lost it: pulumi up --replace '**::dead-man-pve-release-*' --replace '**::dead-man-pve-credential-*-file' --replace '**::runbooks-pve-*'\n",
    ),
  });
  expect(await holdfast("roll-back", "--host", "pve", "--job", "dead-man")).toMatchObject({ exitCode: 1 });
});

test.each([
  [["--host", "nas", "--job", "nfs-mirror"], /"nfs-mirror" is no job on "nas", expected one of none/],
  [["--host", "pve", "--job", "etcd"], /"etcd" is no job on "pve", expected one of nfs-mirror\./],
])("refuses %j as bad input", async (words, message) => {
  expect(await holdfast("roll-back", ...words)).toMatchObject({
    exitCode: 2,
    text: expect.stringMatching(message),
  });
});
