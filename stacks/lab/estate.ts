import { readFacts } from "../../lab/facts";
import { labMonitoring, monitoringNamespace, slackSecret } from "../../lab/servers/monitoring";
import type { EstateInput } from "../../plan";
import { leftOut } from "../builders";

/**
 * The throw-away estate of `npm run lab`: one booted host with a mirror that runs every minute, so that a night, a missed
 * night and the alarm about it can be watched in one sitting.
 */
export function estate(): EstateInput {
  const { pve, pushgatewayUrl } = readFacts();
  const filesystem = (mount: string) => ({ fsUuid: pve.filesystems[mount] ?? "" });
  return {
    name: "lab",
    zone: "UTC",
    years: [2026],
    hosts: {
      pve: {
        site: "lab",
        address: pve.address,
        ssh: { user: pve.user, port: pve.port, hostKey: pve.hostKey },
        disks: {
          sda: { medium: "hdd", size: "8GB", role: "backup" },
          sdc: { medium: "hdd", size: "8GB" },
        },
        filesystems: {
          "/srv/nfs": { disk: "sdc", ...filesystem("/srv/nfs") },
          "/mnt/backup": { disk: "sda", ...filesystem("/mnt/backup") },
        },
      },
    },
    monitoring: {
      pushgateway: pushgatewayUrl,
      scrapeInterval: labMonitoring.scrapeInterval,
      evaluationInterval: labMonitoring.evaluationInterval,
      namespace: monitoringNamespace,
      runbooks: "https://runbooks.lab.example",
    },
    receivers: { lab: { kind: "slack", channel: "#lab", webhookSecret: slackSecret } },
    services: { frigate: leftOut("/srv/nfs/frigate", "1GB", "camera ring buffer, not backed up") },
    layers: {
      "nfs-mirror": [
        {
          host: "pve",
          schedule: { onCalendar: "*-*-* *:*:00", accuracy: "1s" },
          source: "/srv/nfs",
          target: "/mnt/backup",
          excludes: [{ name: "frigate", reason: "camera ring buffer, not backed up" }],
          usualRun: "10s",
          budget: "25s",
          timeout: "55s",
          promise: { rpo: "4min" },
          alert: { receiver: "lab", for: "5s" },
        },
      ],
    },
  };
}
