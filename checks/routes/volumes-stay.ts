import type { Plan } from "../../plan";
import type { Path } from "../../plan/estate/lookup";
import { layerGiving, layers } from "../../plan/layers";
import { sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { example, mended } from "../examples";
import { fallingShort } from "../protection";
import { read, write } from "../said";
import { listed } from "../wording";

export const volumesStay = defineCheck({
  code: "routes/volumes-stay",
  severity: "error",
  title: "A host's nightly backup copies no volumes, and their snapshots lie in their own pool",
  why: "One part of a host brings all its volumes to another disk. Without it, each service by itself is told to lie on one disk with its copies.",
  run: plan =>
    hostsOf(plan).map(({ host, left }) => ({
      subject: host,
      message: `${nightly()} of ${host} copies no volumes, and the only copies of ${left.length} services lie in the pool of the volumes themselves: ${listed(left)}.`,
      fix: `Add volumes: { keep: { count: 4, every: "week" } } to ${nightly()} of ${host}.`,
      evidence: { services: left },
    })),
  without: (plan, { subject }) =>
    hostsOf(plan)
      .filter(({ host }) => host === subject)
      .map(({ part }) => {
        const estate = structuredClone(plan.estate);
        const volumes = { keep: { count: 4, every: "week" } };
        const meant = layers[nightly()].spec.parse({ ...Object(read(estate, part)), volumes });
        write(estate, part, meant);
        return estate;
      }),
  examples: {
    bad: [
      mended(
        example("a nightly backup without the volumes", ({ layers, services }) => {
          for (const part of layers["daily-backup"]) delete part.volumes;
          services["wiki"] = {
            data: [
              {
                ...{ kind: "volume", host: "pve", pool: "data", namespace: "wiki" },
                ...{ size: "1GB", churnPerDay: "10MB", growthPerDay: "0B" },
              },
            ],
            promise: { rpo: { application: "27h" }, rto: "8h" },
          };
        }),
        {
          says: 'Add volumes: { keep: { count: 4, every: "week" } }',
          edit: ({ layers }) => {
            for (const part of layers["daily-backup"]) part.volumes = { keep: { count: 4, every: "week" } };
          },
        },
      ),
    ],
    good: [example("a nightly backup of all volumes")],
  },
});

const nightly = () => layerGiving("generations of volumes");

interface Host {
  readonly host: string;
  /** Services whose copies stay in their pool. */
  readonly left: readonly string[];
  /** Where the estate has the host's nightly backup. */
  readonly part: Path;
}

function hostsOf(plan: Plan): Host[] {
  const alone = fallingShort(plan, "single-medium").map(({ dataset }) => dataset);
  return plan.jobs.flatMap(({ layer, said, runsOn, host, flows }): Host[] => {
    // Deeper in the part are a firewall's job and the disk's scrub.
    const isPart = layer === nightly() && said.length === 3;
    if (!isPart || flows.some(({ source }) => source.kind === "copies-of")) return [];
    const left = alone
      .filter(({ kind, location }) => kind === "volume" && sameMachine(location.machine, runsOn))
      .map(({ id }) => id);
    // One alone is left out by itself.
    return left.length < 2 ? [] : [{ host, left, part: said }];
  });
}
