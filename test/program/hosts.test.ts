import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { sshKeyPair } from "../../lab/ssh-key-pair";
import { probeHost, type ProbeTarget } from "../../stacks/probe";
import { removeRunbooks, unpackRunbooks } from "../../components/host-runbooks";
import { runbooksArchive } from "../../stacks/runbooks";
import { deployed } from "./deployed";
import { named } from "./engine";
import { estateWith } from "./estate";
import { exampleKey } from "../../plan/estate/example-keys";

/** Two hosts with a mirror each. */
function twoHosts(address = "pve2.example", port = 22) {
  const estate = estateWith();
  const { pve } = estate.hosts;
  const [mirror] = estate.layers["nfs-mirror"] ?? [];
  if (!pve || !mirror) throw new Error("the estate has no mirror");
  const filesystems = {
    "/srv/nfs": { disk: "sdc", fsUuid: "33333333-1111-4111-8111-111111111111" },
    "/mnt/backup": { disk: "sda", fsUuid: "33333333-2222-4222-8222-222222222222" },
  };
  const ssh = { hostKey: exampleKey("Example2"), port };
  return {
    ...estate,
    hosts: { pve, pve2: { ...pve, address, ssh, filesystems } },
    layers: { "nfs-mirror": [mirror, { ...mirror, host: "pve2" }] },
  };
}

test("asks each host once, all at the same time, as the plugin will reach it, before the first resource", async () => {
  const asked: ProbeTarget[] = [];
  let both = () => {};
  const together = new Promise<void>(resolve => (both = resolve));
  const { resources, error } = await deployed(twoHosts(), {}, async target => {
    asked.push(target);
    if (asked.length === 2) both();
    await together;
    return undefined;
  });
  expect(error).toBeUndefined();
  expect(resources.length).toBeGreaterThan(20);
  expect(asked.map(({ host }) => host).sort()).toEqual(["pve.example", "pve2.example"]);
  expect(asked[0]).toMatchObject({
    port: 22,
    user: "root",
    privateKey: expect.stringContaining("PRIVATE KEY"),
  });
});

test("registers nothing when a host takes connections and says nothing, and names it and the cause", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  try {
    const { port } = silent.address() as AddressInfo;
    const sshPrivateKey = pulumi.secret(sshKeyPair().private);
    const { resources, error } = await deployed(
      twoHosts("127.0.0.1", port),
      { sshPrivateKey },
      async target => (target.host === "127.0.0.1" ? probeHost(target, 3_000) : undefined),
    );
    expect(resources).toEqual([]);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(String(error)).toMatch(
      /Hosts can't be deployed to; nothing was changed\.\n {2}pve2 \(root@127\.0\.0\.1:\d+\): .* says nothing within 3 s.*\n.*holdfast:hostsDown pve2$/,
    );
  } finally {
    silent.close();
  }
});

test("names all hosts that fail, each with its cause", async () => {
  const { error } = await deployed(twoHosts(), {}, async ({ host }) => `no ${host}`);
  expect(String(error)).toMatch(
    / {2}pve \(.*\): no pve\.example\n {2}pve2 \(.*\): no pve2\.example\n.* pve,pve2$/,
  );
});

test("a preview asks no host", async () => {
  const isDryRun = jest.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(true);
  try {
    const { error } = await deployed(twoHosts(), {}, async () => "asked");
    expect(error).toBeUndefined();
  } finally {
    isDryRun.mockRestore();
  }
});

test("leaves out a host that the stack says is down, and refuses one that there isn't", async () => {
  const probe = async ({ host }: ProbeTarget) => (host === "pve2.example" ? "down" : undefined);
  expect((await deployed(twoHosts(), { hostsDown: ["pve2"] }, probe)).error).toBeUndefined();
  const { resources, error } = await deployed(twoHosts(), { hostsDown: ["pve3"] }, probe);
  expect(resources).toEqual([]);
  expect(String(error)).toMatch(
    /holdfast:hostsDown names pve3, where no job is installed \(hosts with one: pve, pve2\)/,
  );
});

test("refuses an agent that is gone, which the plugin would fail for at each resource", async () => {
  const { resources, error } = await deployed(twoHosts(), { sshAgent: "/nowhere/agent" });
  expect(resources).toEqual([]);
  expect(String(error)).toMatch(
    /No SSH agent answers at SSH_AUTH_SOCK \(connect ENOENT \/nowhere\/agent\).*unset SSH_AUTH_SOCK/,
  );
});

test("each host has the estate's pages, and an edit that changes these alone is no other resource's; on a host that is down they wait", async () => {
  const asIs = twoHosts();
  const edited = { ...asIs, monitoring: { ...asIs.monitoring, runbooks: "https://elsewhere.example" } };
  const sumOf = async (estate: object) => {
    const { resources, error } = await deployed(
      estate,
      { prometheus: "files", hostsDown: ["pve2"] },
      undefined,
      plan => runbooksArchive(plan, ["--stack", "home"]),
    );
    expect(error).toBeUndefined();
    return resources;
  };
  const [before, after] = [await sumOf(asIs), await sumOf(edited)];
  const changed = after.filter((resource, index) => !isDeepStrictEqual(resource, before[index]));
  expect(changed.map(({ name, ignoreChanges }) => `${name}: ${ignoreChanges.join()}`)).toEqual([
    "runbooks-pve-pages: ",
    "runbooks-pve2-pages: *",
  ]);
  const pages = named(after, "runbooks-pve-pages");
  expect(pages.parent).toBe("runbooks-pve");
  expect(pages.dependsOn).toEqual(["runbooks-pve-archive"]);
  expect(pages.inputs).toMatchObject({
    create: unpackRunbooks("program-test", "organization/holdfast/test"),
    delete: removeRunbooks("program-test", "organization/holdfast/test"),
    stdin: expect.stringMatching(/^[0-9a-f]{64}\n$/),
  });
  expect(named(after, "runbooks-pve-archive").inputs).toMatchObject({
    remotePath: "/root/.holdfast-runbooks-program-test.tar",
    source: { path: expect.stringMatching(/\/program-test\.tar$/) },
  });
});
