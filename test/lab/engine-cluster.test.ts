import { randomUUID } from "node:crypto";
import { fixedFacts } from "../../lab/facts";
import { inNamespace } from "../../lab/namespace";
import { connect, serverStatus, startServers, stopServers } from "../../lab/servers";
import { ThrowAwayStack } from "./engine/throw-away-stack";
import { closedPort } from "./engine/sshd";

jest.setTimeout(1_800_000);

const { kubeconfig: kubeconfigFile } = fixedFacts;
const id = `engine-test-${randomUUID().slice(0, 8)}`;
const rulePath = `/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheusrules/${id}`;
let stack: ThrowAwayStack;
let foundRunning = false;

beforeAll(async () => {
  foundRunning = (await serverStatus()).every(({ up }) => up);
  await startServers(() => undefined);
  stack = await ThrowAwayStack.start("kubernetes.cjs", inNamespace);
}, 45 * 60_000);

afterAll(async () => {
  await connect().remove(rulePath);
  stack?.remove();
  if (!foundRunning) await stopServers();
});

interface Managed {
  readonly metadata: { readonly managedFields: readonly { manager: string; operation: string }[] };
}

const rule = (expr: string, more: object = {}): object => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: id, namespace: "monitoring", ...more },
  spec: { groups: [{ name: id, rules: [{ alert: "Stale", expr }] }] },
});

function give(expr: string, more: object = {}): void {
  stack.give({
    provider: { kubeconfig: kubeconfigFile },
    objects: { rule: rule(expr) },
    secrets: { sealed: { stringData: { password: "open-sesame" } } },
    ...more,
  });
}

test("a preview leaves nothing in the cluster, a deployment makes the objects, a second one changes nothing", async () => {
  give("vector(0) == 1");
  expect(await stack.preview()).toMatchObject({ exitCode: 0 });
  expect(await connect().get(rulePath)).toBeUndefined();
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await connect().get(rulePath)).toMatchObject(rule("vector(0) == 1"));
  expect((await stack.up()).all).toContain("4 unchanged");
  expect(stack.state()).not.toMatch(/open-sesame|b3Blbi1zZXNhbWU/);
});

test("what was made is a plain create's, and belongs to server-side apply from the first update on", async () => {
  const managers = async () =>
    ((await connect().get(rulePath)) as Managed).metadata.managedFields.map(
      ({ manager, operation }) => `${manager.replace(/[0-9a-f]{8}$/, "ID")} ${operation}`,
    );
  expect(await managers()).toEqual(["pulumi-kubernetes Update"]);
  give("vector(0) == 1.5");
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await managers()).toEqual(["pulumi-kubernetes-ID Apply"]);
  give("vector(0) == 1");
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
});

test("a changed expression previews as that expression", async () => {
  give("vector(0) == 2");
  expect((await stack.preview()).all).toMatch(/~ expr: "vector\(0\) == 1" => "vector\(0\) == 2"/);
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
});

test("what somebody changed by hand shows after a refresh and is put right by the next deployment", async () => {
  await connect().apply(rulePath, rule("vector(0) == 3"));
  expect((await stack.refresh()).exitCode).toBe(0);
  expect((await stack.preview()).all).toMatch(/~ expr: "vector\(0\) == 3" => "vector\(0\) == 2"/);
});

test("a field that somebody else manages is a conflict that names the other manager, and force takes it over", async () => {
  const refused = await stack.up();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.all).toMatch(/Server-Side Apply field conflict detected[^]*conflict with "/);
  give("vector(0) == 2", { provider: { kubeconfig: kubeconfigFile, enablePatchForce: true } });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await connect().get(rulePath)).toMatchObject(rule("vector(0) == 2"));
});

test("what the cluster doesn't accept fails the preview with the server's reason", async () => {
  stack.give({
    provider: { kubeconfig: kubeconfigFile, enablePatchForce: true },
    objects: { rule: { ...rule("up"), spec: { groups: "none" } } },
  });
  const { exitCode, all } = await stack.preview();
  expect(exitCode).not.toBe(0);
  expect(all).toContain("spec.groups");
});

test("an object that somebody deleted fails the next update, until a refresh", async () => {
  await connect().remove(rulePath);
  give("vector(0) == 4", { provider: { kubeconfig: kubeconfigFile, enablePatchForce: true } });
  const refused = await stack.up();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.all).toMatch(/update of resource .* failed: .* not found/);
  expect((await stack.refresh()).exitCode).toBe(0);
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await connect().get(rulePath)).toMatchObject(rule("vector(0) == 4"));
});

test("destroying the stack removes the objects", async () => {
  give("vector(0) == 2", { provider: { kubeconfig: kubeconfigFile, enablePatchForce: true } });
  expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
  expect(await connect().get(rulePath)).toBeUndefined();
});

test("an object that is there already isn't taken over by a first deployment, which a preview can't tell", async () => {
  await connect().apply(rulePath, rule("vector(0) == 5"));
  give("vector(0) == 2");
  expect(await stack.preview()).toMatchObject({ exitCode: 0 });
  const refused = await stack.up();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.all).toMatch(/already exists[^]*pulumi import[^]*upsertExistingObjects/);
  expect(await connect().get(rulePath)).toMatchObject(rule("vector(0) == 5"));
  await stack.destroy();
});

test("a cluster that can't be reached is said at preview, and ends a deployment", async () => {
  const kubeconfig = JSON.stringify({
    clusters: [{ name: "gone", cluster: { server: `https://127.0.0.1:${closedPort}` } }],
    users: [{ name: "nobody", user: {} }],
    contexts: [{ name: "gone", context: { cluster: "gone", user: "nobody" } }],
    "current-context": "gone",
  });
  stack.give({ provider: { kubeconfig }, objects: { rule: rule("up") } });
  const cause = new RegExp(
    `configured Kubernetes cluster is unreachable: https://127.0.0.1:${closedPort}: connect ECONNREFUSED`,
  );
  expect((await stack.preview()).all).toMatch(cause);
  const { exitCode, all } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(all).toMatch(cause);
});
