import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { mustOnHost } from "../../lab/hosts";
import { sshAgentWith } from "../../lab/ssh-agent";
import type { EstateInput } from "../../plan";
import { inTime, long, testLong } from "../long";
import { everythingOnHost } from "./host-files";
import { type Ended, ReleaseStack } from "./release-stack";

jest.setTimeout(1_800_000);

let stack: ReleaseStack;
let keys: string;
let untouched: string;
/** Of operators, each with one key. */
const agents: Awaited<ReturnType<typeof sshAgentWith>>[] = [];

beforeAll(async () => {
  // Another stack may have deployed to this host before: its release would be taken over, and destroyed at the end.
  await mustOnHost(
    "pve",
    "script=/opt/holdfast/nfs-mirror/release.sh; test ! -e $script || sh $script remove; rm -rf /opt/holdfast",
  );
  untouched = await everythingOnHost();
  keys = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "operator", "-f", join(keys, "other")]);
  stack = await ReleaseStack.open();
  await stack.mustUp();
});

afterAll(async () => {
  await stack?.close();
  for (const agent of agents) await agent.end();
  await onPve("rm -f /etc/ssh/rebuilt* /etc/ssh/sshd_config.d/rebuilt.conf; systemctl reload ssh");
  rmSync(keys, { recursive: true, force: true });
});

test("runs the timer of a verified release after the first up", async () => {
  expect(
    await mustOnHost("pve", "systemctl is-enabled nfs-mirror.timer; systemctl is-active nfs-mirror.timer"),
  ).toBe("enabled\nactive\n");
  const shown = await mustOnHost(
    "pve",
    "systemctl show --property=FragmentPath,LoadState nfs-mirror.service",
  );
  expect(shown).toMatch(/LoadState=loaded\n/);
  expect(shown).toMatch(/FragmentPath=\/etc\/systemd\/system\/nfs-mirror\.service\n/);
});

// So does the one after a roll-back, below.
testLong("changes nothing in a second up", async () => {
  expect(await stack.mustUp()).toMatch(/Resources:\n +14 unchanged\n/);
});

describe("an edit of one line", () => {
  let preview: string;
  beforeAll(async () => {
    stack.setEstate(at("03:00:00"));
    ({ text: preview } = await stack.pulumi("preview", "--diff"));
  });

  test("keeps the private key out of what is printed and out of the plain state", async () => {
    const [, secret = ""] = (await execa("cat", [stack.facts.pve.privateKeyFile])).stdout.split("\n");
    expect(secret.length).toBeGreaterThan(60);
    const state = await stack.pulumi("stack", "export");
    expect(state.text).toContain("nfs-mirror-pve-release-live");
    expect(state.text).not.toContain(secret);
    expect(preview).not.toContain(secret);
  });

  // Two of its four updates are the job's, and two the runbooks', which say when it runs.
  test("shows as that line of the unit, and changes what systemd waits for", async () => {
    expect(preview).toMatch(/^ +- OnCalendar=\*-\*-\* 02:00:00 UTC$/m);
    expect(preview).toMatch(/^ +\+ OnCalendar=\*-\*-\* 03:00:00 UTC$/m);
    expect(preview.match(/^ +~ command:remote:\w+: \(update\)$/gm)).toHaveLength(4);
    expect(preview).toMatch(/~ 4 to update\n +10 unchanged$/);

    await stack.mustUp();
    const next = await mustOnHost("pve", "systemctl show --property=NextElapseUSecRealtime nfs-mirror.timer");
    expect(next).toMatch(/ 03:00:0\d UTC\n$/);
  });
});

// One deployment to four hosts, each of which it can't reach for a reason of its own.
describe("ends before its first resource, with one cause for each host, and the old release runs on", () => {
  let text: string;
  let removal: Ended;
  beforeAll(async () => {
    const before = await liveOnHost();
    const silent = { port: 2222 };
    await onPve(
      `$(command -v sshd) -p ${silent.port} -o PidFile=/run/silent.pid && until [ -s /run/silent.pid ]; do sleep 0.1; done && kill -STOP $(cat /run/silent.pid)`,
    );
    stack.setEstate(
      stack.estateOf({
        changed: { hostKey: stack.facts.nas.hostKey },
        locked: { user: "daemon" },
        gone: { address: "10.77.0.99" },
        silent,
      }),
    );
    const ended = await stack.up();
    removal = await stack.destroy("--run-program");
    const during = await liveOnHost();
    await onPve("pid=$(cat /run/silent.pid); kill -CONT $pid; kill $pid");
    text = ended.text;
    expect(ended.exitCode).not.toBe(0);
    expect(during).toBe(before);
    expect(text).toMatch(/Hosts can't be deployed to; nothing was changed\./);
  });

  test.each([
    [
      "changed",
      "another machine's host key",
      "it shows the host key SHA256:\\S+, and the estate pins SHA256:",
    ],
    ["locked", "a private key that it doesn't know", "it refuses the stack's key for the user daemon"],
    [
      "gone",
      "a host that can't be reached",
      "(connect EHOSTUNREACH 10\\.77\\.0\\.99|nothing answers within 15 s)",
    ],
    [
      "silent",
      "an sshd that takes connections and says nothing",
      "it takes the connection and says nothing within 15 s: its sshd is stopped",
    ],
  ])("%s: %s", (host, _, cause) => expect(text).toMatch(new RegExp(`^ +${host} \\(.*\\): ${cause}`, "m")));

  test("as does a removal that runs the program, in place of waiting for ever", () => {
    expect(removal.exitCode).not.toBe(0);
    expect(removal.text).toMatch(
      /nothing was changed\.[^]*silent \(.*\): it takes the connection and says nothing/,
    );
  });
});

interface Refusal {
  readonly name: string;
  readonly time: string;
  readonly arrange: () => Promise<unknown>;
  readonly restore: () => Promise<unknown>;
  readonly cause: RegExp;
}

const refusals: Refusal[] = [
  {
    name: "a unit that doesn't verify",
    time: "04:04:00",
    // The units come from the plan and are sound, so the fault is in a file that the host's owner added to one.
    arrange: () =>
      onPve(
        "mkdir /etc/systemd/system/nfs-mirror.timer.d && printf '[Timer]\\nOnCalendar=never\\n' >/etc/systemd/system/nfs-mirror.timer.d/mine.conf",
      ),
    restore: () => onPve("rm -r /etc/systemd/system/nfs-mirror.timer.d && systemctl daemon-reload"),
    cause: /nfs-mirror: systemd refuses the units: .*mine\.conf.*never/,
  },
  {
    name: "a Node that is too old",
    time: "04:05:00",
    arrange: () =>
      onPve(
        "printf '#!/bin/sh\\necho v18.13.0\\n' >/run/old-node && chmod +x /run/old-node && mount --bind /run/old-node /usr/bin/node",
      ),
    restore: () => onPve("umount /usr/bin/node && rm /run/old-node"),
    cause: /nfs-mirror: Node missing or too old: \/usr\/bin\/node is v18\.13\.0, 18\.19 or newer is needed\./,
  },
  {
    name: "a disk without space",
    time: "04:06:00",
    arrange: () =>
      onPve(
        "cp -a /opt/holdfast /run/kept && mount -t tmpfs -o size=3m tmpfs /opt/holdfast && cp -a /run/kept/. /opt/holdfast && { cat /dev/zero >/opt/holdfast/filler || :; }",
      ),
    restore: () => onPve("umount /opt/holdfast && rm -r /run/kept"),
    cause: /nfs-mirror: .*No space left on device.*Next: df -h/,
  },
];

// Of the others, test/runners/host-release-refusals.test.ts has each without a booted host.
test.each(inTime(1, refusals))(
  "fails for $name with one cause, and the old release runs on",
  async refusal => {
    const before = await liveOnHost();
    stack.setEstate(at(refusal.time));
    await refusal.arrange();
    const { exitCode, text } = await stack.up();
    const during = await liveOnHost();
    await refusal.restore();
    expect(text).toMatch(refusal.cause);
    expect(exitCode).not.toBe(0);
    expect(during).toBe(before);
    expect(text).toMatch(/\b[12] errored\b/);
  },
);

test("goes on from a failed up once its cause is gone", async () => {
  stack.setEstate(at("04:30:00"));
  await stack.mustUp();
  expect(await liveOnHost()).toMatch(/OnCalendar=\*-\*-\* 04:30:00 UTC\n/);
});

// test/program has what a preview refuses, without a host.
testLong("touches nothing for an estate whose threshold is 16 days on a daily job", async () => {
  const before = await liveOnHost();
  stack.setEstate(stack.estate({ alert: { receiver: "lab", staleAfter: "16d" } }));
  const { exitCode, text } = await stack.pulumi("preview");
  expect(exitCode).not.toBe(0);
  expect(text).toMatch(/schedule\/stale-above-promise\n.*16 d/);
  expect(text).not.toMatch(/^ +at .*\(.*:\d+:\d+\)$/m);
  expect(await liveOnHost()).toBe(before);
});

test("goes back to the release before, which a second up leaves live, and forward again", async () => {
  stack.setEstate(at("04:30:00"));
  const [, live, kept] = /│ (\w{12}) │ \S+ │ (\w{12})/.exec((await stack.holdfast("releases")).text) ?? [];
  expect(await liveOnHost()).toContain(`releases/${live}\n`);
  const back = await stack.holdfast(...rollBack);
  expect(back).toMatchObject({
    exitCode: 0,
    text: expect.stringContaining(`release ${kept} is live in place of ${live}`),
  });
  expect(await liveOnHost()).toMatch(
    new RegExp(`^releases/${kept}\\nactive\\n[^]*OnCalendar=\\*-\\*-\\* 03:00:00 UTC$`, "m"),
  );
  expect(await stack.mustUp()).toMatch(/Resources:\n +14 unchanged\n/);
  expect(await liveOnHost()).toContain(`releases/${kept}\n`);
  expect(await stack.holdfast(...rollBack, "--to", `${live}`)).toMatchObject({ exitCode: 0 });
  expect(await liveOnHost()).toContain(`releases/${live}\n`);
});

testLong(
  "a unit that isn't the release's is put back, and what was rolled back comes again, by what is printed",
  async () => {
    await stack.holdfast(...rollBack);
    const before = await liveOnHost();
    await onPve("echo >>/etc/systemd/system/nfs-mirror.timer");
    const { text } = await stack.holdfast("releases");
    const [, command = ""] = /isn't the release's\. Next: pulumi up (.*)$/m.exec(text) ?? [];
    await stack.mustUp(...command.replaceAll("'", "").split(" "));
    // What was rolled back stays so.
    expect(await liveOnHost()).toBe(before);
    const [, forward = ""] =
      / was rolled back, .* To have it again: \S.*(roll-back --host .*?) --estate /.exec(
        (await stack.holdfast("releases")).text,
      ) ?? [];
    const [, live = ""] = /--to (\w{12})/.exec(forward) ?? [];
    expect(before).not.toContain(`releases/${live}\n`);
    await stack.holdfast(...forward.split(" "));
    expect(await liveOnHost()).toContain(`releases/${live}\n`);
  },
);

// test/runners/host-release-{after-switch,owner}.test.ts have these two without the engine.
testLong("leaves the live release where it is when its script is replaced", async () => {
  const before = await liveOnHost();
  await stack.mustUp("--replace=**::nfs-mirror-pve-release-script");
  expect(await liveOnHost()).toBe(before);
});

testLong("refuses to change a job that was handed to another stack, with both names", async () => {
  const owner = "/opt/holdfast/nfs-mirror/owner";
  expect(await onPve(`cat ${owner}`)).toBe("organization/holdfast/test\n");
  await onPve(`echo organization/holdfast/other >${owner}`);
  const before = await liveOnHost();
  stack.setEstate(at("04:31:00"));
  const { exitCode, text } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(text).toMatch(
    /belongs to stack organization\/holdfast\/other, and this is stack organization\/holdfast\/test; nothing was changed/,
  );
  expect(await liveOnHost()).toBe(before);
  // What the refusal says.
  await onPve(`echo organization/holdfast/test >${owner}`);
  await stack.mustUp();
  expect(await liveOnHost()).toMatch(/OnCalendar=\*-\*-\* 04:31:00 UTC\n/);
});

// test/runners/{cli-releases,host-release-lost}.test.ts have a release that was lost; a rebuilt host, below.
testLong("says what a rebuilt host has lost, and the command that deploys it again", async () => {
  const before = await liveOnHost();
  await rebuildHost();
  // An up of the same estate sees nothing of it, as after a roll-back.
  expect(await stack.mustUp()).toMatch(/Resources:\n +14 unchanged\n/);
  const { exitCode, text } = await stack.holdfast("releases");
  expect(exitCode).toBe(1);
  const [, command = ""] =
    /nfs-mirror on pve: not live\..*the host has lost it: pulumi up (.*)$/m.exec(text) ?? [];
  await stack.mustUp(...command.replaceAll("'", "").split(" "));
  expect(await liveOnHost()).toBe(before);
  expect(await onPve("ls /root/holdfast-runbooks")).toBe("release-test\n");
  expect((await stack.holdfast("releases")).exitCode).toBe(0);
  expect(await stack.mustUp()).toMatch(/Resources:\n +14 unchanged\n/);
});

// From here on it is deployed by whoever has an agent: the stack has no key any more.
test("changes nothing for another operator with a key of her own, and has no key in the state", async () => {
  await onPve("cat >>/root/.ssh/authorized_keys", await keyText(join(keys, "other.pub")));
  await stack.pulumi("config", "rm", "holdfast:sshPrivateKeyFile");
  for (const key of [stack.facts.pve.privateKeyFile, join(keys, "other")])
    agents.push(await sshAgentWith(await keyText(key)));
  const [first = {}, second = {}] = agents.map(({ socket }) => ({ SSH_AUTH_SOCK: socket }));
  stack.environment = first;
  await stack.mustUp();
  try {
    stack.environment = second;
    // An up shows it too: what it changes is the edit's alone.
    if (long) expect((await stack.pulumi("preview")).text).toMatch(/Resources:\n +14 unchanged\n/);
    stack.setEstate(at("04:32:00"));
    expect(await stack.mustUp()).toMatch(/~ 4 updated\n +10 unchanged/);
    expect((await stack.pulumi("stack", "export", "--show-secrets")).text).not.toContain("PRIVATE KEY");
  } finally {
    await onPve("sed -i '/ operator$/d' /root/.ssh/authorized_keys");
    stack.environment = first;
  }
});

test("deploys a rebuilt host by one up, once its new key is pinned", async () => {
  await rebuildHost();
  await onPve(
    "ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/rebuilt && echo HostKey /etc/ssh/rebuilt >/etc/ssh/sshd_config.d/rebuilt.conf && systemctl reload ssh",
  );
  const [type, key] = (await onPve("cat /etc/ssh/rebuilt.pub")).split(" ");
  stack.setEstate(
    stack.estate({ schedule: { onCalendar: "*-*-* 04:32:00" } }, { hostKey: `${type} ${key}` }),
  );
  expect(await stack.mustUp()).toMatch(/~ 8 updated\n +\+-2 replaced\n/);
  expect(await liveOnHost()).toMatch(/^releases\/\w+\nactive\n[^]*04:32:00 UTC\n/);
});

test("removes just what it made", async () => {
  const { exitCode } = await stack.destroy();
  expect(exitCode).toBe(0);
  expect(await everythingOnHost()).toBe(untouched);
  expect(await mustOnHost("pve", "systemctl list-units --all --no-legend 'nfs-mirror*'")).toBe("");
});

const rollBack = ["roll-back", "--host", "pve", "--job", "nfs-mirror"] as const;

function at(time: string): EstateInput {
  return stack.estate({ schedule: { onCalendar: `*-*-* ${time}` } });
}

function onPve(command: string, input?: string): Promise<string> {
  return mustOnHost("pve", command, input === undefined ? {} : { input });
}

/** What a machine that was installed anew has of the job: nothing. */
function rebuildHost(): Promise<string> {
  return onPve(
    "systemctl disable --now nfs-mirror.timer && rm -r /opt/holdfast /root/holdfast-runbooks /etc/systemd/system/nfs-mirror.* /usr/local/bin/nfs-mirror && systemctl daemon-reload",
  );
}

async function keyText(file: string): Promise<string> {
  return `${(await execa("cat", [file])).stdout}\n`;
}

/** The live release, what of it systemd has, and its units' texts. */
function liveOnHost(): Promise<string> {
  return onPve(
    "readlink /opt/holdfast/nfs-mirror/current; systemctl is-active nfs-mirror.timer; cat /etc/systemd/system/nfs-mirror.service /etc/systemd/system/nfs-mirror.timer",
  );
}
