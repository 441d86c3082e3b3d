import type { Plan } from "../../plan";
import type { Flow, Job } from "../../plan/job";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { nearest } from "../../plan/contracts/near";
import { listed } from "../wording";

export const namespaceNamesNothing = defineCheck({
  code: "routes/namespace-names-nothing",
  severity: "error",
  title: "A namespace that is left out, or kept longer, has nothing of the estate in it",
  why: "Volumes are found by pattern and told apart by namespace. A misspelt one leaves nothing out: the pool fills with what changes every hour, and nobody sees that the exclusion never took hold; or it keeps nothing longer, and the day on which that is needed has no copy.",
  run: plan => {
    const namespaces = namespacesByHost(plan);
    return plan.jobs.flatMap(job => {
      const known = namespaces.get(job.host) ?? new Set();
      return [...new Set(job.flows.flatMap(namesOf))]
        .filter(name => !known.has(name))
        .map(name => {
          const near = nearest(name, known);
          return {
            subject: job.called,
            message: `${job.name} on ${job.host} treats namespace ${name} apart, and no dataset of the estate is in it.`,
            fix:
              near.length > 0
                ? `Write ${listed(near.map(each => JSON.stringify(each)))}, or add the dataset that is meant.`
                : "Remove it, or add its dataset: with unprotected if it needs no copy.",
            evidence: { namespace: name, known: [...known].sort() },
          };
        })
        .concat(keptOfNothing(job, known, plan));
    });
  },
  examples: {
    bad: [
      mended(
        example("a misspelt namespace that keeps daily copies", ({ layers }) =>
          edit(layers["daily-backup"][0]?.volumes, {
            more: [{ namespaces: ["nextclout"], keep: { count: 7, every: "day" } }],
          }),
        ),
        {
          says: 'Write "nextcloud"',
          edit: ({ layers }) =>
            edit(layers["daily-backup"][0]?.volumes, {
              more: [{ namespaces: ["nextcloud"], keep: { count: 7, every: "day" } }],
            }),
        },
      ),
      mended(
        example("a namespace that is gone", ({ layers }) =>
          layers["lvm-pvc-snapshot"][0]?.excludeNamespaces?.push({
            name: "monitoring",
            reason: "metrics can be gathered anew",
          }),
        ),
        { says: "Remove it", edit: ({ layers }) => layers["lvm-pvc-snapshot"][0]?.excludeNamespaces?.pop() },
      ),
      mended(
        example("daily copies of a namespace without snapshots", ({ layers }) =>
          edit(layers["daily-backup"][0]?.volumes, {
            more: [{ namespaces: ["dbaas"], keep: { count: 7, every: "day" } }],
          }),
        ),
        {
          says: "Remove it from volumes.more",
          edit: ({ layers }) => edit(layers["daily-backup"][0]?.volumes, { more: [] }),
        },
      ),
    ],
    good: [
      example("the namespace of a database that has dumps instead"),
      example("daily copies of a namespace with snapshots", ({ layers }) =>
        edit(layers["daily-backup"][0]?.volumes, {
          more: [{ namespaces: ["nextcloud"], keep: { count: 7, every: "day" } }],
        }),
      ),
    ],
  },
});

/** Namespaces that there are, and of which a flow for them alone makes no copy: nothing makes the snapshots that it reads. */
function keptOfNothing({ called, flows }: Job, known: ReadonlySet<string>, plan: Plan) {
  const empty = flows.flatMap(flow => {
    const { source } = flow;
    if (source.kind !== "copies-of") return [];
    return (source.onlyNamespaces ?? [])
      .filter(name => known.has(name))
      .filter(name => !plan.copies.some(copy => copy.flow === flow && copy.dataset.namespace === name))
      .map(name => ({ name, from: source.job }));
  });
  return empty.map(({ name, from }) => ({
    subject: called,
    message: `${called} is to keep further generations of namespace ${name}, and ${from} makes no snapshot of a volume there: 0 copies are kept.`,
    fix: `Remove it from volumes.more, or take "${name}" out of excludeNamespaces of ${from}.`,
    evidence: { namespace: name, known: [...known].sort() },
  }));
}

function namesOf({ source }: Flow): string[] {
  if (source.kind !== "volumes" && source.kind !== "copies-of") return [];
  const only = source.kind === "copies-of" ? (source.onlyNamespaces ?? []) : [];
  return [...source.excludeNamespaces.map(({ name }) => name), ...only];
}

/** Namespaces of the datasets that live on each host. */
function namespacesByHost(plan: Plan): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { namespace, location } of plan.datasets)
    if (namespace !== undefined && location.machine.kind === "host")
      found.set(location.machine.name, (found.get(location.machine.name) ?? new Set()).add(namespace));
  return found;
}
