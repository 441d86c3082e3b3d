import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { calmShare, neededStores } from "../stores";
import { formatSize, formatSizeUp, listed } from "../wording";

export const poolData = defineCheck({
  code: "capacity/pool-data",
  severity: "error",
  title: "A thin pool has too little room for its volumes and what their snapshots hold on to",
  why: "When a thin pool runs full, writes fail in every volume at once, and file systems come back damaged. Snapshots keep each changed block for as long as they are kept.",
  run: plan =>
    neededStores(plan)
      .filter(({ kind, needBytes, usableBytes }) => kind === "pool" && needBytes > usableBytes)
      .map(store => {
        const { name, needBytes, sizeBytes, usableBytes, otherBytes, pinnedBytes, parts } = store;
        const largest = parts.slice(0, 3).map(({ dataset, bytes }) => `${dataset} ${formatSize(bytes)}`);
        return {
          subject: name,
          message: `Pool ${name} needs ${formatSize(needBytes)} of ${formatSize(sizeBytes)}, ${formatSize(usableBytes)} of which are usable: ${formatSize(otherBytes)} are allocated, snapshots will hold ${formatSize(pinnedBytes)}; largest ${listed(largest)}.`,
          fix: `Extend it by ${formatSizeUp(needBytes / calmShare(store, plan) - sizeBytes)} (lvextend), keep snapshots for a shorter time, or leave out namespaces that change much.`,
          evidence: { needBytes, sizeBytes, usableBytes, allocatedBytes: otherBytes, pinnedBytes, largest },
        };
      }),
  examples: {
    bad: [
      mended(
        example("a pool that is nearly allocated", ({ hosts }) =>
          edit(hosts.pve?.pools?.data, { used: "7.5TB" }),
        ),
        { says: "Extend it by", edit: ({ hosts }) => edit(hosts.pve?.pools?.data, { size: "8.9TB" }) },
      ),
      mended(
        example(
          "volumes that change by half a terabyte a day, in snapshots of a week",
          ({ services, hosts, destinations, links }) => {
            edit(links[0], { bandwidth: "1GB" });
            edit(services.nextcloud?.data[0], { size: "1TB", churnPerDay: "500GB" });
            // Room and time for the copies further on: it is the pool that is too small.
            edit(hosts.pve?.disks.sda, { size: "20TB" });
            edit(destinations.nas, { size: "40TB" });
            edit(hosts.pve?.pools?.data, { size: "4TB" });
          },
        ),
        { says: "Extend it by", edit: ({ hosts }) => edit(hosts.pve?.pools?.data, { size: "7.5TB" }) },
      ),
    ],
    good: [example("two of eight terabytes")],
  },
});
