import { z } from "zod";
import { parseDuration } from "../units/duration";
import { duration, imageLike, lasts, line, name, valueLine } from "./fields";
import { clusterSecret } from "./receivers";

/** More series of one metric are slow to be looked at, in Prometheus too. */
const mostSets = 10_000;

/** Metrics that something other than a job of the estate emits: an exporter that Prometheus scrapes. */
const exporter = z.strictObject({
  job: line.describe("Prometheus' job label of its series"),
  instances: z.array(line).min(1).describe("Instance labels of its series, one for each that is scraped"),
  metrics: z
    .array(
      z
        .string()
        .regex(
          /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
          'expected a metric\'s name of letters, digits, "_" and ":", as a rule with another one is refused, e.g. "node_filesystem_avail_bytes"',
        ),
    )
    .min(1)
    .describe("Names of its metrics that alerts of the estate use"),
  labels: z
    .record(z.string(), z.array(valueLine))
    .superRefine((labels, context) => {
      const sets = Object.values(labels).reduce((product, { length }) => product * length, 1);
      if (sets > mostSets)
        context.addIssue({
          code: "custom",
          message: `expected at most ${mostSets} series of a metric, and the values of ${Object.keys(labels).join(", ")} make ${sets} of each: list those that alerts speak of, and leave out a label that each thing has another value of`,
        });
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
  name: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]*$/, 'expected a CamelCase alert name, e.g. "BackupDiskFull"')
    .describe("What it is called in messages, and its runbook's name"),
  expr: z.string().min(1).describe("Condition in PromQL: it fires for each series of its result"),
  for: duration.default("5min").describe("How long its condition holds before it fires"),
  severity: z
    .enum(["warning", "critical"])
    .default("warning")
    .describe("Label by which it is routed and read"),
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

/** How often something is done. A text that is no duration has a message of its own. */
const interval = duration.refine(text => {
  try {
    return parseDuration(text) >= 1000;
  } catch {
    return true;
  }
}, 'is no interval that Prometheus can keep. Expected a second or more, e.g. "30s"');

/** What follows the machine and the port of a URL, or nothing; and nothing where it is no URL, which has a message of its own. */
function pathOf(text: string): string {
  if (!URL.canParse(text)) return "";
  const { pathname, search, hash } = new URL(text);
  return `${pathname}${search}${hash}`;
}

const pushgateway = z
  .url({ protocol: /^https?$/, error: 'expected an http(s) URL, e.g. "http://192.168.1.10:30091"' })
  .refine(
    url => !/[?#]|\/metrics(\/|$)/.test(pathOf(url)),
    'has what each job puts behind it itself (/metrics/job/...): every push would be refused, and every alert would tell of jobs that ran. Expected the address alone, e.g. "http://192.168.1.10:30091"',
  )
  .refine(
    url => !URL.canParse(url) || new URL(url).password === "",
    'has a password, which every host\'s release and log would show. Expected the address alone, e.g. "http://192.168.1.10:30091"',
  )
  .refine(
    url => !URL.canParse(url) || !/\.svc(\.|$)|^(0\.0\.0\.0|\[::\])$/.test(new URL(url).hostname),
    "isn't reached by the hosts, whose jobs push too: \".svc\" names are the cluster's own, and 0.0.0.0 is nobody's address. Expected one that they reach, such as a NodePort's, e.g. \"http://192.168.1.10:30091\"",
  )
  .refine(
    url => !URL.canParse(url) || !["9090", "9093", "9100"].includes(new URL(url).port),
    'has the port of Prometheus (9090), of Alertmanager (9093) or of an exporter (9100), none of which takes what is pushed. Expected the Pushgateway\'s, usually 9091, e.g. "http://192.168.1.10:9091"',
  );

/**
 * A server's own address.
 * @param below what stands behind it in an address of its pages or its API
 * @param others what usually answers at another port
 */
function server(called: string, example: string, below: RegExp, others: Readonly<Record<string, string>>) {
  return z
    .url({ protocol: /^https?$/, error: `expected an http(s) URL, e.g. "${example}"` })
    .superRefine((url, context) => {
      const { hostname, port } = URL.canParse(url) ? new URL(url) : { hostname: "", port: "" };
      const other = others[port];
      if (other !== undefined)
        context.addIssue({
          code: "custom",
          message: `has the port of ${other} (${port}), which answers nothing that is asked of ${called}. Expected its own, e.g. "${example}"`,
        });
      else if (/^(0\.0\.0\.0|\[::\])$/.test(hostname))
        context.addIssue({
          code: "custom",
          message: `is every address of a machine, and none to go to. Expected that of ${called}, e.g. "${example}"`,
        });
    })
    .refine(
      url => !below.test(pathOf(url)),
      `expected the address of ${called} alone, as its API's path is put behind it, e.g. "${example}"`,
    )
    .refine(
      url => !URL.canParse(url) || new URL(url).password === "",
      `has a password, which everybody who reads the estate would know. Expected the address alone, e.g. "${example}"`,
    );
}

/** What answers at their ports, and is asked neither for rules nor for silences. */
const notAsked = {
  ...{ 3000: "Grafana", 8006: "a host's pages", 6443: "a cluster's API" },
  ...{ 9091: "a Pushgateway", 9100: "an exporter" },
};

/** Of Prometheus 2 and 3: what somebody copies from a browser. */
const prometheusPages =
  /[?#]|\/(api|graph|query|alerts|rules|targets|metrics|config|flags|status|tsdb-status|service-discovery|consoles|classic)(\/|$)/;

const pushgatewayLogin = z.strictObject({
  user: z
    .string()
    .regex(/^[\x21-\x39\x3b-\x7e]+$/, 'expected a user\'s name without a colon or a space, e.g. "holdfast"')
    .describe("Who the jobs are, for the Pushgateway"),
  password: name.describe("The secret with the password, which hosts and pods get as a file"),
});

const pushgatewayServer = z.strictObject({
  cluster: name.describe("The cluster in which it runs, in the namespace of monitoring"),
  image: imageLike("docker.io/prom/pushgateway:v1.11.1")
    .refine(
      text => !/\/(prometheus|alertmanager|node-exporter|grafana)[:@]/.test(text),
      "is another program's by its name, and takes no metrics. Expected the Pushgateway's, e.g. \"docker.io/prom/pushgateway:v1.11.1\"",
    )
    .refine(
      text => !/\/pushgateway:v?(0|1\.[0-3])\./.test(text),
      'asks nobody for a login: that came with 1.4. Expected e.g. "docker.io/prom/pushgateway:v1.11.1"',
    )
    .describe(
      'Its image, with a tag or a digest, e.g. "docker.io/prom/pushgateway:v1.11.1"; of a tag, the stack keeps the digest',
    ),
  nodePort: z
    .int()
    .min(30_000, "expected one of 30000 to 32767, which Kubernetes gives to nodes, e.g. 30091")
    .max(32_767, "expected one of 30000 to 32767, which Kubernetes gives to nodes, e.g. 30091")
    .default(30_091)
    .describe("Port of each node at which it answers"),
  forwardedBy: name
    .optional()
    .describe(
      "The host of which monitoring.pushgateway is the address, where it forwards that port to a node, or is a node itself; left out, that is a node's own address, or a proxy's",
    ),
  storageClass: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
      'expected a class as `kubectl get storageclass` lists it: lower-case letters, digits, inner hyphens and dots, e.g. "local-path"',
    )
    .optional()
    .describe("For the 2 GiB that it keeps what was pushed in; left out, the cluster's default one"),
});

/** Whoever outside of the site expects to hear, again and again, and tells people when it doesn't. */
const deadMan = z.strictObject({
  urlSecret: clusterSecret.describe(
    "Address that Alertmanager calls as long as Prometheus evaluates rules and their alerts arrive",
  ),
  hosts: z
    .record(name, name)
    .describe(
      "By host, the secret with the address that it calls itself: one check of the receiver for each, or one that lives would hide another's death",
    ),
  every: interval
    .refine(
      lasts(ms => ms <= 3_600_000),
      'expected an hour at most: until the next call is missed, nobody hears that all are dead, e.g. "5min"',
    )
    .default("5min")
    .describe("How often each of them is called; the receiver's own patience has to be longer"),
});

/** A label of an object by which somebody picks it. */
const objectLabels = z.record(
  z
    .string()
    .regex(
      /^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
      'expected a label as Kubernetes takes one, e.g. "release"',
    ),
  valueLine,
);

const dashboards = z.strictObject({
  labels: objectLabels
    .default({ grafana_dashboard: "1" })
    .describe("Labels by which the sidecar of Grafana picks the ConfigMaps"),
  grafana: z
    .url({
      protocol: /^https?$/,
      error: 'expected the http(s) URL of Grafana, e.g. "https://grafana.example"',
    })
    .refine(
      url => !/[?#]|\/(d|dashboards?|api|login|explore)(\/|$)/.test(pathOf(url)),
      'expected the address of Grafana alone, as a dashboard\'s path is put behind it, e.g. "https://grafana.example"',
    )
    .refine(
      url => !url.includes("{{"),
      'expected the address of Grafana alone, as Prometheus reads {{ as a template, e.g. "https://grafana.example"',
    )
    .refine(
      url => !URL.canParse(url) || new URL(url).password === "",
      'has a password, which each alert would carry to whoever is told. Expected the address alone, e.g. "https://grafana.example"',
    )
    .optional()
    .describe(
      "Where people open Grafana: each alert then has a link to its dashboard, and otherwise its uid",
    ),
});

export const monitoring = z.strictObject({
  pushgateway: pushgateway.describe("Address that jobs push their metrics to, reached by hosts and cluster"),
  pushgatewayLogin: pushgatewayLogin
    .optional()
    .describe(
      "Left out, it takes what anybody pushes, and a forged success keeps an alert silent: the Pushgateway asks for it by its --web.config.file",
    ),
  pushgatewayServer: pushgatewayServer
    .optional()
    .describe(
      "The Pushgateway itself, which the deployment makes: persistent, and asking for the login; left out, it is somebody else's",
    ),
  pushgatewayPersistent: z.boolean().default(true).describe("Whether pushed metrics survive its restart"),
  scrapeInterval: interval.describe("How often Prometheus scrapes the Pushgateway"),
  evaluationInterval: interval.describe("How often Prometheus evaluates rules"),
  namespace: name.describe("Namespace of the PrometheusRule and AlertmanagerConfig objects"),
  labels: objectLabels.default({}).describe("Labels that the operator's ruleSelector asks for"),
  runbooks: z
    .url({
      protocol: /^https?$/,
      error:
        'expected the http(s) URL of a folder that whoever is woken can open, e.g. "https://runbooks.example"',
    })
    .refine(
      url => !/\.(html?|md)$/.test(pathOf(url)),
      'is one page, and the alert\'s name is put behind it as a part of the path. Expected the folder of all of them, e.g. "https://runbooks.example"',
    )
    .refine(
      url => !URL.canParse(url) || !/^(localhost|127\.[0-9.]+|\[::1\])$/.test(new URL(url).hostname),
      'leads to the machine of whoever reads it, and whoever is woken has none of the pages there. Expected where they are published, e.g. "https://runbooks.example"',
    )
    .refine(
      url => !/[?#]/.test(pathOf(url)),
      'expected a folder alone, as the alert\'s name is put behind it as a part of the path, e.g. "https://runbooks.example"',
    )
    .refine(
      url => !url.includes("{{"),
      'expected a folder alone, as Prometheus reads {{ as a template: the alert\'s name is put behind it, e.g. "https://runbooks.example"',
    )
    .refine(
      url => !URL.canParse(url) || new URL(url).password === "",
      'has a password, which each alert would carry to whoever is told. Expected the folder alone, e.g. "https://runbooks.example"',
    )
    .describe("Where the runbooks are published; a page is <runbooks>/<alert>"),
  alertmanager: server("Alertmanager", "http://192.168.1.10:9093", /[?#]|\/(api|metrics)(\/|$)/, {
    ...notAsked,
    9090: "Prometheus",
  })
    .optional()
    .describe(
      "Where `holdfast silence` and `status` reach Alertmanager; left out, through the API of a cluster, at the operator's service in that namespace",
    ),
  prometheus: server("Prometheus", "http://192.168.1.10:9090", prometheusPages, {
    ...notAsked,
    9093: "Alertmanager",
  })
    .optional()
    .describe(
      "Where `check --live` reaches Prometheus, which says what rules it has loaded; left out, through the API of a cluster, at the operator's service in that namespace",
    ),
  longestSilence: interval
    .refine(
      lasts(ms => ms >= 300_000 && ms <= 31 * 86_400_000),
      'expected five minutes to 31 days: for less nobody asks, and by the end of a longer one nobody knows of it any more, e.g. "24h"',
    )
    .default("24h")
    .describe("How long `holdfast silence` may keep a job's alerts from everybody"),
  dashboards: dashboards
    .optional()
    .describe(
      "Grafana's dashboards as ConfigMaps in that namespace; left out, `holdfast dashboards` writes them as files alone",
    ),
  deadMan: deadMan
    .optional()
    .describe(
      "A receiver outside of the site that notices when nothing is heard any more, such as healthchecks",
    ),
  exporters: z
    .array(exporter)
    .default([])
    .describe("What else Prometheus scrapes that alerts of the estate speak of"),
  alerts: z.array(alert).default([]).describe("Alerts beside those that every job gets"),
});
