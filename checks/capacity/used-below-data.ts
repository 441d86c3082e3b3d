import { bytesOf } from "../../plan/datasets";
import { parseSize } from "../../plan/units/size";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { formatSize, formatSizeUp, listed } from "../wording";

export const usedBelowData = defineCheck({
  code: "capacity/used-below-data",
  severity: "warning",
  title: "A thin pool is said to use less than half of what its volumes hold",
  why: "GB for TB in one figure, and the pool looks empty: all that is in it beside the estate's own volumes is left out of every sum.",
  run: ({ estate, datasets }) =>
    Object.entries(estate.hosts).flatMap(([host, { pools }]) =>
      Object.entries(pools).flatMap(([pool, { used }]) => {
        const held = datasets.filter(
          ({ location: { machine, path } }) =>
            machine.kind === "host" && machine.name === host && path.startsWith(`pool:${pool}/`),
        );
        const heldBytes = held.reduce((sum, dataset) => sum + (bytesOf(dataset) ?? 0), 0);
        const usedBytes = parseSize(used);
        // A figure of last year is behind by less; data that compresses well takes less than it holds.
        if (heldBytes <= 2 * usedBytes) return [];
        const largest = [...held]
          .sort((a, b) => (bytesOf(b) ?? 0) - (bytesOf(a) ?? 0))
          .map(dataset => `${dataset.id} ${formatSize(bytesOf(dataset) ?? 0)}`);
        return [
          {
            subject: `${host}/${pool}`,
            message: `Pool ${host}/${pool} is said to use ${formatSize(usedBytes)}, and its volumes hold ${formatSize(heldBytes)} (${listed(largest)}): one of the two is wrong, and whether snapshots fit rests on it.`,
            fix: `Correct hosts.${host}.pools.${pool}.used, as \`lvs\` shows it (LSize times Data%): ${formatSizeUp(heldBytes)} or more; or correct the sizes of its volumes.`,
            evidence: { usedBytes, heldBytes, largest },
          },
        ];
      }),
    ),
  examples: {
    bad: [
      mended(
        example("gigabytes for terabytes", ({ hosts }) => edit(hosts.pve?.pools?.data, { used: "2GB" })),
        {
          says: "Correct hosts.pve.pools.data.used",
          edit: ({ hosts }) => edit(hosts.pve?.pools?.data, { used: "2TB" }),
        },
      ),
    ],
    good: [example("two terabytes for a few volumes")],
  },
});
