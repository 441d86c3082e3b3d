import { routesOf } from "../../alerts/routes";
import { type RuleGroup, rulesOf, stemOf } from "../../alerts/rules";
import {
  clearMessages,
  connect,
  ensureMonitoringNamespace,
  exchange,
  monitoringNamespace,
  pushgatewayHeaders,
  receivedMessages,
  slackSecret,
  startServers,
  urls,
} from "../../lab/servers";
import { parseEstate, planOf } from "../../plan";
import { type Job, metricOf } from "../../plan/job";
import { estate as homelab } from "../../stacks/homelab/estate";
import { eventually, id, routePath, rulePath } from "./servers-fixture";

// Each of homelab's jobs by the rules and routes of its own plan, as they reach whoever is woken: what it pushed, Prometheus, Alertmanager, the
// receiver's channel. The times alone are shortened.
const channels = Object.fromEntries(
  Object.keys(homelab.receivers).map(name => [
    name,
    { kind: "slack" as const, channel: `#${name}`, webhookSecret: slackSecret },
  ]),
);
const estate = parseEstate({
  ...homelab,
  receivers: channels,
  monitoring: { ...homelab.monitoring, namespace: monitoringNamespace, evaluationInterval: "1s" },
});
const plan = planOf(estate);
const { jobs } = plan;

beforeAll(async () => {
  await startServers(() => undefined);
  await ensureMonitoringNamespace();
});

afterAll(async () => {
  await connect().remove(rulePath);
  await connect().remove(routePath);
  for (const job of jobs) await exchange(pushed(job), { method: "DELETE", headers: pushgatewayHeaders() });
});

const pushed = ({ metricsJob, host }: Job): string =>
  `${urls.pushgateway}/metrics/job/${metricsJob}/instance/${host}`;

async function push(job: Job, status: number, successAgoMs: number): Promise<void> {
  const at = Math.round((Date.now() - successAgoMs) / 1000);
  // With its type, as the runners push it: the Pushgateway refuses one name of two types.
  const body = [
    [metricOf(job, "status").name, status],
    [metricOf(job, "last-success").name, at],
  ]
    .map(([name, value]) => `# TYPE ${name} gauge\n${name} ${value}\n`)
    .join("");
  const reply = await exchange(pushed(job), { method: "PUT", headers: pushgatewayHeaders(), body });
  expect(reply).toMatchObject({ status: 200 });
}

/** Those of its alerts that every job has when it fails, and when it is silent. */
function shortened(job: Job): RuleGroup {
  const { rules, ...group } = rulesOf(job, plan);
  const every = [`${stemOf(job)}Failing`, `${stemOf(job)}Stale`];
  return {
    ...group,
    rules: rules.filter(({ alert }) => every.includes(alert)).map(rule => ({ ...rule, for: "0s" })),
  };
}

/** What a person reads in a channel: "Alert (firing)" with its text. */
async function read(state: "firing" | "resolved"): Promise<string[]> {
  return (await receivedMessages()).flatMap(({ payload: { channel, attachments } }) =>
    attachments.flatMap(({ title, text }) =>
      title?.endsWith(`(${state})`) ? [`${channel} ${title}\n${text}`] : [],
    ),
  );
}

test("each job's failure and each job's silence is read in the channel that the estate means, with what to type and where more is written, and so is its end", async () => {
  const groups = jobs.map(shortened);
  await clearMessages();
  await connect().apply(routePath, {
    apiVersion: "monitoring.coreos.com/v1alpha1",
    kind: "AlertmanagerConfig",
    metadata: { name: id, namespace: monitoringNamespace },
    spec: { ...routesOf(estate), route: { ...routesOf(estate).route, groupWait: "1s", groupInterval: "1s" } },
  });
  await connect().apply(rulePath, {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: id, namespace: monitoringNamespace },
    spec: { groups },
  });
  for (const job of jobs) await push(job, 1, job.judged.staleAfterMs + 3_600_000);
  const rules = groups.flatMap(group => group.rules);
  expect(rules).toHaveLength(2 * jobs.length);
  await eventually(async () => (await read("firing")).length >= rules.length);
  const firing = await read("firing");
  for (const { alert, labels, annotations } of rules) {
    const found = firing.filter(
      text => text.includes(`${alert} (`) && text.includes(annotations["description"] ?? "?"),
    );
    expect(found).toEqual([expect.stringContaining(`#${labels["receiver"]} ${alert} (firing)\n`)]);
    expect(found[0]).toContain(`${homelab.monitoring.runbooks}/${alert}`);
  }
  for (const job of jobs) await push(job, 0, 0);
  await eventually(async () => (await read("resolved")).length >= rules.length);
});
