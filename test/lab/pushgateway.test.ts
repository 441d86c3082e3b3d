import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { podSpec } from "../../components/pushgateway/pod";
import { stopProcess, until } from "../../lab/process";
import { connect, exchange, pushgatewayHeaders, startServers, urls } from "../../lab/servers";
import { pushgatewayMetricsFile } from "../../lab/servers/pushgateway-login";
import { metric, id, push, pushPath } from "./servers-fixture";

const quiet = (): void => undefined;
const told = async (): Promise<string> =>
  (await exchange(`${urls.pushgateway}/metrics`, { headers: pushgatewayHeaders() })).body;

afterAll(() => exchange(pushPath(), { method: "DELETE", headers: pushgatewayHeaders() }));

test("takes and shows nothing without its password: a forged success stays outside", async () => {
  await push(1);
  const forged = { method: "PUT", body: `${metric} 2\n` };
  const authorization = `Basic ${Buffer.from("holdfast:guessed").toString("base64")}`;
  expect((await exchange(pushPath(), forged)).status).toBe(401);
  expect((await exchange(pushPath(), { ...forged, headers: { authorization } })).status).toBe(401);
  expect((await exchange(pushPath(), { method: "DELETE" })).status).toBe(401);
  expect((await exchange(`${urls.pushgateway}/metrics`)).status).toBe(401);
  expect(await told()).toContain(`${metric}{instance="pve",job="${id}"} 1`);
});

test("killed a moment after a push, it has forgotten nothing", async () => {
  await push(9);
  const value = Buffer.from(metric);
  expect(await until(() => readFileSync(pushgatewayMetricsFile()).includes(value), 600_000)).toBe(true);
  await push(10);
  const before = readFileSync(pushgatewayMetricsFile());
  expect(await until(() => !readFileSync(pushgatewayMetricsFile()).equals(before), 600_000)).toBe(true);
  await stopProcess("pushgateway", 0);
  await startServers(quiet);
  expect(await told()).toContain(`${metric}{instance="pve",job="${id}"} 10`);
});

test("its pod fits the Pod Security Standard restricted, by the API server's own word", async () => {
  const name = `pushgateway-${randomUUID().slice(0, 8)}`;
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const api = connect();
  const path = `/api/v1/namespaces/${name}`;
  await api.apply(path, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  const pod = (spec: object) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: name },
    spec,
  });
  const spec = podSpec("docker.io/prom/pushgateway:v1.11.1", name, name);
  try {
    const open = { ...spec, securityContext: {} };
    await expect(api.create(`${path}/pods?dryRun=All`, pod(open))).rejects.toThrow(/restricted/);
    await api.create(`${path}/pods?dryRun=All`, pod(spec));
  } finally {
    await api.remove(path);
  }
});
