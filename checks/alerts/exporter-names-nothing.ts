import { defineCheck } from "../check";
import { example, mended } from "../examples";
import { exporterSlips } from "../exporter-slips";
import { listed } from "../wording";

const what = {
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
      const of =
        kind === "instance"
          ? "no host of the estate is called so"
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
      example("a second machine that the estate doesn't have", ({ monitoring }) => {
        monitoring.exporters?.push({ job: "second", instances: ["pve2"], metrics: ["node_load1"] });
      }),
    ],
  },
});
