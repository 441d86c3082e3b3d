import { dailyBackupJobName } from "../../contracts/daily-backup";
import { type PfsenseBackupConfig, pfsenseBackupMetrics } from "../../contracts/pfsense-backup";
import { firewallSecrets } from "../../estate/places";
import type { Estate } from "../../estate/schema";
import type { Job, LayerJob, Trigger } from "../../job";
import { generationPolicyOf } from "../../retention";
import { parseSize } from "../../units/size";
import { runOf, timerTrigger } from "../common";
import { credentialsFolder, mountOf, runnerConfig, timerOf, secretCredential } from "../host-runner";
import { deletionsOf, firewallFlows } from "./flows";
import type { DailyBackupSpec, FirewallBackupSpec } from "./spec";
import { firewallPanels } from "./panels";

/** What operators know it by, e.g. "pfsense-backup" for the firewall `pfsense`. */
export function firewallJobName(firewall: string): string {
  return `${firewall}-backup`;
}

/** A firewall's backup is a job of its own: it fails for other reasons, and it is other people's alarm. */
export function firewallJob(entry: FirewallBackupSpec, spec: DailyBackupSpec, estate: Estate): LayerJob {
  const name = firewallJobName(entry.name);
  const trigger = triggerOf(entry, spec, estate.zone);
  const run = runOf(
    { ...entry, promise: entry.promise ?? spec.promise, alert: entry.alert ?? derivedAlert(spec) },
    trigger,
    estate,
  );
  const flows = firewallFlows(name, entry, spec, estate);
  const config = configOf(entry, spec, estate, trigger, run.budgetMs);
  return {
    name,
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...run,
    flows,
    owned: [{ kind: "device", of: entry.name }],
    deletes: deletionsOf(flows),
    journal: { kind: "writes", below: spec.target },
    metricsJob: name,
    metrics: pfsenseBackupMetrics,
    alerts: [],
    panels: firewallPanels,
    // Without a host key anybody could answer: planned and judged, with a finding of its own, but not installed.
    ...(config
      ? timerOf({
          job: name,
          runner: "pfsense-backup",
          description: `Backup of the firewall ${entry.name}`,
          trigger,
          timeoutMs: run.timeoutMs,
          mounts: [spec.target],
          background: true,
          rights: { reads: [], writes: [spec.target], files: "own", volumes: "none", parses: true },
          credentials: credentialsOf(entry, estate),
          // A pinned one is believed for what it is, also once it has ended.
          servers: config.api.certificateSha256 === undefined ? [config.api.url] : [],
          config,
        })
      : { credentials: [], deployment: { kind: "planned" } }),
  };
}

function triggerOf(entry: FirewallBackupSpec, spec: DailyBackupSpec, zone: string): Trigger {
  const earlier = spec.firewalls
    .slice(0, spec.firewalls.indexOf(entry))
    .map(({ name }) => firewallJobName(name));
  return timerTrigger(entry.schedule ?? { ...spec.schedule, after: [dailyBackupJobName, ...earlier] }, zone);
}

/** A threshold that was typed for the long job says nothing of another one. */
export function derivedAlert({ alert }: DailyBackupSpec): DailyBackupSpec["alert"] {
  return { ...alert, staleAfter: undefined, called: undefined, formerly: undefined };
}

function credentialsOf({ name }: FirewallBackupSpec, estate: Estate): Job["credentials"] {
  const firewall = estate.firewalls[name];
  return firewall ? firewallSecrets(firewall).map(secretCredential) : [];
}

function configOf(
  entry: FirewallBackupSpec,
  spec: DailyBackupSpec,
  estate: Estate,
  trigger: Trigger,
  budgetMs: number,
): PfsenseBackupConfig | undefined {
  const job = firewallJobName(entry.name);
  const firewall = estate.firewalls[entry.name];
  const hostKey = firewall?.ssh.hostKey;
  if (!firewall || hostKey === undefined) return undefined;
  const { address, api, ssh, paths, atLeast } = firewall;
  return {
    job,
    ...runnerConfig(job, spec.host, budgetMs, estate),
    zone: trigger.zone,
    target: mountOf(estate, spec.host, spec.target),
    folder: entry.name,
    keep: generationPolicyOf(entry.keep),
    api: {
      url: api.url ?? `https://${address}`,
      key: api.secret,
      ...(api.certificateSha256 === undefined ? {} : { certificateSha256: api.certificateSha256 }),
    },
    ssh: { host: address, port: ssh.port, user: ssh.user, hostKey, key: ssh.secret },
    paths,
    atLeastBytes: { config: parseSize(atLeast.config), tar: parseSize(atLeast.tar) },
    credentialsDir: credentialsFolder(job),
  };
}
