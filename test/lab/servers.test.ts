import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { watchdogRouting, watchdogRules } from "../../alerts/watchdog";
import { routesOf } from "../../alerts/routes";
import { unitFailed } from "../../alerts/standing";
import { runningProcess } from "../../lab/process";
import { dataDir } from "../../lab/servers/places";
import { matcherText } from "../../lab/servers/rule-sync/alertmanager";
import { credentials } from "../../lab/servers/credentials";
import {
  type ActiveAlert,
  activeAlerts,
  clearMessages,
  connect,
  exchange,
  inhibitedAlerts,
  labMonitoring,
  monitoringNamespace,
  pingUrl,
  pushgatewayHeaders,
  queryPrometheus,
  receivedMessages,
  refusals,
  serverNames,
  serverStatus,
  startServers,
  stopServer,
  stopServers,
  urls,
} from "../../lab/servers";
import { exampleEstate } from "../../plan/estate/example";
import { planOf } from "../../plan";
import { parseEstate } from "../../plan/estate/parse";
import type { Estate } from "../../plan/estate/schema";
import {
  alertmanagerText,
  alertName,
  alertRule,
  applyRoute,
  applyRule,
  eventually,
  id,
  loadedExpression,
  metric,
  ourMessages,
  ours,
  push,
  pushPath,
  routePath,
  rulePath,
} from "./servers-fixture";

const quiet = (): void => undefined;

/** @param urlSecret with the address that Alertmanager calls again and again, as soon as it can */
function watchedEstate(receivers: object, urlSecret: { name: string; key: string }): Estate {
  const { monitoring, ...more } = exampleEstate();
  const { evaluationInterval } = labMonitoring;
  const deadMan = { urlSecret, hosts: {}, every: "2s" };
  return parseEstate({ ...more, receivers, monitoring: { ...monitoring, deadMan, evaluationInterval } });
}

let foundRunning = false;

beforeAll(async () => {
  foundRunning = (await serverStatus()).every(({ up }) => up);
  await startServers(quiet);
}, 45 * 60_000);

afterAll(async () => {
  await connect().remove(rulePath);
  await connect().remove(routePath);
  await exchange(pushPath(), { method: "DELETE", headers: pushgatewayHeaders() });
  if (!foundRunning) await stopServers();
});

test("answers on all of its addresses, and a second start starts nothing", async () => {
  const before = await serverStatus();
  expect(before.map(({ name, up }) => ({ name, up }))).toEqual(serverNames.map(name => ({ name, up: true })));
  const lines: string[] = [];
  await startServers(line => lines.push(line));
  expect(lines).toEqual([`servers: 0 started, ${serverNames.length} ran already`]);
  expect((await serverStatus()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
});

test("serves the operator's definitions, checks objects by them, and asks for a token", async () => {
  await expect(applyRule([{ alert: alertName, expression: "1" }])).rejects.toThrow(
    /expr.*Required|expression/,
  );
  const reply = await exchange(`${urls.kubernetes}/readyz`, {
    ca: readFileSync(credentials.authority, "utf8"),
  });
  expect(reply.status).toBe(401);
});

test("removes what a deleted namespace holds", async () => {
  const api = connect();
  const namespace = `/api/v1/namespaces/${id}`;
  await api.apply(namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: id } });
  await api.apply(`${namespace}/configmaps/held`, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "held", namespace: id },
  });
  await api.remove(namespace);
  await eventually(async () => (await api.get(namespace)) === undefined);
  expect(await api.get(`${namespace}/configmaps/held`)).toBeUndefined();
});

test("an alert on a pushed metric reaches the receiver that its route names, and so does its end", async () => {
  await clearMessages();
  await push(1);
  await applyRoute("critical");
  await applyRule([alertRule(`${metric} != 0`)]);
  await eventually(async () => (await ourMessages()).length > 0);
  const [firing] = await ourMessages();
  expect(firing).toMatchObject({
    path: "/slack",
    payload: {
      channel: "#alerts",
      attachments: [{ title: `${alertName} firing`, text: "pve failed with 1", color: "danger" }],
    },
  });
  expect((await activeAlerts()).filter(ours)).toMatchObject([
    {
      labels: { job: id, instance: "pve", severity: "critical" },
      annotations: { summary: "pve failed with 1" },
    },
  ]);
  await push(0);
  await eventually(async () => (await ourMessages()).length > 1);
  expect((await ourMessages())[1]?.payload.attachments).toMatchObject([
    { title: `${alertName} resolved`, color: "good" },
  ]);
  expect((await activeAlerts()).filter(ours)).toEqual([]);
});

test("a route that doesn't match leaves the receiver alone", async () => {
  await clearMessages();
  await applyRoute("info");
  await eventually(async () =>
    (await alertmanagerText()).includes(matcherText({ name: "severity", value: "info" })),
  );
  await push(2);
  await eventually(async () => (await activeAlerts()).some(ours));
  await applyRoute("critical");
  await eventually(async () => (await ourMessages()).length > 0);
  expect((await ourMessages()).map(({ payload }) => payload.attachments[0]?.text)).toEqual([
    "pve failed with 2",
  ]);
  await push(0);
  await eventually(async () => !(await activeAlerts()).some(ours));
});

test("each kind of receiver is taken by the definitions and by Alertmanager, and a webhook gets the alert", async () => {
  const secret = { name: id, key: "url" };
  await connect().apply(`/api/v1/namespaces/${monitoringNamespace}/secrets/${id}`, {
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name: id, namespace: monitoringNamespace } },
    stringData: { url: `${urls.receiver}/slack/webhook`, word: "open sesame" },
  });
  const word = { name: id, key: "word" };
  const [to, from] = ["me@house.example", "alerts@house.example"];
  const receivers = {
    infra: { kind: "webhook", urlSecret: secret },
    slack: { kind: "slack", channel: "#alerts", webhookSecret: secret },
    mail: { kind: "email", to, from, smarthost: "127.0.0.1:1", user: "alerts", passwordSecret: word },
    phone: { kind: "telegram", chat: -1001234567890, botTokenSecret: word },
    duty: { kind: "pagerduty", routingKeySecret: word },
  };
  await connect().apply(routePath, {
    apiVersion: "monitoring.coreos.com/v1alpha1",
    kind: "AlertmanagerConfig",
    metadata: { name: id, namespace: monitoringNamespace },
    spec: routesOf(watchedEstate(receivers, secret)),
  });
  await eventually(async () => {
    const text = await alertmanagerText();
    return Object.keys(receivers).every(name => text.includes(`${id}/${name}`));
  });
  expect((await refusals()).filter(({ object }) => object.endsWith(id))).toEqual([]);
  await clearMessages();
  await push(3);
  const labels = { holdfast_job: id, receiver: "infra", namespace: monitoringNamespace };
  await applyRule([{ ...alertRule(`${metric} == 3`), labels }]);
  await eventually(async () => (await receivedMessages()).length > 0);
  const [message] = await receivedMessages();
  expect(message).toMatchObject({
    path: "/slack/webhook",
    payload: { status: "firing", commonLabels: { alertname: alertName, receiver: "infra" } },
  });
  // A unit that failed by its run isn't told beside what the run tells; another job's is.
  const fires = (alert: string, of: string) => ({
    ...alertRule(`${metric} == 3`),
    ...{ alert, labels: { ...labels, holdfast_job: of } },
  });
  const other = `${id}-other`;
  await applyRule([fires(`${alertName}Failing`, id), fires(unitFailed, id), fires(unitFailed, other)]);
  const jobsOf = async (asked: () => Promise<ActiveAlert[]>): Promise<(string | undefined)[]> =>
    (await asked())
      .filter(found => found.labels["alertname"] === unitFailed)
      .map(found => found.labels["holdfast_job"]);
  await eventually(async () => (await jobsOf(inhibitedAlerts)).join() === id);
  expect(await jobsOf(activeAlerts)).toEqual([other]);
  await connect().remove(rulePath);
  await connect().remove(routePath);
  await eventually(async () => !(await alertmanagerText()).includes(`${id}/infra`));
  await connect().remove(`/api/v1/namespaces/${monitoringNamespace}/secrets/${id}`);
});

test("whoever waits outside is called again and again, by an object that the definitions take", async () => {
  const secret = { name: id, key: "url" };
  await connect().apply(`/api/v1/namespaces/${monitoringNamespace}/secrets/${id}`, {
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name: id, namespace: monitoringNamespace } },
    stringData: { url: pingUrl(id), other: `${urls.receiver}/slack/webhook` },
  });
  const infra = { kind: "webhook", urlSecret: { name: id, key: "other" } };
  const estate = watchedEstate({ infra }, secret);
  await clearMessages();
  await connect().apply(routePath, {
    apiVersion: "monitoring.coreos.com/v1alpha1",
    kind: "AlertmanagerConfig",
    metadata: { name: id, namespace: monitoringNamespace },
    spec: watchdogRouting(estate)[0],
  });
  await connect().apply(rulePath, {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: id, namespace: monitoringNamespace },
    spec: { groups: watchdogRules(planOf(estate)) },
  });
  const calls = async () => (await receivedMessages()).filter(({ path }) => path === `/ping/${id}`);
  await eventually(async () => (await calls()).length > 2);
  for (const { payload } of await calls())
    expect(JSON.parse(payload.text ?? "")).toMatchObject({
      status: "firing",
      commonLabels: { alertname: "HoldfastWatchdog" },
    });
  await connect().remove(rulePath);
  await connect().remove(routePath);
  await connect().remove(`/api/v1/namespaces/${monitoringNamespace}/secrets/${id}`);
});

test("refuses a broken rule by name, keeps what was loaded, and takes its repaired version", async () => {
  const api = connect();
  await applyRule([alertRule(`${metric} > 10`)]);
  await eventually(async () => (await loadedExpression()) === `${metric} > 10`);
  await applyRule([alertRule(`${metric} >`)]);
  await eventually(async () => (await refusals()).some(({ object }) => object.endsWith(id)));
  const [refusal] = (await refusals()).filter(({ object }) => object.endsWith(id));
  expect(refusal).toMatchObject({
    object: `PrometheusRule ${monitoringNamespace}/${id}`,
    reason: expect.stringContaining("unexpected end of input") as string,
  });
  expect(await loadedExpression()).toBe(`${metric} > 10`);
  await applyRule([alertRule(`${metric} > 20`)]);
  await eventually(async () => (await loadedExpression()) === `${metric} > 20`);
  // Told once Prometheus has it, which is a moment later on a busy machine.
  await eventually(async () => !(await refusals()).some(({ object }) => object.endsWith(id)));
  await api.remove(rulePath);
  await eventually(async () => (await loadedExpression()) === undefined);
});

test("refuses a route whose Secret is missing, and goes on with its earlier version over a restart", async () => {
  await applyRoute("critical");
  const applied = `${id}/slack`;
  await eventually(async () => (await alertmanagerText()).includes(applied));
  const before = await alertmanagerText();
  await applyRoute("warning", "no-such-secret");
  await eventually(async () => (await refusals()).some(({ object }) => object.endsWith(id)));
  expect((await refusals()).find(({ object }) => object.endsWith(id))?.reason).toBe(
    `there is no Secret "${monitoringNamespace}/no-such-secret"`,
  );
  await stopServer("rule-sync");
  await startServers(quiet);
  expect(await alertmanagerText()).toBe(before);
});

test("Prometheus that has lost all it had, and Alertmanager started anew, between pushes: nobody is paged for what is well, and nothing is told to be over", async () => {
  await clearMessages();
  await push(9);
  await applyRoute("critical");
  const told = (text: string, expr: string, more = {}): object => ({
    ...alertRule(expr),
    annotations: { summary: text },
    ...more,
  });
  await applyRule([
    told("failed", `${metric} != 0`),
    told("absent", `absent(${metric}{job="${id}"})`, { for: "30s" }),
    told("stale", `time() - push_time_seconds{job="${id}"} > 100000`),
  ]);
  const texts = async (): Promise<(string | undefined)[]> =>
    (await ourMessages()).map(({ payload }) => payload.attachments[0]?.text);
  await eventually(async () => (await texts()).length === 1);
  await Promise.all([stopServer("prometheus"), stopServer("alertmanager")]);
  rmSync(join(dataDir("prometheus"), "tsdb"), { recursive: true });
  await startServers(quiet);
  // It has looked, and has told Alertmanager, whose message of before is on record.
  await eventually(async () => (await activeAlerts()).some(ours));
  await push(0);
  await eventually(async () => (await texts()).length > 1);
  expect((await ourMessages()).map(({ payload }) => payload.attachments[0]?.title)).toEqual([
    `${alertName} firing`,
    `${alertName} resolved`,
  ]);
  expect(await texts()).toEqual(["failed", "failed"]);
  await connect().remove(rulePath);
  await eventually(async () => (await loadedExpression()) === undefined);
});

test("the Pushgateway and the receiver forget nothing over a restart", async () => {
  await clearMessages();
  await push(7);
  await exchange(`${urls.receiver}/slack`, { method: "POST", body: JSON.stringify({ text: id }) });
  const pids = (): (number | undefined)[] =>
    ["pushgateway", "receiver"].map(name => runningProcess(name)?.pid);
  const before = pids();
  await Promise.all([stopServer("pushgateway"), stopServer("receiver")]);
  await startServers(quiet);
  expect(pids()).not.toEqual(before);
  const { body } = await exchange(`${urls.pushgateway}/metrics`, { headers: pushgatewayHeaders() });
  expect(body).toContain(`${metric}{instance="pve",job="${id}"} 7`);
  expect((await receivedMessages()).map(({ payload }) => payload.text)).toContain(id);
  // honor_labels: the job and instance are the pusher's, not those of the Pushgateway.
  await eventually(async () => (await queryPrometheus(metric)).some(({ value }) => value === 7));
  expect((await queryPrometheus(metric)).map(({ labels }) => labels)).toEqual([
    { __name__: metric, job: id, instance: "pve" },
  ]);
});
