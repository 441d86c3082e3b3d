import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { estateWith } from "./estate";
import type { EstateInput } from "../../plan";
import { deployed } from "./deployed";
import { changedLines, named, secretKey, withoutSecrets } from "./engine";

const hostKey = estateWith().hosts["pve"]?.ssh.hostKey ?? "";

test("makes one release and one rule for the mirror, and one routing and one rule for the estate", async () => {
  const { resources, error } = await deployed(estateWith());
  expect(error).toBeUndefined();
  expect(resources.map(({ type, name, parent }) => `${parent} > ${type} ${name}`).sort()).toEqual(
    [
      " > holdfast:layer:NfsMirror nfs-mirror-pve",
      "nfs-mirror-pve > holdfast:host:Release nfs-mirror-pve-release",
      "nfs-mirror-pve-release > command:remote:Command nfs-mirror-pve-release-script",
      "nfs-mirror-pve-release > command:remote:Command nfs-mirror-pve-release-nfs-mirror.service",
      "nfs-mirror-pve-release > command:remote:Command nfs-mirror-pve-release-nfs-mirror.timer",
      "nfs-mirror-pve-release > command:remote:Command nfs-mirror-pve-release-config.json",
      "nfs-mirror-pve-release > command:remote:Command nfs-mirror-pve-release-nfs-mirror",
      "nfs-mirror-pve-release > command:remote:Command nfs-mirror-pve-release-room",
      "nfs-mirror-pve-release > command:remote:CopyToRemote nfs-mirror-pve-release-bundle",
      "nfs-mirror-pve-release > command:remote:Command nfs-mirror-pve-release-live",
      "nfs-mirror-pve > holdfast:cluster:AlertRules nfs-mirror-pve-alerts",
      "nfs-mirror-pve-alerts > kubernetes:monitoring.coreos.com/v1:PrometheusRule nfs-mirror-pve-alerts-rule",
      " > holdfast:host:Runbooks runbooks-pve",
      "runbooks-pve > command:remote:CopyToRemote runbooks-pve-archive",
      "runbooks-pve > command:remote:Command runbooks-pve-pages",
      " > pulumi:providers:kubernetes cluster",
      " > holdfast:cluster:AlertRoutes alert-routes",
      " > holdfast:cluster:AlertRules estate-alerts",
      "estate-alerts > kubernetes:monitoring.coreos.com/v1:PrometheusRule estate-alerts-rule",
      "alert-routes > kubernetes:monitoring.coreos.com/v1alpha1:AlertmanagerConfig alert-routes-config",
    ].sort(),
  );
});

test("activates only what is staged, copied and installed, and replaces nothing in place of an update", async () => {
  const { resources } = await deployed(estateWith());
  const release = (what: string) => named(resources, `nfs-mirror-pve-release-${what}`);
  expect(release("live").dependsOn).toEqual(
    ["bundle", "config.json", "nfs-mirror", "nfs-mirror.service", "nfs-mirror.timer", "script"].map(
      what => `nfs-mirror-pve-release-${what}`,
    ),
  );
  expect(release("bundle").dependsOn).toEqual(["nfs-mirror-pve-release-room"]);
  for (const what of ["config.json", "nfs-mirror", "nfs-mirror.service", "nfs-mirror.timer", "room"])
    expect(release(what).dependsOn).toEqual(["nfs-mirror-pve-release-script"]);
  const commands = resources.filter(resource => resource.type.startsWith("command:"));
  expect(commands.map(command => command.deleteBeforeReplace)).toEqual(commands.map(() => true));
  expect(commands.filter(({ inputs }) => "triggers" in inputs).map(({ name }) => name)).toEqual([
    "runbooks-pve-archive",
    // By the estate's name alone, with which the folder of its pages changes.
    "runbooks-pve-pages",
    "nfs-mirror-pve-release-bundle",
  ]);
});

test("sends the units' own text, the pinned host key and short commands", async () => {
  const { resources } = await deployed(estateWith());
  const timer = named(resources, "nfs-mirror-pve-release-nfs-mirror.timer").inputs;
  expect(timer).toMatchObject({
    create:
      "sh /opt/holdfast/nfs-mirror/release.sh --stack=organization/holdfast/test stage nfs-mirror.timer",
    addPreviousOutputInEnv: false,
  });
  expect(String(timer["stdin"]).split("\n")).toContain("OnCalendar=*-*-* 02:00:00 Europe/Sofia");
  expect(timer["connection"]).toMatchObject({
    [secretKey]: expect.any(String),
    value: {
      host: "pve.example",
      port: 22,
      user: "root",
      hostKey: estateWith().hosts["pve"]?.ssh.hostKey,
    },
  });
  expect(named(resources, "nfs-mirror-pve-release-live").inputs).toMatchObject({
    create: "sh /opt/holdfast/nfs-mirror/release.sh --stack=organization/holdfast/test activate",
    delete:
      "test ! -e /opt/holdfast/nfs-mirror/release.sh || sh /opt/holdfast/nfs-mirror/release.sh --stack=organization/holdfast/test remove",
    stdin: expect.stringMatching(/^([0-9a-f]{64} {2}\S+\n){5}$/),
  });
});

test("sends the private key as a secret only, to no component and no other input", async () => {
  const { resources } = await deployed(estateWith());
  const open = resources.map(resource => withoutSecrets(resource.inputs));
  expect(JSON.stringify(open)).not.toContain("not a real one");
  expect(JSON.stringify(resources.map(resource => resource.inputs))).toContain("not a real one");
});

test("registers nothing for an estate with faults, and names all of them", async () => {
  const estate = { ...estateWith({ target: "backup" }), zone: "Mars/Olympus", colour: "red" };
  const { resources, error } = await deployed(estate);
  expect(resources).toEqual([]);
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect(String(error)).toMatch(/estate\.layers\["nfs-mirror"\]\[0\]\.target: "backup"/);
  expect(String(error)).toMatch(/estate\.zone: "Mars\/Olympus"/);
  expect(String(error)).toMatch(/estate\.colour: "red"/);
});

test("registers nothing for 16 days on a daily job, and gives code, numbers and the tightest safe value", async () => {
  const { resources, error } = await deployed(
    estateWith({ alert: { staleAfter: "16d", receiver: "infra" } }),
  );
  expect(resources).toEqual([]);
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect(String(error)).toMatch(/schedule\/stale-above-promise\n.*16 d.*27 h.*1[56] runs in a row/);
  expect(String(error)).toMatch(/the plan derives 25 h/);
  // The SDK inspects what ends a program: a stack would be mapped through the whole bundle's source map first.
  expect(error).toMatchObject({ stack: expect.not.stringMatching(/^ +at /m) });
});

test("changes the unit's text and the manifest alone after an edit of one line", async () => {
  const before = await deployed(estateWith());
  const after = await deployed(estateWith({ schedule: { onCalendar: "*-*-* 04:30:00" } }));
  expect(after.error).toBeUndefined();
  const changed = after.resources.filter(
    resource =>
      resource.type.startsWith("command:") &&
      JSON.stringify(resource.inputs) !== JSON.stringify(named(before.resources, resource.name).inputs),
  );
  expect(changed.map(resource => resource.name)).toEqual([
    "nfs-mirror-pve-release-nfs-mirror.timer",
    "nfs-mirror-pve-release-live",
  ]);
  expect(changed.map(resource => changedLines(named(before.resources, resource.name), resource))).toEqual([
    ["OnCalendar=*-*-* 04:30:00 Europe/Sofia"],
    [expect.stringMatching(/^[0-9a-f]{64} {2}nfs-mirror\.timer$/)],
  ]);
});

test("gives the rules as a file, and makes no object where Prometheus has no operator", async () => {
  const { resources, outputs } = await deployed(estateWith(), { prometheus: "files" });
  expect(resources.filter(resource => /kubernetes|cluster/.test(resource.type))).toEqual([]);
  expect(outputs?.ruleFile).toMatch(/^groups:\n {2}- name: holdfast-pve-nfs-mirror\n/);
});

test("puts the objects in the estate's namespace with its labels, through the named cluster", async () => {
  const { resources } = await deployed(estateWith());
  expect(named(resources, "nfs-mirror-pve-alerts-rule").inputs["metadata"]).toEqual({
    name: "holdfast-nfs-mirror-pve",
    namespace: "monitoring",
    labels: { "app.kubernetes.io/managed-by": "holdfast", release: "prometheus" },
  });
  expect(named(resources, "cluster").inputs).toMatchObject({
    kubeconfig: { [secretKey]: expect.any(String), value: "/home/me/.kube/config" },
  });
});

test.each<[string, Partial<EstateInput["hosts"][string]>]>([
  ["address", { address: "pve-2.example" }],
  ["port", { ssh: { user: "root", port: 2222, hostKey } }],
  ["host key", { ssh: { user: "root", hostKey: `${hostKey.slice(0, -8)}rebuilt0` } }],
])("copies the runner again to a host with another %s, and changes all else in place", async (_, change) => {
  const estate = estateWith();
  const before = await deployed(estate);
  const { resources, error } = await deployed({
    ...estate,
    hosts: { pve: { ...estate.hosts["pve"], ...change } },
  });
  expect(error).toBeUndefined();
  const commands = resources.filter(({ type }) => type.startsWith("command:"));
  const changed = (key: string) =>
    commands
      .filter(
        ({ name, inputs }) => !isDeepStrictEqual(inputs[key], named(before.resources, name).inputs[key]),
      )
      .map(({ name }) => name);
  expect(changed("triggers")).toEqual(["runbooks-pve-archive", "nfs-mirror-pve-release-bundle"]);
  expect(changed("connection")).toEqual(commands.map(({ name }) => name));
});

test("has the same inputs whoever deploys with an SSH agent, and no key among them", async () => {
  const { resources, error } = await deployed(estateWith(), { sshPrivateKey: undefined });
  expect(error).toBeUndefined();
  const commands = resources.filter(({ type }) => type.startsWith("command:"));
  // The SDK makes each connection a secret, with a key in it or not.
  for (const { inputs } of commands)
    expect(inputs["connection"]).toEqual({
      [secretKey]: expect.any(String),
      value: { host: "pve.example", port: 22, user: "root", hostKey, dialErrorLimit: 10, perDialTimeout: 10 },
    });
});
