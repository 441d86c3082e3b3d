import type { Plan } from "../../plan";
import { isBelow } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { exporterSlips } from "../exporter-slips";
import { listed } from "../wording";

const what = {
  job: "the job label",
  instance: "the target",
  mountpoint: "the mount point",
  metric: "the metric",
  label: "the label",
} as const;

export const exporterNamesNothing = defineCheck({
  code: "alerts/exporter-names-nothing",
  severity: "error",
  title: "An exporter is said to have what the estate's host hasn't",
  why: "What an exporter has is written down once and believed by every check after it: with a slip there, an alert for a mount point that doesn't exist passes all of them, and is silent for good.",
  run: plan =>
    exporterSlips(plan).map(({ exporter, what: kind, wrong, meant, hosts }) => {
      const [first] = meant;
      const needed = kind === "mountpoint" ? liesBelow(wrong, hosts, plan) : [];
      if (needed.length > 0)
        return {
          subject: exporter,
          message: `Exporter ${exporter} is said to have ${what[kind]} "${wrong}", of which filesystems of ${listed(hosts)} say nothing, and ${listed(needed)} ${needed.length === 1 ? "lies" : "lie"} there: all of it counts as a part of the file system above.`,
          fix: `Add "${wrong}" with its disk and fsUuid to filesystems of ${listed(hosts)}, or remove it from the exporter if it is no mount point.`,
          evidence: { exporter, wrong, needed },
        };
      if (kind === "job")
        return {
          subject: exporter,
          message: `Exporter ${exporter} is called so but for a letter from "${first}": alerts find its series by that label, and would find 0.`,
          fix: `Write "${first}" as its job in monitoring.exporters, as Prometheus has it.`,
          evidence: { exporter, wrong, meant },
        };
      const of =
        kind === "instance"
          ? "nothing of the estate is called so"
          : `${listed(hosts.length > 0 ? hosts : [exporter])} has none`;
      return {
        subject: exporter,
        message: `Exporter ${exporter} is said to have ${what[kind]} "${wrong}", and ${of}${first === undefined ? "" : `: did you mean "${first}"?`}`,
        fix:
          first === undefined
            ? `Remove "${wrong}" from the exporter, or add it to filesystems of ${listed(hosts)}.`
            : `Write "${first}" in monitoring.exporters${kind === "mountpoint" ? ` and in the alerts, or add "${wrong}" to filesystems of ${listed(hosts)}` : ""}.`,
        evidence: { exporter, wrong, meant },
      };
    }),
  examples: {
    bad: [
      mended(
        example("a mount point with a letter less", ({ monitoring }) => {
          for (const { labels } of monitoring.exporters ?? [])
            if (labels) labels["mountpoint"] = ["/", "/srv/nfs", "/mnt/backp"];
        }),
        {
          says: 'Write "/mnt/backup"',
          edit: ({ monitoring }) => {
            for (const { labels } of monitoring.exporters ?? [])
              if (labels) labels["mountpoint"] = ["/", "/srv/nfs", "/mnt/backup"];
          },
        },
      ),
      mended(
        example("a mount point that data lies in, and whose file system was removed", ({ monitoring }) => {
          for (const { labels } of monitoring.exporters ?? [])
            if (labels) labels["mountpoint"] = ["/", "/srv/nfs", "/srv/nfs/photos", "/mnt/backup"];
        }),
        {
          says: "remove it from the exporter if it is no mount point",
          edit: ({ monitoring }) => {
            for (const { labels } of monitoring.exporters ?? [])
              if (labels) labels["mountpoint"] = ["/", "/srv/nfs", "/mnt/backup"];
          },
        },
        {
          says: 'Add "/srv/nfs/photos" with its disk and fsUuid to filesystems of pve',
          edit: ({ hosts }) => {
            if (hosts.pve)
              hosts.pve.filesystems["/srv/nfs/photos"] = {
                ...{ disk: "sdc", fsUuid: "44444444-4444-4444-8444-444444444444", size: "1TB" },
              };
          },
        },
      ),
      mended(
        example("a host with a letter less", ({ monitoring }) => {
          for (const exporter of monitoring.exporters ?? []) exporter.instances = ["pv"];
        }),
        {
          says: 'Write "pve"',
          edit: ({ monitoring }) => {
            for (const exporter of monitoring.exporters ?? []) exporter.instances = ["pve"];
          },
        },
      ),
      mended(
        example("kube-state-metrics without its s", ({ monitoring }) => {
          monitoring.exporters?.push({
            ...{ job: "kube-state-metric", instances: ["kube-state-metrics"] },
            metrics: ["kube_cronjob_spec_suspend"],
          });
        }),
        {
          says: 'Write "kube-state-metrics" as its job',
          edit: ({ monitoring }) => edit(monitoring.exporters?.at(-1), { job: "kube-state-metrics" }),
        },
      ),
      mended(
        example("a metric with a letter less", ({ monitoring }) => {
          for (const exporter of monitoring.exporters ?? [])
            exporter.metrics = ["node_filesystem_avail_byte", "node_filesystem_size_bytes"];
        }),
        {
          says: 'Write "node_filesystem_avail_bytes"',
          edit: ({ monitoring }) => {
            for (const exporter of monitoring.exporters ?? [])
              exporter.metrics = ["node_filesystem_avail_bytes", "node_filesystem_size_bytes"];
          },
        },
      ),
    ],
    good: [
      example("a host by its name"),
      example("a host by its address and port", ({ monitoring }) => {
        for (const exporter of monitoring.exporters ?? []) exporter.instances = ["pve.example:9100"];
      }),
      example("jobs of like names, and one that only a regular expression names", ({ monitoring }) => {
        monitoring.exporters?.push(
          { job: "smart", instances: ["pve:9633"], metrics: ["smartctl_device"] },
          { job: "smartd", instances: ["pve:9634"], metrics: ["smartd_temperature"] },
          { job: "pve_exporter", instances: ["pve:9221"], metrics: ["pve_up"] },
          { job: "proxmox-hosts", instances: ["nfs:9100"], metrics: ["node_load1"] },
        );
        monitoring.alerts?.push({
          ...{ name: "HostDown", receiver: "infra" },
          expr: 'node_load1{job=~"proxmox-host|proxmox-hosts"} > 8',
        });
      }),
      example("a second machine that the estate doesn't have", ({ monitoring }) => {
        monitoring.exporters?.push({ job: "second", instances: ["pve2"], metrics: ["node_load1"] });
      }),
    ],
  },
});

/** Data of the estate below a path of some hosts. */
function liesBelow(path: string, hosts: readonly string[], { datasets }: Plan): string[] {
  return datasets
    .filter(
      ({ kind, location: { machine, path: own } }) =>
        kind === "tree" && hosts.includes(machine.name) && isBelow(own, path),
    )
    .map(({ id }) => id);
}
