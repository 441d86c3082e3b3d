import type { Plan } from "../../plan";
import { isHosted, isOnlyPlanned } from "../../plan/job";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const nobodyWaits = defineCheck({
  code: "alerts/nobody-waits",
  severity: "warning",
  title: "Nobody outside notices when nothing is heard any more",
  why: "An alert is sent by what may be gone itself: the cluster with Prometheus in it, the host, the line. Then it is as quiet as on a good day, until somebody needs a backup.",
  run: plan => {
    const hosts = [...new Set(plan.jobs.filter(isHosted).map(({ host }) => host))];
    const { deadMan } = plan.estate.monitoring;
    if (!deadMan) return unheard(plan, hosts);
    return hosts
      .filter(host => !(host in deadMan.hosts))
      .map(host => ({
        subject: host,
        message: `${host} calls nobody outside: when it is off, or has no way out, ${jobsOn(host, plan)} of its jobs are silent, and whoever is called by Alertmanager hears nothing of that while the cluster lives.`,
        fix: `Add a check for it at the receiver: monitoring.deadMan.hosts["${host}"]: "${secretOf(host)}", and secrets["${secretOf(host)}"] = { keptIn: ["break-glass"] }.`,
        evidence: { jobs: jobsOn(host, plan), known: Object.keys(deadMan.hosts) },
      }));
  },
  examples: {
    bad: [
      mended(
        example("alerts alone", ({ monitoring, secrets }) => {
          delete monitoring.deadMan;
          Reflect.deleteProperty(secrets, "pve-calls");
        }),
        {
          says: 'monitoring.deadMan: { urlSecret: { name: "watchdog", key: "url" }, hosts: { "pve": "silence-pve" } }',
          edit: ({ monitoring, secrets }) => {
            monitoring.deadMan = {
              urlSecret: { name: "watchdog", key: "url" },
              hosts: { pve: "silence-pve" },
            };
            secrets["silence-pve"] = { keptIn: ["break-glass"] };
          },
        },
      ),
      mended(
        example("a host that only its cluster's alerts tell of", ({ monitoring, secrets }) => {
          edit(monitoring.deadMan, { hosts: {} });
          Reflect.deleteProperty(secrets, "pve-calls");
        }),
        {
          says: 'monitoring.deadMan.hosts["pve"]: "silence-pve"',
          edit: ({ monitoring, secrets }) => {
            edit(monitoring.deadMan, { hosts: { pve: "silence-pve" } });
            secrets["silence-pve"] = { keptIn: ["break-glass"] };
          },
        },
      ),
    ],
    good: [example("Alertmanager and each host call somebody outside")],
  },
});

function unheard(plan: Plan, hosts: readonly string[]): Found[] {
  const jobs = plan.jobs.filter(job => !isOnlyPlanned(job)).length;
  if (jobs === 0) return [];
  const callers = hosts.map(host => `"${host}": "${secretOf(host)}"`).join(", ");
  const secrets = hosts.map(host => `secrets["${secretOf(host)}"] = { keptIn: ["break-glass"] }`);
  return [
    {
      subject: plan.estate.name,
      message: `Nobody outside expects to hear from ${plan.estate.name}: when Prometheus, Alertmanager or the line is gone, no alert of its ${jobs} jobs arrives, and nobody notices.`,
      fix: `Add a receiver outside of the site, such as healthchecks, with a check for each that calls: monitoring.deadMan: { urlSecret: { name: "watchdog", key: "url" }, hosts: { ${callers} } }${secrets.map(text => `, and ${text}`).join("")}.`,
      evidence: { jobs, hosts },
    },
  ];
}

function secretOf(host: string): string {
  return `silence-${host}`;
}

function jobsOn(host: string, plan: Plan): number {
  return plan.jobs.filter(job => isHosted(job) && job.host === host).length;
}
