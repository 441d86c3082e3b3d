import { cronJobSpec } from "../../components/cluster-dump/pod";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import { sqliteIntegrityConfig } from "../../plan/contracts/sqlite-integrity";
import { exampleEstate } from "../../plan/estate/example";

const image = `docker.io/library/some@sha256:${"0123456789abcdef".repeat(4)}`;
type Dump = NonNullable<EstateInput["layers"]["cluster-dump"]>[number];

/** The example with a dump of a volume's files, some fields of which a test replaces. */
function estateWith(more: Partial<Dump> = {}, dump: object = {}): EstateInput {
  const estate = exampleEstate();
  const cluster = estate.clusters?.["k8s"];
  const [other] = estate.layers["cluster-dump"] ?? [];
  if (!cluster || !other) throw new Error("the example has a cluster with a dump");
  cluster.runnerImage = image;
  Object.assign(estate.services?.["nextcloud"]?.data[0] ?? {}, { holds: "sqlite" });
  estate.layers["cluster-dump"] = [
    other,
    {
      ...other,
      ...{ name: "nextcloud-backup", namespace: "nextcloud", dataset: "nextcloud" },
      ...{ target: { host: "pve", path: "/srv/nfs/nextcloud-backup" }, keep: { age: "30d" } },
      dump: {
        ...{ engine: "sqlite", image, owner: 33, usedBy: { app: "nextcloud" } },
        excludes: [{ name: "cache", reason: "made anew by itself" }],
        ...dump,
      } as Dump["dump"],
      ...more,
    } as Dump,
  ];
  return estate;
}

function podOf(estate: EstateInput, called = "nextcloud-backup") {
  const job = planOf(parseEstate(estate)).jobs.find(({ name }) => name === called);
  if (job?.deployment.kind !== "cronjob") throw new Error("it is installed");
  const { runner, pod: planned } = job.deployment;
  const objects = {
    job: job.name,
    runner,
    claim: job.name,
    configMap: "programs",
    secret: undefined,
    pushSecret: `${called}-push`,
  };
  return { job, planned, pod: cronJobSpec(planned, objects).jobTemplate.spec.template.spec };
}

test("a dump of files mounts their volume on its application's node, as their owner, and has no password", () => {
  const { job, pod } = podOf(estateWith());
  expect(job.credentials).toEqual([]);
  const { containers, volumes, securityContext, affinity } = pod as Record<string, unknown> & typeof pod;
  // An fsGroup would give each file of the application to another group.
  expect(securityContext).toEqual({
    ...{ runAsNonRoot: true, runAsUser: 64_738, runAsGroup: 64_738, supplementalGroups: [64_738, 33] },
    seccompProfile: { type: "RuntimeDefault" },
  });
  expect(containers[0]).toMatchObject({
    command: ["sh", "/holdfast/sqlite-files.sh"],
    securityContext: {
      ...{ runAsUser: 33, runAsGroup: 33, runAsNonRoot: true, allowPrivilegeEscalation: false },
      capabilities: { drop: ["ALL"] },
    },
    env: expect.arrayContaining([
      { name: "FILES", value: "/files" },
      { name: "EXCLUDES", value: "cache" },
    ]) as unknown,
  });
  expect(containers[1]?.securityContext).not.toHaveProperty("runAsUser");
  expect(volumes).toContainEqual({ name: "files", persistentVolumeClaim: { claimName: "nextcloud" } });
  expect(volumes.map(({ name }) => name)).not.toContain("credentials");
  // Without an fsGroup it stays root's, and the runner is none: readable by a group, no push had its password.
  expect(volumes).toContainEqual({
    name: "push-credentials",
    secret: { secretName: "nextcloud-backup-push", defaultMode: 0o444 },
  });
  expect(containers[0]?.volumeMounts.map(({ name }) => name)).not.toContain("push-credentials");
  expect(affinity).toMatchObject({
    podAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          podAffinityTerm: {
            labelSelector: { matchLabels: { app: "nextcloud" } },
            topologyKey: "kubernetes.io/hostname",
          },
        },
      ],
    },
  });
});

test("files of root's are read by a root without any capability, in the client alone", () => {
  const { containers, securityContext } = podOf(estateWith({}, { owner: 0 })).pod;
  expect(containers[0]?.securityContext).toMatchObject({
    ...{ runAsUser: 0, runAsNonRoot: false, capabilities: { drop: ["ALL"] } },
  });
  expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 64_738 });
});

test("what the estate has for a shell arrives as it stands there, whatever Kubernetes makes of dollars", () => {
  const command = { engine: "command", image, make: 'echo "$(HOME) $$"', check: "wc -l", usedBy: undefined };
  const { job, pod } = podOf(estateWith({ dump: command as unknown as Dump["dump"] }));
  expect(pod.containers[0]).toMatchObject({
    env: expect.arrayContaining([
      { name: "MAKE", value: 'echo "$$(HOME) $$$$"' },
      { name: "RESTORE", value: "" },
    ]) as unknown,
  });
  expect(pod.volumes.map(({ name }) => name)).toEqual([
    ...["programs", "push-credentials", "exchange", "target", "scratch"],
  ]);
  expect(job.flows[0]?.wayBack?.steps[0]).toMatchObject({ kind: "manual" });
});

test("a look at the live databases is a job beside the dump, in a pod of the same volume, and its flag has the application's name", () => {
  const integrity = {
    ...{ name: "nextcloud-integrity", schedule: { cron: "20 * * * *" }, usualRun: "10s", budget: "5min" },
    ...{ promise: { rpo: "3h" }, alert: { receiver: "infra" } },
  };
  const { job, planned, pod } = podOf(estateWith({}, { integrity }), "nextcloud-integrity");
  const [client, other] = pod.containers;
  expect(client).toMatchObject({ command: ["sh", "/holdfast/sqlite-integrity.sh"] });
  expect(other).toMatchObject({
    command: ["node", "/holdfast/sqlite-integrity.cjs", "run", "--config", "/holdfast/config.json"],
  });
  expect(planned.client.restoreScript).toBeUndefined();
  expect(sqliteIntegrityConfig.parse(JSON.parse(planned.config))).toMatchObject({
    metrics: "nextcloud_sqlite_integrity",
    stateDir: "/backup/.holdfast/nextcloud-integrity",
  });
  expect(job.alerts).toMatchObject([
    {
      name: "NextcloudIntegrityFail",
      metric: "nextcloud_sqlite_integrity_ok",
      fires: { kind: "below", than: 1 },
    },
  ]);
  expect(() =>
    parseEstate(estateWith({}, { integrity: { ...integrity, name: "nextcloud-backup" } })),
  ).toThrow(/integrity\.name: "nextcloud-backup" is there twice/);
});

/** The same of a Prometheus in the place of the volume. */
function prometheusWith(more: Partial<Dump> = {}): EstateInput {
  const dump: Dump["dump"] = {
    ...({ engine: "prometheus", image, claim: "prometheus-server", folder: "prometheus-db" } as const),
    server: { host: "prometheus-server.monitoring.svc.cluster.local", port: 80, namespace: "monitoring" },
    usedBy: { app: "prometheus" },
  };
  const estate = estateWith({ namespace: "monitoring", dump, ...more });
  const on = { host: "pve", pool: "data", namespace: "monitoring" };
  estate.services = {
    ...estate.services,
    nextcloud: { data: [{ kind: "database", engine: "prometheus", on, size: "40GB" }] },
  };
  return estate;
}

test("a dump of a Prometheus mounts its volume, asks it for a snapshot, and is told of by its own names", () => {
  const { job, pod } = podOf(prometheusWith());
  expect(pod.containers[0]).toMatchObject({
    command: ["sh", "/holdfast/prometheus-server.sh"],
    securityContext: { runAsUser: 65_534, runAsNonRoot: true },
    env: expect.arrayContaining([
      { name: "DATABASE_PORT", value: "80" },
      { name: "FILES", value: "/files/prometheus-db" },
    ]) as unknown,
  });
  expect(pod.volumes).toContainEqual({
    name: "files",
    persistentVolumeClaim: { claimName: "prometheus-server" },
  });
  expect(pod.volumes.map(({ name }) => name)).not.toContain("credentials");
  expect(job.metrics.map(({ name }) => name)).toContain("prometheus_backup_last_success_timestamp");
  if (job.deployment.kind !== "cronjob") throw new Error("it is installed");
  expect(JSON.parse(job.deployment.pod.config)).toMatchObject({ metrics: "prometheus_backup" });
  expect(job.deployment.pod.reaches).toContainEqual({ namespace: "monitoring", port: 80 });
  expect(() => parseEstate(prometheusWith({ namespace: "elsewhere" }))).toThrow(
    /namespace: "elsewhere" isn't where the claim of nextcloud is/,
  );
});

test.each([
  [
    { dataset: "books", namespace: "books" },
    {},
    /dump\.engine: "sqlite" is for the files of one volume, and books isn't that/,
  ],
  [{ namespace: "elsewhere" }, {}, /namespace: "elsewhere" isn't where the claim of nextcloud is/],
  [{}, { usedBy: {} }, /usedBy: .*is empty, which finds every pod/],
  [{}, { usedBy: { app: "next cloud" } }, /expected the value of a label/],
  [{}, { owner: -1 }, /owner/],
  [{}, { server: { host: "nextcloud" } }, /server/],
])("%j with %j is refused", (more, dump, says) => {
  expect(() => parseEstate(estateWith(more, dump))).toThrow(says);
});
