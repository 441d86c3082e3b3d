import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { serverArguments } from "../../plan/pushgateway";
import { withDebianShare } from "./debian-share";
import { alertmanagerConfig } from "./rule-sync/alertmanager";
import { contentHash } from "./content-hash";
import { exchange } from "./http";
import { labMonitoring, nodeExporters } from "./monitoring";
import { dataDir, listenAddress, urls } from "./places";
import {
  preparePushgatewayLogin,
  pushgatewayConfigFile,
  pushgatewayHeaders,
  pushgatewayMetricsFile,
  pushgatewayPasswordFile,
  pushgatewayUser,
} from "./pushgateway-login";
import type { Server } from "./server";

/** Files that the rule sync writes while Prometheus and Alertmanager run. */
export const syncedFiles = {
  rules: join(dataDir("prometheus"), "rules"),
  alertmanager: join(dataDir("alertmanager"), "alertmanager.yml"),
} as const;

/** Named after its content: with another content, Prometheus has other arguments, and is started anew. */
const prometheusFile = (): string =>
  join(dataDir("prometheus"), `prometheus-${contentHash([prometheusConfig()])}.yml`);
const webAssets = (program: string): string => join(dirname(program), "..", "share", "prometheus");

/** As a deployment would make it: asks for a password, and forgets nothing. */
export const pushgateway: Server = {
  name: "pushgateway",
  url: urls.pushgateway,
  argv: ({ pushgateway: program }) => [
    program,
    ...serverArguments(listenAddress(urls.pushgateway), pushgatewayConfigFile(), pushgatewayMetricsFile()),
    `--web.local-assets=${join(webAssets(program), "pushgateway")}`,
    "--web.enable-admin-api",
  ],
  prepare: preparePushgatewayLogin,
  health: async () => exchange(`${urls.pushgateway}/-/ready`, { headers: pushgatewayHeaders() }),
};

/** Scrapes the Pushgateway and the hosts' node-exporters, and evaluates the rules that the rule sync hands over. */
export const prometheus: Server = {
  name: "prometheus",
  url: urls.prometheus,
  argv: ({ prometheus: program }) => [
    program,
    `--config.file=${prometheusFile()}`,
    `--storage.tsdb.path=${join(dataDir("prometheus"), "tsdb")}`,
    `--web.listen-address=${listenAddress(urls.prometheus)}`,
    `--web.external-url=${urls.prometheus}`,
    `--web.local-assets=${join(webAssets(program), "web")}`,
    "--web.enable-lifecycle",
    `--rules.alert.resend-delay=${labMonitoring.resendDelay}`,
  ],
  prepare: () => {
    mkdirSync(syncedFiles.rules, { recursive: true });
    for (const file of readdirSync(dataDir("prometheus")))
      if (/^prometheus-\w+\.yml$/.test(file)) rmSync(join(dataDir("prometheus"), file));
    writeFileSync(prometheusFile(), prometheusConfig());
  },
  health: () => exchange(`${urls.prometheus}/-/ready`),
};

/** Groups alerts and tells the receivers, as the AlertmanagerConfig objects ask for. */
export const alertmanager: Server = {
  name: "alertmanager",
  url: urls.alertmanager,
  argv: ({ alertmanager: program }) =>
    withDebianShare([
      program,
      `--config.file=${syncedFiles.alertmanager}`,
      `--storage.path=${join(dataDir("alertmanager"), "data")}`,
      `--web.listen-address=${listenAddress(urls.alertmanager)}`,
      `--web.external-url=${urls.alertmanager}`,
      `--web.ui-path=${join(webAssets(program), "alertmanager", "ui")}`,
      "--cluster.listen-address=",
    ]),
  prepare: () => {
    mkdirSync(dataDir("alertmanager"), { recursive: true });
    if (!existsSync(syncedFiles.alertmanager))
      writeFileSync(syncedFiles.alertmanager, stringify(alertmanagerConfig([])), { mode: 0o600 });
  },
  health: () => exchange(`${urls.alertmanager}/-/ready`),
};

/** Text of prometheus.yml. Labels of pushed metrics are the pusher's (`honor_labels`), those of a host's are the target's. */
export function prometheusConfig(): string {
  const { scrapeInterval, evaluationInterval } = labMonitoring;
  const host = (url: string): { targets: string[] } => ({ targets: [listenAddress(url)] });
  return stringify({
    global: {
      scrape_interval: scrapeInterval,
      evaluation_interval: evaluationInterval,
      scrape_timeout: scrapeInterval,
    },
    rule_files: [join(syncedFiles.rules, "*.yaml")],
    alerting: { alertmanagers: [{ static_configs: [host(urls.alertmanager)] }] },
    scrape_configs: [
      {
        ...{ job_name: "pushgateway", honor_labels: true, static_configs: [host(urls.pushgateway)] },
        basic_auth: { username: pushgatewayUser, password_file: pushgatewayPasswordFile() },
      },
      {
        job_name: "node-exporter",
        scrape_interval: labMonitoring.hostScrapeInterval,
        scrape_timeout: labMonitoring.hostScrapeInterval,
        static_configs: nodeExporters.map(({ target, instance }) => ({
          targets: [target],
          labels: { instance },
        })),
      },
      { job_name: "prometheus", static_configs: [host(urls.prometheus)] },
    ],
  });
}
