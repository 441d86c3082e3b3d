import { digest, type Dump, withDump } from "./dump-estate";
import { deployed } from "./deployed";
import { named, withoutSecrets } from "./engine";
import * as pulumi from "@pulumi/pulumi";
import { parseEstate, planOf } from "../../plan";
import { askedJob } from "../../plan/contracts/ask-command";
import { clusterDumpConfig } from "../../plan/contracts/cluster-dump";

/** Another one after each change of a program. */
function withoutHash(inputs: object): unknown {
  return JSON.parse(
    JSON.stringify(inputs).replaceAll(/postgresql-backup-[0-9a-f]{10}/g, "postgresql-backup-HASH"),
  );
}

const secrets = { "postgresql-backup": pulumi.secret("the password") };

test("a dump is a folder, a volume, programs, a password, a policy and a CronJob that asks for all of them", async () => {
  const { resources, error } = await deployed(withDump(), { secrets });
  expect(error).toBeUndefined();
  const mine = resources.filter(({ name }) => name.startsWith("postgresql-backup"));
  expect(mine.map(({ type, name }) => `${type} ${name}`)).toMatchInlineSnapshot(`
   [
     "holdfast:layer:ClusterDump postgresql-backup-k8s",
     "holdfast:host:Folder postgresql-backup-k8s-folder",
     "holdfast:cluster:AlertRules postgresql-backup-k8s-alerts",
     "kubernetes:core/v1:Secret postgresql-backup-k8s-client",
     "kubernetes:core/v1:ConfigMap postgresql-backup-k8s-programs",
     "kubernetes:networking.k8s.io/v1:NetworkPolicy postgresql-backup-k8s-reach",
     "command:remote:Command postgresql-backup-k8s-folder-made",
     "kubernetes:core/v1:PersistentVolume postgresql-backup-k8s-volume",
     "kubernetes:monitoring.coreos.com/v1:PrometheusRule postgresql-backup-k8s-alerts-rule",
     "kubernetes:core/v1:PersistentVolumeClaim postgresql-backup-k8s-claim",
     "kubernetes:batch/v1:CronJob postgresql-backup-k8s-cronjob",
     "kubernetes:batch/v1:CronJob postgresql-backup-k8s-ask",
   ]
  `);
  expect(withoutHash(named(resources, "postgresql-backup-k8s-cronjob").inputs)).toMatchInlineSnapshot(`
   {
     "apiVersion": "batch/v1",
     "kind": "CronJob",
     "metadata": {
       "labels": {
         "app.kubernetes.io/managed-by": "holdfast",
         "holdfast.io/job": "postgresql-backup",
       },
       "name": "postgresql-backup",
       "namespace": "dbaas",
     },
     "spec": {
       "concurrencyPolicy": "Forbid",
       "failedJobsHistoryLimit": 3,
       "jobTemplate": {
         "spec": {
           "activeDeadlineSeconds": 900,
           "backoffLimit": 0,
           "template": {
             "metadata": {
               "labels": {
                 "app.kubernetes.io/managed-by": "holdfast",
                 "holdfast.io/job": "postgresql-backup",
               },
             },
             "spec": {
               "automountServiceAccountToken": false,
               "containers": [
                 {
                   "command": [
                     "sh",
                     "/holdfast/postgresql-server.sh",
                   ],
                   "env": [
                     {
                       "name": "DATABASE_HOST",
                       "value": "postgresql.dbaas.svc.cluster.local",
                     },
                     {
                       "name": "DATABASE_PORT",
                       "value": "5432",
                     },
                     {
                       "name": "DATABASE_USER",
                       "value": "backup",
                     },
                     {
                       "name": "HOME",
                       "value": "/exchange",
                     },
                     {
                       "name": "EXCHANGE",
                       "value": "/exchange",
                     },
                     {
                       "name": "PASSWORD_FILE",
                       "value": "/credentials/password",
                     },
                   ],
                   "image": "docker.io/library/postgres:15@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                   "name": "client",
                   "resources": {
                     "limits": {
                       "memory": "512Mi",
                     },
                     "requests": {
                       "cpu": "50m",
                       "memory": "64Mi",
                     },
                   },
                   "securityContext": {
                     "allowPrivilegeEscalation": false,
                     "capabilities": {
                       "drop": [
                         "ALL",
                       ],
                     },
                     "readOnlyRootFilesystem": true,
                   },
                   "volumeMounts": [
                     {
                       "mountPath": "/holdfast",
                       "name": "programs",
                       "readOnly": true,
                     },
                     {
                       "mountPath": "/credentials",
                       "name": "credentials",
                       "readOnly": true,
                     },
                     {
                       "mountPath": "/exchange",
                       "name": "exchange",
                     },
                   ],
                 },
                 {
                   "command": [
                     "node",
                     "/holdfast/cluster-dump.cjs",
                     "run",
                     "--config",
                     "/holdfast/config.json",
                   ],
                   "image": "docker.io/library/node:24-bookworm-slim@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                   "name": "runner",
                   "resources": {
                     "limits": {
                       "memory": "256Mi",
                     },
                     "requests": {
                       "cpu": "50m",
                       "memory": "96Mi",
                     },
                   },
                   "securityContext": {
                     "allowPrivilegeEscalation": false,
                     "capabilities": {
                       "drop": [
                         "ALL",
                       ],
                     },
                     "readOnlyRootFilesystem": true,
                   },
                   "volumeMounts": [
                     {
                       "mountPath": "/holdfast",
                       "name": "programs",
                       "readOnly": true,
                     },
                     {
                       "mountPath": "/exchange",
                       "name": "exchange",
                     },
                     {
                       "mountPath": "/backup",
                       "name": "target",
                     },
                   ],
                 },
               ],
               "enableServiceLinks": false,
               "restartPolicy": "Never",
               "securityContext": {
                 "fsGroup": 64738,
                 "runAsGroup": 64738,
                 "runAsNonRoot": true,
                 "runAsUser": 64738,
                 "seccompProfile": {
                   "type": "RuntimeDefault",
                 },
               },
               "terminationGracePeriodSeconds": 60,
               "volumes": [
                 {
                   "configMap": {
                     "name": "postgresql-backup-HASH",
                   },
                   "name": "programs",
                 },
                 {
                   "name": "credentials",
                   "secret": {
                     "defaultMode": 288,
                     "secretName": "postgresql-backup-client",
                   },
                 },
                 {
                   "emptyDir": {
                     "medium": "Memory",
                     "sizeLimit": "16Mi",
                   },
                   "name": "exchange",
                 },
                 {
                   "name": "target",
                   "persistentVolumeClaim": {
                     "claimName": "postgresql-backup",
                   },
                 },
               ],
             },
           },
         },
       },
       "schedule": "10 0 * * *",
       "startingDeadlineSeconds": 3600,
       "successfulJobsHistoryLimit": 3,
       "suspend": false,
       "timeZone": "Europe/Sofia",
     },
   }
  `);
  expect(JSON.stringify(mine.map(({ inputs }) => withoutSecrets(inputs)))).not.toContain("the password");
});

test("what a person asks of the dumps is done by the same pod with another script, which nothing starts by itself", async () => {
  const { resources } = await deployed(withDump(), { secrets });
  const [run, ask] = ["cronjob", "ask"].map(
    name => named(resources, `postgresql-backup-k8s-${name}`).inputs,
  ) as unknown as [CronJobInputs, CronJobInputs];
  expect(ask.metadata.name).toBe(askedJob("postgresql-backup"));
  expect(ask.spec).toMatchObject({
    suspend: true,
    jobTemplate: { spec: { ttlSecondsAfterFinished: 86_400 } },
  });
  const [client, runner] = podOf(ask).containers;
  expect([client?.command, runner?.command, runner?.env]).toEqual([
    ["sh", "/holdfast/postgresql-restore.sh"],
    ["node", "/holdfast/cluster-dump.cjs", "--config", "/holdfast/config.json"],
    [{ name: "ASK", value: "list" }],
  ]);
  expect({ ...podOf(ask), containers: [] }).toEqual({ ...podOf(run), containers: [] });
  expect(ask.spec.jobTemplate.spec.template.metadata).toEqual(run.spec.jobTemplate.spec.template.metadata);
  const { wayBack } =
    planOf(parseEstate(withDump())).jobs.find(({ name }) => name === "postgresql-backup")?.flows[0] ?? {};
  expect(wayBack?.steps).toMatchObject([
    {
      kind: "command",
      argv: [
        ...["sh", "-ec"],
        expect.arrayContaining([expect.stringContaining("--from=cronjob/postgresql-backup-ask ")]),
      ],
    },
  ]);
});

interface CronJobInputs {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly jobTemplate: {
      readonly spec: {
        readonly template: {
          readonly metadata: object;
          readonly spec: {
            readonly volumes: readonly object[];
            readonly containers: readonly {
              readonly command: readonly string[];
              readonly env?: readonly object[];
            }[];
          };
        };
      };
    };
  };
}

function podOf(inputs: CronJobInputs) {
  return inputs.spec.jobTemplate.spec.template.spec;
}

test("what is handed to the pod is what the runner and the client read", async () => {
  const { resources } = await deployed(withDump(), { secrets });
  const { data } = named(resources, "postgresql-backup-k8s-programs").inputs as {
    data: Record<string, string>;
  };
  expect(clusterDumpConfig.parse(JSON.parse(data["config.json"] ?? ""))).toMatchObject({
    ...{ job: "postgresql-backup", host: "k8s", budgetMs: 600_000, zone: "Europe/Sofia" },
    ...{
      exchange: "/exchange",
      target: "/backup",
      seen: { host: "pve", path: "/srv/nfs/postgresql-backup" },
    },
    keep: { kind: "age", ms: 14 * 86_400_000, atLeast: 1 },
  });
  expect(named(resources, "postgresql-backup-k8s-reach").inputs["spec"]).toEqual({
    podSelector: {
      matchLabels: { "app.kubernetes.io/managed-by": "holdfast", "holdfast.io/job": "postgresql-backup" },
    },
    policyTypes: ["Ingress", "Egress"],
    ingress: [],
    egress: [
      {
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ],
      },
      {
        to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "dbaas" } } }],
        ports: [{ protocol: "TCP", port: 5432 }],
      },
      { ports: [{ protocol: "TCP", port: 9091 }] },
    ],
  });
  expect(named(resources, "postgresql-backup-k8s-volume").inputs["spec"]).toMatchObject({
    persistentVolumeReclaimPolicy: "Retain",
    claimRef: { namespace: "dbaas", name: "postgresql-backup" },
    nfs: { server: "pve.example", path: "/srv/nfs/postgresql-backup" },
  });
});

test("an edit of the schedule changes one line of the CronJob, and one of the retention the programs and their name alone", async () => {
  const before = await deployed(withDump(), { secrets });
  const changed = async (more: Partial<Dump>): Promise<string[]> => {
    const after = await deployed(withDump(more), { secrets });
    return after.resources
      .filter(({ name }) => name.startsWith("postgresql-backup") && !name.includes("alerts"))
      .flatMap(({ name, inputs }) => {
        const old = linesOf(named(before.resources, name).inputs);
        return linesOf(inputs)
          .filter(line => !old.includes(line))
          .map(line => `${name}: ${line}`);
      });
  };
  expect(await changed({ schedule: { cron: "20 0 * * *" } })).toEqual([
    'postgresql-backup-k8s-cronjob: "schedule": "20 0 * * *",',
  ]);
  const named15 = expect.stringMatching(/: "name": "postgresql-backup-[0-9a-f]{10}",?$/) as string;
  expect(await changed({ keep: { age: "15d" } })).toEqual([
    expect.stringMatching(/-programs: "config.json": .*"ms\\": 1296000000/),
    named15,
    named15,
    named15,
  ]);
});

/** Lines of a text of the inputs that a preview would show. */
function linesOf(inputs: object): string[] {
  return JSON.stringify(inputs, undefined, 1)
    .split("\n")
    .map(line => line.trim());
}

test("refuses a dump whose cluster has no image for the runner, and an image that can become another one", async () => {
  const estate = withDump();
  const { error } = await deployed({ ...estate, clusters: { k8s: { hosts: ["pve"], disk: "sdc" } } });
  expect(String(error)).toMatch(
    /estate\.clusters\.k8s\.runnerImage: .*the dump postgresql-backup is verified in it/,
  );
  const [dump] = estate.layers["cluster-dump"] ?? [];
  const floating = withDump({
    dump: { ...dump?.dump, image: "docker.io/library/postgres:15" } as Dump["dump"],
  });
  expect(String((await deployed(floating, { secrets })).error)).toMatch(
    /doesn't know which images[^]*pulumi config set --path 'holdfast:images\["docker\.io\/library\/postgres:15"\]' "\$\(skopeo inspect .* {2}# for postgresql-backup/,
  );
  const images = { "docker.io/library/postgres:15": `sha256:${digest}` };
  const { resources } = await deployed(floating, { secrets, images });
  expect(
    podOf(named(resources, "postgresql-backup-k8s-cronjob").inputs as unknown as CronJobInputs).containers[0],
  ).toMatchObject({
    image: `docker.io/library/postgres:15@sha256:${digest}`,
  });
  const nameless = withDump({ dump: { ...dump?.dump, image: "postgres" } as Dump["dump"] });
  expect(String((await deployed(nameless)).error)).toMatch(
    /dump\.image: "postgres".*expected an image with its registry/,
  );
});

test("refuses a name that Kubernetes would refuse in the middle of a deployment, unless another program has that CronJob", () => {
  const name = "postgresql-of-the-house-and-of-all-its-summerhouses";
  expect(() => parseEstate(withDump({ name }))).toThrow(
    /\.name: "postgresql-.* is too long: .* Expected 48 at most/,
  );
  expect(() => parseEstate(withDump({ name: name.slice(0, 48) }))).not.toThrow();
  expect(() => parseEstate(withDump({ name, dump: undefined }))).not.toThrow();
});

test("a dump of Redis has room on a disk for its client, and one of etcd reaches one address", async () => {
  const [dump] = withDump().layers["cluster-dump"] ?? [];
  const { image, secret, user } = dump?.dump as Extract<Dump["dump"], { engine: "postgresql" }>;
  const redisDump = {
    engine: "redis",
    image: image.replace("postgres", "redis"),
    secret,
    user,
    server: { host: "redis.dbaas.svc", namespace: "dbaas" },
  } as const;
  const redis = await deployed(withDump({ dump: redisDump }, "redis"), { secrets });
  const { containers, volumes } = podOf(
    named(redis.resources, "postgresql-backup-k8s-cronjob").inputs as unknown as CronJobInputs,
  );
  expect(containers[0]).toMatchObject({ command: ["sh", "/holdfast/redis-server.sh"] });
  expect(JSON.stringify([containers[0], volumes])).toMatch(
    /"mountPath":"\/scratch".*\{"emptyDir":\{\},"name":"scratch"\}/,
  );
  const etcdDump = {
    engine: "etcd",
    secret,
    image: image.replace("postgres", "etcd"),
    server: { host: "192.168.1.10" },
  } as const;
  const etcd = await deployed(withDump({ dump: etcdDump }, "etcd"), { secrets });
  expect(named(etcd.resources, "postgresql-backup-k8s-reach").inputs).toMatchObject({
    spec: {
      egress: expect.arrayContaining([
        { to: [{ ipBlock: { cidr: "192.168.1.10/32" } }], ports: [{ protocol: "TCP", port: 2379 }] },
      ]) as unknown,
    },
  });
});

test("a Vault's client is told whether it speaks TLS, and does so unless the estate says otherwise", async () => {
  const vault = {
    engine: "vault",
    secret: "postgresql-backup",
    image: `docker.io/hashicorp/vault:1.14.1@sha256:${digest}`,
    server: { host: "vault.dbaas.svc", namespace: "dbaas" },
  } as const;
  const environmentOf = async (dump: Dump["dump"]) => {
    const { resources } = await deployed(withDump({ dump }, "vault"), { secrets });
    const { containers } = podOf(
      named(resources, "postgresql-backup-k8s-cronjob").inputs as unknown as CronJobInputs,
    );
    expect(containers[0]).toMatchObject({ command: ["sh", "/holdfast/vault-server.sh"] });
    return containers[0]?.env;
  };
  expect(await environmentOf(vault)).toContainEqual({ name: "SCHEME", value: "https" });
  expect(await environmentOf({ ...vault, tls: false })).toContainEqual({ name: "SCHEME", value: "http" });
});
