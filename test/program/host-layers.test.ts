import * as pulumi from "@pulumi/pulumi";
import { releaseFiles } from "../../plan/layers/release-files.test-support";
import { ruleGroups } from "../../alerts/groups";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import { effectiveStateConfig } from "../../plan/contracts/effective-state";
import type { InForce } from "../../plan/contracts/in-force";
import { isHosted } from "../../plan/job";
import { exampleEstate } from "../../plan/estate/example";
import { credentialInput } from "../../components/host-credential/commands";
import { type Deployed, deployed } from "./deployed";
import { changedLines, named, type Registered, secretKey, tokenData, withoutSecrets } from "./engine";

const firewallKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nof the firewall";
const texts = {
  ...{ "pfsense-key": "id and token of the firewall", "pfsense-ssh-key": firewallKey },
  ...{ "nas-look-key": "key of the NAS", "nas-look-password": "password of the NAS" },
  "nas-key": "key that opens one folder of the NAS",
  "pve-calls": "https://outside.example/ping/5f0c3b1e",
};
const withSecrets = (change: Record<string, string> = {}) => ({
  secrets: Object.fromEntries(
    Object.entries({ ...texts, ...change }).map(([name, text]) => [name, pulumi.secret(text)]),
  ),
});

/** The example as it is, deployed once for all who only read what was registered. */
let asItIs: Deployed;
beforeAll(async () => {
  asItIs = await deployed(exampleEstate(), withSecrets());
});

test("installs a component for each runner, with a release, its credentials and its alerts", () => {
  const { resources, error } = asItIs;
  expect(error).toBeUndefined();
  const layers = resources.filter(({ type }) => type.startsWith("holdfast:layer:"));
  const { jobs } = planOf(parseEstate(exampleEstate()));
  expect(layers).toHaveLength(jobs.filter(isHosted).length + 1);
  const registered = layers.map(
    ({ type, name }) => `${type} ${name}: ${childrenOf(resources, name).join(", ")}`,
  );
  // What a stack's state has already: a change of one makes all of its resources anew.
  for (const layer of [
    "holdfast:layer:LvmPvcSnapshot lvm-pvc-snapshot-pve: release, credential-kubeconfig, credential-kubeconfig-restore, alerts",
    "holdfast:layer:NfsMirror nfs-mirror-pve: release, alerts",
    "holdfast:layer:DailyBackup daily-backup-pve: release, credential-kubeconfig, alerts",
    "holdfast:layer:PfsenseBackup pfsense-backup-pve: release, credential-pfsense-key, credential-pfsense-ssh-key, alerts",
    "holdfast:layer:BackupScrub backup-scrub-pve: release, alerts",
    "holdfast:layer:VmImages vm-images-pve: release, alerts",
    "holdfast:layer:NfsChangeTracker nfs-change-tracker-pve: release, alerts",
    "holdfast:layer:OffsiteSync offsite-sync-backup-pve: release, credential-nas-key, alerts",
    "holdfast:layer:NasSnapshots nas-snapshots-pve: release, credential-nas-look-key, credential-nas-look-password, alerts",
    "holdfast:layer:RestoreDrill restore-drill-pve: release, alerts",
    "holdfast:layer:EffectiveState effective-state-pve: release, alerts",
    "holdfast:layer:DeadMan dead-man-pve: release, credential-pve-calls",
  ])
    expect(registered).toContain(layer);
  expect(named(resources, "watchdog-rule").inputs["spec"]).toMatchObject({
    groups: [{ rules: [{ alert: "HoldfastWatchdog", expr: "vector(1)" }] }],
  });
  expect(named(resources, "watchdog-route-config").inputs).toMatchObject({
    metadata: { name: "holdfast-watchdog" },
    spec: { route: { receiver: "DeadMan" } },
  });
});

test("tells the look at what is in force of all rules and routes that Prometheus and Alertmanager are to have, where the estate says that they answer", async () => {
  const { monitoring, ...estate } = exampleEstate();
  const answering = {
    ...estate,
    monitoring: {
      ...monitoring,
      prometheus: "http://metrics.example:9090",
      alertmanager: "http://alerts.example:9093",
    },
  };
  const declaredWith = async (prometheus: "operator" | "files") => {
    const { resources, error } = await deployed(answering, { ...withSecrets(), prometheus });
    expect(error).toBeUndefined();
    return declaredOf(resources);
  };
  const groups = ruleGroups(planOf(parseEstate(answering)));
  const [objects, files] = [await declaredWith("operator"), await declaredWith("files")];
  for (const declared of [objects, files])
    expect(declared.flatMap(one => (one.kind === "rules" ? [one.group] : []))).toEqual(
      groups.map(({ name }) => name),
    );
  expect(objects.flatMap(one => (one.kind === "route" ? [`${one.object} ${one.receiver}`] : []))).toEqual([
    ...["holdfast infra", "holdfast-watchdog DeadMan"],
  ]);
  const kinds = (declared: readonly InForce[]): string[] => declared.map(({ kind }) => kind);
  expect(kinds(files)).not.toContain("route");
  expect(kinds(declaredOf(asItIs.resources))).not.toContain("rules");
});

function declaredOf(resources: readonly Registered[]): readonly InForce[] {
  const { stdin } = named(resources, "effective-state-pve-release-config.json").inputs;
  return effectiveStateConfig.parse(JSON.parse(String(stdin))).declared;
}

test("says which jobs are planned and not installed", () => {
  const { warnings } = asItIs;
  expect(warnings).toContainEqual(
    expect.stringMatching(
      /^Planned and checked, but not installed by this version: etcd-backup, vault-backup\b/,
    ),
  );
  expect(warnings.join()).not.toMatch(
    /not installed.*(lvm-pvc-snapshot|daily-backup|pfsense-backup|offsite-sync)/,
  );
});

test("sends a credential as a secret by standard input, before the release is live and never in another input", () => {
  const { resources } = asItIs;
  expect(named(resources, "pfsense-backup-pve-credential-pfsense-key-file").inputs).toMatchObject({
    create: expect.stringContaining("/etc/holdfast/credentials/pfsense-backup"),
    delete: expect.stringContaining("/etc/holdfast/credentials/pfsense-backup/pfsense-key"),
    logging: "none",
    stdin: { [secretKey]: expect.any(String), value: credentialInput(texts["pfsense-key"]) },
  });
  expect(named(resources, "pfsense-backup-pve-release-live").dependsOn).toEqual(
    expect.arrayContaining([
      "pfsense-backup-pve-credential-pfsense-key-file",
      "pfsense-backup-pve-credential-pfsense-ssh-key-file",
    ]),
  );
  expect(named(resources, "pfsense-backup-pve-credential-pfsense-key-file").dependsOn).toEqual([
    "pfsense-backup-pve-release-script",
  ]);
  const open = JSON.stringify(resources.map(({ inputs }) => withoutSecrets(inputs)));
  for (const text of [...Object.values(texts), tokenData.token, "token-of-the-account"])
    expect(open).not.toContain(JSON.stringify(text).slice(1, -1));
});

test("gives a private key the final line break that the engine's configuration loses", () => {
  expect(credentialInput(firewallKey)).toMatch(/^[0-9a-f]{64}\n-----BEGIN[^]*of the firewall\n$/);
  expect(credentialInput("id token")).toMatch(/^[0-9a-f]{64}\nid token$/);
});

test("changes the file of a changed secret alone", async () => {
  const after = await deployed(exampleEstate(), withSecrets({ "pfsense-key": "another" }));
  expect(changedBetween(asItIs.resources, after.resources).map(({ name }) => name)).toEqual([
    "pfsense-backup-pve-credential-pfsense-key-file",
  ]);
});

test("changes config and manifest of a job, of the one that sends its copies, and of the one that reads it back, after an edit of one line", async () => {
  const [backup] = exampleEstate().layers["daily-backup"] ?? [];
  if (!backup) throw new Error("the example has no daily-backup");
  const edited = withLayers({
    "daily-backup": [{ ...backup, sqlite: { keep: { count: 5, every: "week" } } }],
  });
  const { resources, error } = await deployed(edited, withSecrets());
  expect(error).toBeUndefined();
  const changed = changedBetween(asItIs.resources, resources).filter(({ type }) =>
    type.startsWith("command:"),
  );
  expect(changed.map(({ name }) => name)).toEqual([
    "daily-backup-pve-release-config.json",
    // It keeps there as many generations as the host does.
    "offsite-sync-backup-pve-release-config.json",
    // It knows what of that is to be in force.
    "effective-state-pve-release-config.json",
    "offsite-sync-backup-pve-release-live",
    "effective-state-pve-release-live",
    "daily-backup-pve-release-live",
  ]);
  expect(changed.map(resource => changedLines(named(asItIs.resources, resource.name), resource))).toEqual([
    ['    "count": 5'],
    ['          "keeps": 5'],
    [1, 2].map(() => expect.stringMatching(/^ {6}"files": "[0-9a-f]{64}"$/) as string),
    [expect.stringMatching(/^[0-9a-f]{64} {2}config\.json$/)],
    [expect.stringMatching(/^[0-9a-f]{64} {2}config\.json$/)],
    [expect.stringMatching(/^[0-9a-f]{64} {2}config\.json$/)],
  ]);
});

test("registers nothing without the secrets of its jobs, and gives the command for each one", async () => {
  const { resources, error } = await deployed(exampleEstate());
  expect(resources).toEqual([]);
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect(String(error)).toContain(
    [
      `  pulumi config set --secret --path 'holdfast:secrets["pfsense-key"]'  # for pfsense-backup`,
      `  pulumi config set --secret --path 'holdfast:secrets["pfsense-ssh-key"]'  # for pfsense-backup`,
    ].join("\n"),
  );
});

test("gives nightly runs an account in the cluster that lists volumes alone, and its token where the API answers", () => {
  const { resources } = asItIs;
  const access = (what: string) => named(resources, `cluster-access-k8s-${what}`);
  expect(access("role").inputs).toMatchObject({
    metadata: { name: "holdfast-host" },
    rules: [{ resources: ["persistentvolumes"], verbs: ["list"] }],
  });
  expect(access("binding").inputs).toMatchObject({
    roleRef: { kind: "ClusterRole", name: "holdfast-host" },
    subjects: [{ kind: "ServiceAccount", name: "holdfast-host", namespace: "monitoring" }],
  });
  expect(access("token").inputs).toMatchObject({
    type: "kubernetes.io/service-account-token",
    metadata: {
      annotations: {
        "kubernetes.io/service-account.name": "holdfast-host",
        "pulumi.com/waitFor": "jsonpath={.data.token}",
      },
    },
  });
  expect(access("token").dependsOn).toEqual(["cluster-access-k8s-account", "cluster-access-k8s-binding"]);
  const [snapshot, backup] = ["lvm-pvc-snapshot", "daily-backup"].map(
    job => named(resources, `${job}-pve-credential-kubeconfig-file`).inputs["stdin"],
  );
  expect(snapshot).toEqual(backup);
  expect(snapshot).toMatchObject({ value: expect.stringContaining('"server": "https://k8s.example:6443"') });
  expect(snapshot).toMatchObject({ value: expect.stringContaining('"token": "token-of-the-account"') });
});

test("gives a restore an account of its own, whose token lies with the command of that job alone and out of its unit's sight", () => {
  const { resources } = asItIs;
  expect(named(resources, "cluster-access-k8s-restore-role").inputs).toMatchObject({
    metadata: { name: "holdfast-restore" },
    rules: [
      { resources: ["persistentvolumes"], verbs: ["list"] },
      { resources: ["pods"], verbs: ["list"] },
      { resources: ["deployments", "replicasets", "statefulsets"], verbs: ["get"] },
      { resources: ["deployments/scale", "statefulsets/scale"], verbs: ["patch"] },
      { resources: ["volumeattachments"], verbs: ["list"] },
    ],
  });
  const holders = resources.filter(({ name }) => name.endsWith("kubeconfig-restore-file"));
  expect(holders.map(({ name }) => name)).toEqual([
    "lvm-pvc-snapshot-pve-credential-kubeconfig-restore-file",
  ]);
  const job = planOf(parseEstate(exampleEstate())).jobs.find(({ name }) => name === "lvm-pvc-snapshot");
  const unit = (job && releaseFiles(job).find(({ name }) => name === "lvm-pvc-snapshot.service")?.text) ?? "";
  const folder = "/etc/holdfast/credentials/lvm-pvc-snapshot";
  expect(unit).toContain(`LoadCredential=kubeconfig:${folder}/kubeconfig\n`);
  expect(unit).not.toContain("LoadCredential=kubeconfig-restore");
  expect(unit).toContain(`InaccessiblePaths=-${folder}/kubeconfig-restore\n`);
});

test("another name for the tokens makes new ones of both accounts, and changes nothing else in the cluster", async () => {
  const after = await deployed(exampleEstate(), { ...withSecrets(), clusterTokens: "2026-11" });
  const changed = changedBetween(asItIs.resources, after.resources);
  expect(changed.map(({ name }) => name)).toEqual([
    "cluster-access-k8s-token",
    "cluster-access-k8s-restore-token",
  ]);
  expect(changed.map(({ inputs }) => inputs)).toMatchObject([
    { metadata: { name: "holdfast-host-2026-11" } },
    { metadata: { name: "holdfast-restore-2026-11" } },
  ]);
});

test("reaches the cluster for the account also where Prometheus has no operator", async () => {
  const { resources } = await deployed(exampleEstate(), {
    ...withSecrets(),
    prometheus: "files",
  });
  expect(named(resources, "cluster").inputs).toMatchObject({
    kubeconfig: { [secretKey]: expect.any(String), value: "/home/me/.kube/config" },
  });
  expect(resources.filter(({ type }) => /PrometheusRule|Alert/.test(type))).toEqual([]);
  expect(named(resources, "cluster-access-k8s-token").parent).toBe("cluster-access-k8s");
});

test("makes no account where no job asks for one", async () => {
  const estate = exampleEstate();
  estate.clusters = { k8s: { hosts: ["pve"], disk: "sdc" } };
  // Only the cluster can say of which namespace a volume is.
  for (const part of estate.layers["lvm-pvc-snapshot"]) part.excludeNamespaces = [];
  const { resources, error } = await deployed(estate, withSecrets());
  expect(error).toBeUndefined();
  expect(resources.filter(({ name }) => /cluster-access|kubeconfig/.test(name))).toEqual([]);
});

function withLayers(layers: Partial<EstateInput["layers"]>): EstateInput {
  const estate = exampleEstate();
  return { ...estate, layers: { ...estate.layers, ...layers } };
}

/** Names of a component's own children, without the component's name before them. */
function childrenOf(resources: readonly Registered[], parent: string): string[] {
  return resources.filter(child => child.parent === parent).map(({ name }) => name.slice(parent.length + 1));
}

function changedBetween(before: readonly Registered[], after: readonly Registered[]): Registered[] {
  return after.filter(
    resource => JSON.stringify(resource.inputs) !== JSON.stringify(named(before, resource.name).inputs),
  );
}
