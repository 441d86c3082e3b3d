import type { Plan } from "../../plan";
import { defineCheck } from "../check";
import { type ExampleEstate, exampleEstate } from "../../plan/estate/example";
import { example, mended } from "../examples";

/** A cluster that keeps data on the own disks of nodes of which nothing could be built again. */
function unimaged({
  datasets,
  copies,
  estate,
}: Plan): { cluster: string; held: string[]; nodes: string[] }[] {
  const copied = new Set(copies.map(({ dataset }) => dataset));
  return Object.keys(estate.clusters).flatMap(cluster => {
    const inside = datasets.filter(dataset => dataset.cluster === cluster && !dataset.unprotected);
    const held = inside.filter(({ kind }) => kind !== "vm").map(({ id }) => id);
    const nodes = datasets.filter(({ kind, cluster: of }) => kind === "vm" && of === cluster);
    // One of which no image is wanted is somebody's decision, and stands for the others.
    const hasImage = nodes.some(node => node.unprotected !== undefined || copied.has(node));
    return held.length === 0 || hasImage ? [] : [{ cluster, held, nodes: nodes.map(({ id }) => id) }];
  });
}

const builtAnew: ExampleEstate["services"][string] = {
  data: [
    {
      ...{ kind: "vm", host: "pve", pool: "data", id: 101, cluster: "k8s" },
      unprotected: {
        reason: "built anew by Terraform in ten minutes",
        owner: "viktor",
        expires: "2027-06-30",
      },
    },
  ],
};

export const vmWithoutImage = defineCheck({
  code: "routes/vm-without-image",
  severity: "warning",
  title: "A VM with data on its own disk has no image",
  why: "A dump brings back what is in a database, and nothing that it ran on. In the reference system no job ever read the disks of the cluster's nodes: after the loss of their disk, the way to the first restore begins with building a cluster by hand.",
  run: plan =>
    unimaged(plan).map(({ cluster, held, nodes }) => {
      const lies = held.length === 1 ? "lies" : "lie";
      return {
        subject: cluster,
        message:
          nodes.length === 0
            ? `${held.join(", ")} ${lies} on the own disks of the nodes of cluster ${cluster}, and the estate names none of its nodes: no image of one is made.`
            : `${held.join(", ")} ${lies} on the own disks of the nodes of cluster ${cluster}, and no image is made of ${nodes.join(", ")}.`,
        fix: `Give the services a dataset of kind "vm" with cluster: "${cluster}" for each node that is to come back as it is, and a job that makes images of them; where a node is built anew by other means: unprotected with reason, owner and expires.`,
        evidence: { cluster, datasets: held, nodes },
      };
    }),
  examples: {
    bad: [
      mended(
        example(
          "a cluster with etcd on its nodes, none of which the estate names",
          ({ services, layers }) => {
            delete services.nodes;
            layers["vm-images"] = [];
          },
        ),
        {
          says: 'a dataset of kind "vm" with cluster: "k8s"',
          edit({ services, layers }) {
            const { services: sound, layers: all } = exampleEstate();
            services.nodes = sound.nodes ?? { data: [] };
            layers["vm-images"] = all["vm-images"];
          },
        },
        {
          says: "unprotected with reason, owner and expires",
          edit: ({ services }) => void (services.nodes = builtAnew),
        },
      ),
    ],
    good: [
      example("a node of which images are made"),
      example("a node that is built anew by other means", ({ services, layers }) => {
        services.nodes = builtAnew;
        layers["vm-images"] = [];
      }),
      example("a cluster that keeps nothing on its nodes", ({ services, layers }) => {
        delete services.nodes;
        delete services.etcd;
        for (const service of Object.values(services)) delete service.needs;
        layers["vm-images"] = [];
        layers["cluster-dump"] = layers["cluster-dump"].filter(({ dataset }) => dataset !== "etcd");
      }),
    ],
  },
});
