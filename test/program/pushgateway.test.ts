import * as pulumi from "@pulumi/pulumi";
import { compareSync } from "bcryptjs";
import { parse } from "yaml";
import { z } from "zod";
import { webConfig } from "../../components/pushgateway/web-config";
import { EstateInvalid, type EstateInput, parseEstate, planOf } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { deployed } from "./deployed";
import { digest, withDump } from "./dump-estate";
import { named, type Registered, secretKey } from "./engine";

const image = `docker.io/prom/pushgateway:v1.11.1@sha256:${digest}`;
const secrets = {
  "postgresql-backup": pulumi.secret("the password"),
  // Jobs leave a final line break out.
  pushgateway: pulumi.secret("what jobs push by\n"),
};

/** An estate whose Pushgateway asks for a login. */
function withLogin(more: Partial<EstateInput["monitoring"]> = {}, estate = withDump()): EstateInput {
  const kept = { keptIn: ["break-glass"] };
  estate.secrets = { ...estate.secrets, pushgateway: kept, kubeconfig: kept };
  estate.monitoring = {
    ...estate.monitoring,
    pushgateway: "http://192.168.1.20:30091",
    pushgatewayLogin: { user: "holdfast", password: "pushgateway" },
    ...more,
  };
  return estate;
}

const server = { cluster: "k8s", image };

function faultsOf(estate: EstateInput): string {
  try {
    parseEstate(estate);
    return "";
  } catch (error) {
    if (error instanceof EstateInvalid) return error.message;
    throw error;
  }
}

/** Everything of a resource that isn't secret. */
function open(resource: Registered): string {
  return JSON.stringify(resource.inputs, (_, value: unknown) =>
    typeof value === "object" && value !== null && secretKey in value ? "secret" : value,
  );
}

test("each job of a host gets the password as a file that its config names, and runs without it too", () => {
  const { jobs } = planOf(parseEstate(withLogin({}, exampleEstate())));
  const hosted = jobs.flatMap(({ name, deployment, credentials }) =>
    deployment.kind === "timer" || deployment.kind === "service" ? [{ name, deployment, credentials }] : [],
  );
  expect(hosted.length).toBeGreaterThan(3);
  for (const { name, deployment, credentials } of hosted) {
    expect(credentials).toContainEqual({
      name: "pushgateway",
      from: { kind: "secret", secret: "pushgateway" },
    });
    const text = (ending: string): string =>
      deployment.files.find(file => file.name.endsWith(ending))?.text ?? "";
    // A unit whose credential is missing doesn't start, and a backup that nobody hears of is one all the same.
    expect(text(".service")).not.toContain("LoadCredential=pushgateway:");
    expect(JSON.parse(text("config.json"))).toMatchObject({
      pushgateway: {
        login: {
          ...{ user: "holdfast", password: "pushgateway" },
          credentialsDir: `/etc/holdfast/credentials/${name}`,
        },
      },
    });
  }
});

test("a dump's runner gets it as a Secret of its own, which the client never sees", async () => {
  const { resources, error } = await deployed(withLogin(), { secrets });
  expect(error).toBeUndefined();
  expect(named(resources, "postgresql-backup-k8s-push").inputs).toMatchObject({
    metadata: { name: "postgresql-backup-push", namespace: "dbaas" },
    stringData: { [secretKey]: expect.any(String), value: { pushgateway: "what jobs push by\n" } },
  });
  const { spec } = z
    .object({ spec: z.object({ jobTemplate: z.object({ spec: z.object({ template: z.unknown() }) }) }) })
    .parse(named(resources, "postgresql-backup-k8s-cronjob").inputs);
  const mounts = z
    .object({
      spec: z.object({
        containers: z.array(
          z.object({ name: z.string(), volumeMounts: z.array(z.object({ mountPath: z.string() })) }),
        ),
      }),
    })
    .parse(spec.jobTemplate.spec.template)
    .spec.containers.map(({ name, volumeMounts }) => [name, volumeMounts.map(each => each.mountPath)]);
  expect(mounts).toEqual([
    ["client", ["/holdfast", "/credentials", "/exchange"]],
    ["runner", ["/holdfast", "/push", "/exchange", "/backup"]],
  ]);
  for (const resource of resources) expect(open(resource)).not.toContain("what jobs push by");
});

test("a stack without the password changes nothing, and says who asks for it", async () => {
  const { resources, error } = await deployed(withLogin({ pushgatewayServer: server }), {
    secrets: { "postgresql-backup": secrets["postgresql-backup"] },
  });
  expect(String(error)).toMatch(
    /pulumi config set --secret --path 'holdfast:secrets\["pushgateway"\]' {2}# for .*postgresql-backup.*, the Pushgateway$/m,
  );
  expect(resources).toEqual([]);
});

test("a Pushgateway of the estate's own keeps what it was told, and asks everybody for the password", async () => {
  const { resources, error } = await deployed(
    withLogin({ pushgatewayServer: { ...server, storageClass: "encrypted" } }),
    { secrets },
  );
  expect(error).toBeUndefined();
  const mine = resources.filter(({ name }) => name.startsWith("pushgateway"));
  expect(mine.map(({ type }) => type.split(":").at(-1)).sort()).toEqual([
    "Deployment",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pushgateway",
    "Secret",
    "Service",
    "ServiceMonitor",
  ]);
  for (const resource of mine) expect(open(resource)).not.toContain("what jobs push by");
  expect(named(resources, "pushgateway-claim").inputs["spec"]).toEqual({
    ...{ accessModes: ["ReadWriteOnce"], storageClassName: "encrypted" },
    resources: { requests: { storage: "2Gi" } },
  });
  expect(named(resources, "pushgateway-service").inputs["spec"]).toMatchObject({
    ...{ type: "NodePort", ports: [{ port: 9091, nodePort: 30_091 }] },
  });
  expect(named(resources, "pushgateway-monitor").inputs["spec"]).toMatchObject({
    endpoints: [
      {
        ...{ port: "http", interval: "30s", honorLabels: true },
        basicAuth: {
          username: { name: "pushgateway", key: "user" },
          password: { name: "pushgateway", key: "password" },
        },
      },
    ],
  });
  const { stringData } = named(resources, "pushgateway-login").inputs;
  const login = z.object({ value: z.record(z.string(), z.string()) }).parse(stringData).value;
  const users = z
    .object({ basic_auth_users: z.record(z.string(), z.string()) })
    .parse(parse(login["web.yml"] ?? ""));
  expect(login["password"]).toBe("what jobs push by");
  expect(compareSync("what jobs push by", users.basic_auth_users["holdfast"] ?? "")).toBe(true);
  // Only the file with the hash is the server's.
  expect(JSON.stringify(named(resources, "pushgateway-server").inputs["spec"])).toContain(
    '"items":[{"key":"web.yml","path":"web.yml"}]',
  );
  // What the network makes of a node's port before it looks: a pod's.
  expect(JSON.stringify(named(resources, "postgresql-backup-k8s-reach").inputs)).toContain(
    '"kubernetes.io/metadata.name":"monitoring"',
  );
});

test.each([undefined, "encrypted", "other"])(
  "of storage class %s it has a claim of another name",
  async storageClass => {
    const { resources } = await deployed(withLogin({ pushgatewayServer: { ...server, storageClass } }), {
      secrets,
    });
    const claimName = storageClass === undefined ? "pushgateway" : `pushgateway-${storageClass}`;
    expect(named(resources, "pushgateway-claim").inputs).toMatchObject({ metadata: { name: claimName } });
    expect(JSON.stringify(named(resources, "pushgateway-server").inputs)).toContain(
      `{"claimName":"${claimName}"}`,
    );
    expect(named(resources, "pushgateway-service").deleteBeforeReplace).toBe(true);
  },
);

test("the hash is the same at each preview, and another one for another password", async () => {
  const text = await webConfig("holdfast", "one");
  expect(await webConfig("holdfast", "one")).toBe(text);
  expect(await webConfig("holdfast", "two")).not.toBe(text);
});

test.each<[string, object, RegExp]>([
  [
    "a server without a login",
    { pushgatewayServer: server, pushgatewayLogin: undefined },
    /pushgatewayLogin beside it/,
  ],
  [
    "an address that is no node's port",
    { pushgatewayServer: server, pushgateway: "http://192.168.1.20:9091" },
    /Expected "http:\/\/192\.168\.1\.20:30091", or the https address of a proxy/,
  ],
  ...["localhost", "127.0.0.1", "127.1", "[::1]"].map((machine): [string, object, RegExp] => [
    `${machine}, which is another one for each job`,
    { pushgatewayServer: server, pushgateway: `http://${machine}:30091` },
    /whoever pushes themselves/,
  ]),
  [
    "the host that the nodes are machines on",
    { pushgatewayServer: server, pushgateway: "http://pve.example:30091" },
    /is the address of host pve, .*Expected a node's.*or pushgatewayServer\.forwardedBy: "pve"/,
  ],
  [
    "a host that forwards what doesn't go there",
    { pushgatewayServer: { ...server, forwardedBy: "pve" } },
    /forwardedBy: "pve" isn't the machine of monitoring\.pushgateway \("192\.168\.1\.20"\)/,
  ],
  ["a cluster with a typo", { pushgatewayServer: { ...server, cluster: "k8" } }, /"k8".*k8s/s],
  [
    "a secret that nobody has",
    { pushgatewayLogin: { user: "holdfast", password: "pushgatway" } },
    /pushgateway/,
  ],
  [
    "a secret by the name of another file that jobs have",
    { pushgatewayLogin: { user: "holdfast", password: "kubeconfig" } },
    /"kubeconfig" is what a job's access to a cluster is called beside it/,
  ],
  ["a user with a colon", { pushgatewayLogin: { user: "a:b", password: "pushgateway" } }, /without a colon/],
])("refuses %s", (_, monitoring, says) => {
  const estate = withLogin();
  estate.monitoring = { ...estate.monitoring, ...monitoring } as EstateInput["monitoring"];
  expect(faultsOf(estate)).toMatch(says);
});

test.each([30_091, 8_091])("takes the host's own address, at port %i, where that forwards it", port => {
  const pushgateway = `http://pve.example:${port}`;
  expect(faultsOf(withLogin({ pushgatewayServer: { ...server, forwardedBy: "pve" }, pushgateway }))).toBe("");
});
