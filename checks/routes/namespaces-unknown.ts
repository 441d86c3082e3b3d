import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { counted, listed } from "../wording";

export const namespacesUnknown = defineCheck({
  code: "routes/namespaces-unknown",
  severity: "error",
  title: "A job treats namespaces apart, and has no cluster to ask whose volume is whose",
  why: "The host's volumes have names of their own; which namespace each belongs to is the cluster's to say. A second cluster in the estate, or its API's address removed, leaves a job without an answer: what was left out is taken, and what was kept longer isn't.",
  run: plan => {
    const told = new Set<string>();
    return plan.jobs.flatMap(job => {
      const names = [...new Set(namesOf(job))];
      if (names.length === 0 || job.credentials.some(({ from }) => from.kind === "cluster-access")) return [];
      // What copies from snapshots knows what the snapshots' job knows.
      if (told.has(job.host)) return [];
      told.add(job.host);
      return [
        {
          subject: job.called,
          message: `${job.called} on ${job.host} treats ${counted(names.length, "namespace")} apart (${listed(names)}), but ${whyNot(plan)}: it can't tell whose volume is whose, and takes them all alike.`,
          fix: fixOf(plan),
          evidence: { namespaces: names, clusters: Object.keys(plan.estate.clusters) },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("a cluster without its API's address", ({ clusters }) =>
          edit(clusters.k8s, { api: undefined } as object),
        ),
        {
          says: "Give clusters.k8s.api",
          edit: ({ clusters }) => edit(clusters.k8s, { api: "https://k8s.example:6443" }),
        },
      ),
      mended(
        example("a second cluster, and a part that names none", ({ clusters }) => {
          clusters.lab = { hosts: ["pve"], disk: "sdb", api: "https://lab.example:6443" };
        }),
        {
          says: 'Add cluster: "k8s"',
          edit: ({ layers }) => edit(layers["lvm-pvc-snapshot"][0], { cluster: "k8s" }),
        },
      ),
    ],
    good: [
      example("the only cluster, with its API"),
      example("no namespace that is treated apart, and no API", ({ clusters, layers }) => {
        edit(clusters.k8s, { api: undefined } as object);
        edit(layers["lvm-pvc-snapshot"][0], { excludeNamespaces: [] });
      }),
    ],
  },
});

function namesOf({ flows }: Job): string[] {
  return flows.flatMap(({ source }) => {
    if (source.kind !== "volumes" && source.kind !== "copies-of") return [];
    const only = source.kind === "copies-of" ? (source.onlyNamespaces ?? []) : [];
    return [...source.excludeNamespaces.map(({ name }) => name), ...only];
  });
}

function whyNot({ estate: { clusters } }: Plan): string {
  const [first, ...others] = Object.keys(clusters);
  if (first === undefined) return "the estate has no cluster";
  if (others.length === 0) return `cluster ${first} has no API's address`;
  return `the estate has ${others.length + 1} clusters (${listed([first, ...others])}) and it names none with an API`;
}

function fixOf({ estate: { clusters } }: Plan): string {
  const [first = "k8s", ...others] = Object.keys(clusters);
  const api = `Give clusters.${first}.api the address at which the hosts reach it, e.g. "https://192.168.1.20:6443"`;
  return others.length === 0
    ? `${api}.`
    : `Add cluster: "${first}", or the one whose volumes they are, to the job's part of layers. ${api} if it has none.`;
}
