import { readFacts } from "../../facts";
import { dumpedOf } from "../../house/dumps";
import { machine } from "../../house/machine";
import { deadManSecret, labMonitoring, monitoringNamespace, slackSecret } from "../../servers/monitoring";
import { offsiteTree, offsiteUser } from "../../nas/receiver";
import { readFirewall } from "../../servers/firewall";
import { dataDir, urls } from "../../servers/places";
import { pushgatewayUser } from "../../servers/pushgateway-login";
import type { EstateInput } from "../../../plan";
import { accepted, leftOut } from "../../../stacks/builders";

type Alert = EstateInput["layers"]["nfs-mirror"] extends readonly { alert: infer T }[] | undefined
  ? T
  : never;

/** Jobs of the night: started by hand in a lab, so that they don't get in the way of what is being watched. */
const weekly = { onCalendar: "Sun *-*-* 04:00:00" };
const alert: Alert = { receiver: "lab", for: "5s" };

/**
 * The throw-away estate of `npm run lab`: one booted host with a mirror that runs every two minutes, so that a night, a missed
 * night and the alarm about it can be watched in one sitting; and the layers of a whole house, to be started at will.
 */
export function estate(): EstateInput {
  const { pve, nas, prometheusUrl, pushgatewayUrl, alertmanagerUrl } = readFacts();
  const firewall = readFirewall(dataDir("firewall"));
  const dumped = dumpedOf();
  const filesystem = (mount: string) => ({ fsUuid: pve.filesystems[mount] ?? "" });
  return {
    name: "lab",
    zone: "UTC",
    // This one alone: a job that begins each minute has as many starts in it as may be computed.
    years: [new Date().getUTCFullYear()],
    hosts: {
      pve: {
        site: "lab",
        address: pve.address,
        ssh: { user: pve.user, port: pve.port, hostKey: pve.hostKey },
        disks: {
          sda: { medium: "hdd", size: "64GB", role: "backup" },
          sdb: { medium: "hdd", size: "32GB" },
          sdc: { medium: "hdd", size: "32GB" },
          sdd: { medium: "ssd", size: "8GB" },
        },
        filesystems: {
          "/srv/nfs": { disk: "sdc", ...filesystem("/srv/nfs") },
          "/srv/nfs-ssd": { disk: "sdd", ...filesystem("/srv/nfs-ssd") },
          "/mnt/backup": { disk: "sda", ...filesystem("/mnt/backup") },
        },
        pools: {
          data: {
            ...{ vg: "pve", disk: "sdb", size: "28GB", used: "1GB" },
            metadata: { size: "64MB", used: "8MB" },
          },
        },
      },
    },
    firewalls: {
      pfsense: {
        kind: "pfsense",
        site: "lab",
        address: firewall.ssh.host,
        api: {
          ...{ url: firewall.apiUrl, certificateSha256: firewall.certificateSha256 },
          secret: "firewall-api-key",
        },
        ssh: { port: firewall.ssh.port, hostKey: firewall.ssh.hostKey, secret: "firewall-ssh-key" },
      },
    },
    destinations: {
      nas: {
        ...{ kind: "synology", site: "lab", address: nas.address, port: nas.port, hostKey: nas.hostKey },
        user: offsiteUser,
        receives: { tree: offsiteTree, secret: "nas-key" },
        ...{ medium: "hdd", size: "32GB", used: "1GB" },
      },
    },
    // Of one disk of the host to another; as fast as it may be, a lab is not measured.
    links: [
      { from: "pve", to: "pve", bandwidth: "100MB" },
      { from: "pve", to: "nas", bandwidth: "100MB" },
    ],
    clusters: {
      k8s: { hosts: ["pve"], disk: "sdb", api: urls.kubernetes, runnerImage: dumped.runnerImage },
    },
    monitoring: {
      pushgateway: pushgatewayUrl,
      pushgatewayLogin: { user: pushgatewayUser, password: "pushgateway" },
      scrapeInterval: labMonitoring.scrapeInterval,
      evaluationInterval: labMonitoring.evaluationInterval,
      namespace: monitoringNamespace,
      runbooks: "https://runbooks.lab.example",
      prometheus: prometheusUrl,
      alertmanager: alertmanagerUrl,
      // The host's call starts a Node of its own, which is dear there.
      deadMan: { urlSecret: deadManSecret, hosts: { pve: "pve-calls" }, every: "2min" },
    },
    waivers: [
      {
        // Of several datasets without such a copy, the site is told and not each of them.
        ...{ code: "routes/no-route-off-site", subject: "lab" },
        ...accepted("a lab's host is thrown away, and there is no other site"),
      },
      {
        ...{ code: "security/break-glass-unproven", subject: "break-glass" },
        ...accepted("a lab's secrets are thrown away with it"),
      },
      {
        ...{ code: "routes/guests-left-out", subject: "pve" },
        ...accepted("a lab's guest is made anew with its host"),
      },
      {
        ...{ code: "order/overlap-on-disk", subject: "nfs-mirror" },
        ...accepted("two minutes stand for a night here, and a night's jobs run beside it"),
      },
      ...dumped.waivers,
    ],
    receivers: { lab: { kind: "slack", channel: "#lab", webhookSecret: slackSecret } },
    secrets: {
      "house-passphrase": { keptIn: ["break-glass"] },
      "nas-key": { keptIn: ["break-glass"] },
      pushgateway: { keptIn: ["break-glass"] },
      "firewall-api-key": { keptIn: ["break-glass"] },
      "firewall-ssh-key": { keptIn: ["break-glass"] },
      "pve-calls": { keptIn: ["break-glass"] },
      ...dumped.secrets,
    },
    services: {
      host: {
        data: [
          {
            ...{ kind: "configuration", host: "pve", size: "1MB" },
            paths: ["/usr/local/bin", "/etc/systemd/system"],
          },
        ],
        promise: { rpo: { "live-disk": "9d" }, rto: "4h" },
      },
      firewall: {
        data: [{ kind: "device", firewall: "pfsense", size: "1MB" }],
        promise: { rpo: { "live-disk": "9d" }, rto: "4h" },
      },
      nodes: {
        data: [
          {
            ...{ kind: "vm", name: machine.name, id: machine.id, host: "pve", pool: "data", cluster: "k8s" },
            size: `${machine.sizeMib}MiB`,
          },
        ],
        promise: { rpo: { "live-disk": "9d" }, rto: "4h" },
        // An image that no drill starts.
        restoredByHand: { proven: "2026-05-01", every: "1095d" },
      },
      tree: {
        data: [{ kind: "tree", host: "pve", path: "/srv/nfs/nasty", size: "64MB", growthPerDay: "0B" }],
        promise: { rpo: { "live-disk": "9d", host: "9d" }, rto: "4h" },
      },
      frigate: leftOut("/srv/nfs/frigate", "1GB", "camera ring buffer, not backed up"),
      postgresql: excludedVolume("dbaas", "postgresql"),
      prometheus: excludedVolume("monitoring", "prometheus"),
      ...dumped.services,
    },
    layers: {
      "cluster-dump": dumped.dumps,
      "nfs-mirror": [
        {
          host: "pve",
          // Its first run, which compares all, has to fit in between on a slow machine too.
          schedule: { onCalendar: "*-*-* *:0/2:00", accuracy: "1s" },
          source: "/srv/nfs",
          target: "/mnt/backup",
          excludes: [{ name: "frigate", reason: "camera ring buffer, not backed up" }],
          keep: ["pvc-data", "sqlite-backup", "pve-config", "pfsense", "vm-images"].map(name => ({
            name,
            reason: "generations of another job",
          })),
          usualRun: "10s",
          budget: "80s",
          timeout: "115s",
          promise: { rpo: "6min" },
          alert,
        },
      ],
      "lvm-pvc-snapshot": [
        {
          host: "pve",
          pool: "data",
          excludeNamespaces: ["dbaas", "monitoring"].map(name => ({
            name,
            reason: "half of it is rewritten each hour",
          })),
          schedule: weekly,
          keep: { age: "7d" },
          usualRun: "1min",
          budget: "10min",
          promise: { rpo: "8d" },
          alert,
        },
      ],
      "daily-backup": [
        {
          host: "pve",
          schedule: { ...weekly, after: ["lvm-pvc-snapshot", "nfs-mirror"] },
          target: "/mnt/backup",
          volumes: { keep: { count: 4, every: "week" }, luksSecrets: ["house-passphrase"] },
          sqlite: { keep: { count: 4, every: "week" } },
          firewalls: [
            {
              ...{ name: "pfsense", keep: { count: 4, every: "week" } },
              schedule: { ...weekly, after: ["daily-backup", "nfs-mirror"] },
            },
          ],
          configuration: { keep: { count: 4, every: "week" } },
          usualRun: "5min",
          budget: "20min",
          promise: { rpo: "8d" },
          alert,
        },
      ],
      "vm-images": [
        {
          host: "pve",
          schedule: { ...weekly, after: ["daily-backup", "nfs-mirror", "pfsense-backup"] },
          target: "/mnt/backup",
          keep: { count: 2, every: "week" },
          usualRun: "1min",
          budget: "10min",
          promise: { rpo: "8d" },
          alert,
        },
      ],
      "nfs-change-tracker": [
        {
          host: "pve",
          watches: ["/srv/nfs"],
          log: "/var/lib/holdfast/nfs-change-tracker",
          schedule: { onCalendar: "*-*-* *:*:00", accuracy: "1s" },
          usualRun: "5s",
          budget: "25s",
          timeout: "55s",
          promise: { rpo: "4min" },
          alert,
        },
      ],
      "offsite-sync": [
        {
          host: "pve",
          destination: "nas",
          schedule: { ...weekly, after: ["vm-images", "nfs-mirror"] },
          legs: [{ from: "/mnt/backup", to: `${offsiteTree}/pve-backup` }],
          usualRun: "1min",
          budget: "10min",
          promise: { rpo: "9d" },
          alert,
        },
      ],
      "effective-state": [{ host: "pve", schedule: weekly, promise: { rpo: "8d" }, alert }],
      "restore-drill": [
        {
          ...{ host: "pve", target: "/mnt/backup", scratch: "/srv/nfs-ssd/drills" },
          schedule: { onCalendar: "Sun *-*-* 12:00:00", after: ["nfs-mirror"] },
          ...{ most: "1GB", leaveFree: "1GB" },
          ...{ usualRun: "1min", budget: "10min" },
          promise: { rpo: "8d" },
          alert,
        },
      ],
    },
  };
}

/** In a namespace without snapshots. */
function excludedVolume(namespace: string, claim: string): NonNullable<EstateInput["services"]>[string] {
  return {
    data: [
      {
        ...{ kind: "volume", host: "pve", pool: "data", namespace, claim, size: "64MB" },
        unprotected: accepted("a lab's stand-in for a database"),
      },
    ],
  };
}
