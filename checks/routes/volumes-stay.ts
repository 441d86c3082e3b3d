import type { Plan } from "../../plan";
import { dailyBackupSpec } from "../../plan/layers/daily-backup/spec";
import { sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { example, mended } from "../examples";
import { fallingShort } from "../protection";
import { listed } from "../wording";

export const volumesStay = defineCheck({
  code: "routes/volumes-stay",
  severity: "error",
  title: "A host's nightly backup copies no volumes, and their snapshots lie in their own pool",
  why: "One part of daily-backup brings all volumes to another disk. Without it, each service by itself is told to lie on one disk with its copies.",
  run: plan =>
    hostsOf(plan).map(({ host, left }) => ({
      subject: host,
      message: `daily-backup of ${host} copies no volumes, and the only copies of ${left.length} services lie in the pool of the volumes themselves: ${listed(left)}.`,
      fix: `Add volumes: { keep: { count: 4, every: "week" } } to daily-backup of ${host}.`,
      evidence: { services: left },
    })),
  without: (plan, { subject }) => {
    const estate = structuredClone(plan.estate);
    for (const part of estate.layers["daily-backup"])
      if (part.host === subject)
        part.volumes = dailyBackupSpec.shape.volumes.unwrap().parse({ keep: { count: 4, every: "week" } });
    return [estate];
  },
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

function hostsOf(plan: Plan): { host: string; left: string[] }[] {
  const alone = fallingShort(plan, "single-medium").map(({ dataset }) => dataset);
  return plan.estate.layers["daily-backup"].flatMap(({ host, volumes }) => {
    const left = alone
      .filter(
        ({ kind, location }) =>
          kind === "volume" && sameMachine(location.machine, { kind: "host", name: host }),
      )
      .map(({ id }) => id);
    // One alone is left out by itself.
    return volumes || left.length < 2 ? [] : [{ host, left }];
  });
}
