import { readAlerts } from "../../alerts/alert";
import { matches, selected } from "../../alerts/promql/select";
import { type Selector, selectorsOf } from "../../alerts/promql/syntax";
import { type Series, type SeriesIndex, seriesOf } from "../../alerts/series";
import type { Plan } from "../../plan";
import { defineCheck, type Found } from "../check";
import { type ExporterSlip, exporterSlips } from "../exporter-slips";
import { listed } from "../wording";
import { alertExample, example, mended, rewritten } from "../examples";
import { nearest } from "../../plan/contracts/near";

export const labelUnknown = defineCheck({
  code: "alerts/label-unknown",
  severity: "error",
  title: "An alert selects a label value that its metric never has",
  why: "A mount point that was renamed, a job label of another exporter: the metric is there, the series isn't, and the alert can't fire.",
  run: plan => {
    const index = seriesOf(plan);
    const slips = exporterSlips(plan);
    const told = new Map<string, { first: Found; others: Set<string> }>();
    for (const alert of readAlerts(plan))
      for (const selector of selectorsOf(alert.parsed)) {
        const unmet = unmetMatcher(selector, index);
        if (!unmet || slips.some(slip => explains(slip, unmet))) continue;
        const { label, value } = unmet.matcher;
        const cause = unmet.alone ? `${label} ${value}` : selector.text;
        const known = told.get(cause);
        if (known) known.others.add(alert.name);
        else told.set(cause, { first: finding(alert.name, selector, unmet, plan), others: new Set() });
      }
    return [...told.values()].map(({ first, others }) => {
      others.delete(first.subject);
      return others.size === 0
        ? first
        : { ...first, message: `${first.message} So does ${listed([...others])}.` };
    });
  },
  examples: {
    bad: [
      mended(
        alertExample(
          "a mount point that isn't monitored",
          'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backups"} < 1e9',
        ),
        rewritten(
          'Write mountpoint="/mnt/backup"',
          'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backup"} < 1e9',
        ),
      ),
      mended(
        alertExample("the job label of another job", 'backup_last_status{job="etcd"} != 0'),
        rewritten('Write job="etcd-backup"', 'backup_last_status{job="etcd-backup"} != 0'),
      ),
      mended(
        alertExample(
          "two labels that no one series has",
          'backup_last_status{job="etcd-backup",instance="pve"} != 0',
        ),
        rewritten('Write instance="k8s"', 'backup_last_status{job="etcd-backup",instance="k8s"} > 1'),
      ),
      mended(
        example("an alert for an exporter that was renamed", ({ monitoring }) => {
          monitoring.exporters = (monitoring.exporters ?? []).map(exporter => ({ ...exporter, job: "node" }));
        }),
        {
          says: 'Write job="node"',
          edit: ({ monitoring }) => {
            for (const alert of monitoring.alerts ?? [])
              alert.expr = alert.expr.replaceAll("proxmox-host", "node");
          },
        },
      ),
    ],
    good: [
      alertExample(
        "a mount point of the exporter",
        'node_filesystem_avail_bytes{mountpoint="/srv/nfs"} < 1e9',
      ),
      alertExample("every one but the root", 'node_filesystem_avail_bytes{mountpoint!="/"} < 1e9'),
    ],
  },
});

function finding(alert: string, selector: Selector, unmet: Unmet, plan: Plan): Found {
  const { label, op, value } = unmet.matcher;
  const has = [...new Set(unmet.series.map(({ labels }) => labels[label] ?? ""))].sort();
  const pushedAs = has.filter(each =>
    plan.jobs.some(({ name, metricsJob }) => label === "job" && name === value && metricsJob === each),
  );
  const meant = pushedAs.length > 0 ? pushedAs : meantBy(value, has);
  return {
    subject: alert,
    message:
      `${alert} selects ${selector.text}, and no series of ${selector.metric ?? "any metric"} has ${label}${op}${JSON.stringify(value)}` +
      `${unmet.alone ? "" : " together with the other labels"} (it has ${shown(has)}).`,
    fix:
      meant.length === 0
        ? unlistedFix(unmet)
        : `Write ${meant.map(each => `${label}=${JSON.stringify(each)}`).join(" or ")}.`,
    evidence: { selector: selector.text, label, value, has },
  };
}

/** Of an exporter's label the plan knows what the estate lists of it, and nothing else. */
function unlistedFix({ matcher: { label }, series }: Unmet): string {
  const exporter = series.find(
    ({ kind, labels }) => kind === "exporter" && labels[label] === undefined,
  )?.emitter;
  return exporter === undefined
    ? "Select one that it has, or remove the alert."
    : `If ${exporter} has that label, list its values: labels: { ${label}: [ … ] } beside that metric in monitoring.exporters. If not, remove the alert.`;
}

/** What is selected is right, and the exporter's own list has the slip: alerts/exporter-names-nothing tells of it once. */
function explains({ what, meant }: ExporterSlip, { matcher }: Unmet): boolean {
  return what === "label"
    ? meant.includes(matcher.label)
    : what === matcher.label && meant.includes(matcher.value);
}

interface Unmet {
  readonly matcher: Selector["matchers"][number];
  readonly series: readonly Series[];
  /** Whether no series has this value even without the other matchers. */
  readonly alone: boolean;
}

/** The matcher for which a selector of a known metric selects nothing. */
function unmetMatcher(selector: Selector, index: SeriesIndex): Unmet | undefined {
  const { metric, matchers } = selector;
  const series = metric === undefined ? [...index.values()].flat() : (index.get(metric) ?? []);
  if (series.length === 0 || selected(selector, index).length > 0) return undefined;
  const alone = matchers.find(matcher => !series.some(({ labels }) => matches(matcher, labels)));
  if (alone) return { matcher: alone, series, alone: true };
  let left: readonly Series[] = series;
  for (const matcher of matchers) {
    const kept = left.filter(({ labels }) => matches(matcher, labels));
    if (kept.length === 0) return { matcher, series: left, alone: false };
    left = kept;
  }
  return undefined;
}

function shown(values: readonly string[]): string {
  const named = values.map(value => (value === "" ? "none" : JSON.stringify(value)));
  return named.length > 5 ? `${named.slice(0, 5).join(", ")} and ${named.length - 5} more` : named.join(", ");
}

/** The values that a wrong one may have meant: like it, longer or shorter than it, or all there are if they are few. */
function meantBy(value: string, has: readonly string[]): readonly string[] {
  const named = has.filter(each => each !== "");
  const near = nearest(value, named);
  if (near.length > 0) return near;
  const longer = named.filter(each => each.startsWith(value) || value.startsWith(each));
  return longer.length > 0 ? longer : named.length <= 3 ? named : [];
}
