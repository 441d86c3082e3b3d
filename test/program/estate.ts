import type { EstateInput } from "../../plan";
import { exampleKey } from "../../plan/estate/example-keys";

type Mirror = NonNullable<EstateInput["layers"]["nfs-mirror"]>[number];

/** A small estate that all checks accept: one host with one mirror, some fields of which a test replaces. */
export function estateWith(mirror: Partial<Mirror> = {}): EstateInput {
  return {
    name: "program-test",
    zone: "Europe/Sofia",
    years: [2026, 2027],
    hosts: {
      pve: {
        site: "home",
        address: "pve.example",
        ssh: { hostKey: exampleKey("Example") },
        disks: {
          sda: { medium: "hdd", size: "1.1TB", role: "backup" },
          sdc: { medium: "hdd", size: "10.7TB" },
        },
        filesystems: {
          "/srv/nfs": { disk: "sdc", fsUuid: "11111111-1111-4111-8111-111111111111" },
          "/mnt/backup": { disk: "sda", fsUuid: "22222222-2222-4222-8222-222222222222" },
        },
      },
    },
    monitoring: {
      pushgateway: "http://pushgateway.example:9091",
      scrapeInterval: "30s",
      evaluationInterval: "30s",
      namespace: "monitoring",
      labels: { release: "prometheus" },
      runbooks: "https://runbooks.example",
    },
    receivers: {
      infra: { kind: "slack", channel: "#infra-alerts", webhookSecret: { name: "slack", key: "url" } },
    },
    layers: {
      "nfs-mirror": [
        {
          host: "pve",
          schedule: { onCalendar: "*-*-* 02:00:00" },
          source: "/srv/nfs",
          target: "/mnt/backup",
          usualRun: "20min",
          budget: "45min",
          promise: { rpo: "27h" },
          alert: { receiver: "infra" },
          ...mirror,
        },
      ],
    },
  };
}
