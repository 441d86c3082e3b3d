import { z } from "zod";
import { duration, line, name, valueLine } from "./fields";

/** Metrics that something other than a job of the estate emits: an exporter that Prometheus scrapes. */
const exporter = z.strictObject({
  job: line,
  instances: z.array(line).min(1),
  metrics: z
    .array(
      z
        .string()
        .regex(
          /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
          'expected a metric\'s name of letters, digits, "_" and ":", as a rule with another one is refused, e.g. "node_filesystem_avail_bytes"',
        ),
    )
    .min(1),
  labels: z
    .record(z.string(), z.array(valueLine))
    .superRefine((labels, context) => {
      for (const label of Object.keys(labels).filter(each => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(each)))
        context.addIssue({
          code: "custom",
          path: [label],
          message: `expected a label's name of letters, digits and "_", as a rule with another one is refused, e.g. ${JSON.stringify(label.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_"))}`,
        });
    })
    .default({})
    .describe("Further labels and the values they take"),
});

const alert = z.strictObject({
  name: z.string().regex(/^[A-Z][A-Za-z0-9]*$/, 'expected a CamelCase alert name, e.g. "BackupDiskFull"'),
  expr: z.string().min(1).describe("PromQL"),
  for: duration.default("5min"),
  severity: z.enum(["warning", "critical"]).default("warning"),
  receiver: name.optional().describe("Left out, nobody hears of it"),
  runbook: z.boolean().default(true).describe("False while no page is written for it"),
  absence: z
    .boolean()
    .default(true)
    .describe(
      "Whether it gets an absence alert, which fires when the exporter's series that it compares are gone",
    ),
});
export type AlertSpec = z.output<typeof alert>;

export const monitoring = z.strictObject({
  pushgateway: z.url({
    protocol: /^https?$/,
    error: 'expected an http(s) URL, e.g. "http://192.168.1.10:30091"',
  }),
  pushgatewayPersistent: z.boolean().default(true).describe("Whether pushed metrics survive its restart"),
  scrapeInterval: duration.describe("How often Prometheus scrapes the Pushgateway"),
  evaluationInterval: duration.describe("How often Prometheus evaluates rules"),
  namespace: name.describe("Namespace of the PrometheusRule and AlertmanagerConfig objects"),
  labels: z.record(line, valueLine).default({}).describe("Labels that the operator's ruleSelector asks for"),
  runbooks: z
    .url()
    .refine(
      url => !url.includes("{{"),
      'expected a folder alone, as Prometheus reads {{ as a template: the alert\'s name is put behind it, e.g. "https://runbooks.example"',
    )
    .describe("Where the runbooks are published; a page is <runbooks>/<alert>"),
  exporters: z.array(exporter).default([]),
  alerts: z.array(alert).default([]).describe("Alerts beside those that every job gets"),
});

/** Who hears of an alert. */
export const receiver = z.strictObject({
  kind: z.literal("slack"),
  channel: z.string().regex(/^#[a-z0-9_-]+$/, 'expected a Slack channel, e.g. "#infra-alerts"'),
  webhookSecret: z.strictObject({
    name: name.describe("Kubernetes Secret in the monitoring namespace"),
    key: z.string().regex(/^[A-Za-z0-9._-]+$/, 'expected a key of a Kubernetes Secret, e.g. "url"'),
  }),
  outOfSite: z.boolean().default(true).describe("Whether it still gets a message when the site is gone"),
});
