import type { EstateInput } from "../plan/estate/schema";
import type { Example } from "./check";

type Mirror = NonNullable<EstateInput["layers"]["nfs-mirror"]>[number];

/** A small sound estate, one host with one mirror, for examples to change one thing of. */
export function soundEstate(mirror: Partial<Mirror> = {}): EstateInput {
  return {
    name: "example",
    zone: "Europe/Sofia",
    years: [2026, 2027],
    hosts: {
      pve: {
        site: "home",
        address: "pve.example",
        ssh: { hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample" },
        disks: { sda: { medium: "hdd", size: "1.1TB" }, sdc: { medium: "hdd", size: "10.7TB" } },
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

/** An example that is the sound estate with some fields of its mirror replaced. */
export function mirrorExample(name: string, mirror: Partial<Mirror>): Example {
  return { name, estate: soundEstate(mirror) };
}
