import { poolUsableShare } from "../../plan/capacity";
import { mostPoolMetadata } from "../../plan/estate/places";
import { parseSize } from "../../plan/units/size";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { formatSize } from "../wording";

export const poolMetadata = defineCheck({
  code: "capacity/pool-metadata",
  severity: "error",
  title: "A thin pool's metadata is nearly full",
  why: "Each snapshot takes metadata for every block that it shares. When it runs out, the pool goes read-only with terabytes of data space free, and no graph of data space shows it coming.",
  run: plan =>
    Object.entries(plan.estate.hosts).flatMap(([host, { pools }]) =>
      Object.entries(pools).flatMap(([pool, { vg, metadata }]) => {
        if (!metadata) return [];
        const [sizeBytes, usedBytes] = [parseSize(metadata.size), parseSize(metadata.used)];
        if (usedBytes <= sizeBytes * poolUsableShare) return [];
        const percent = Math.round((usedBytes / sizeBytes) * 100);
        return [
          {
            subject: `${host}/${pool}`,
            message: `The metadata of pool ${host}/${pool} is ${percent} % full: ${formatSize(usedBytes)} of ${formatSize(sizeBytes)}; the floor is 10 % free.`,
            fix: moreRoom(sizeBytes, `${vg}/${pool}`),
            evidence: { usedBytes, sizeBytes, percent },
          },
        ];
      }),
    ),
  examples: {
    bad: [
      mended(
        example("7.6 of 8 GB of metadata", ({ hosts }) =>
          edit(hosts.pve?.pools?.data, { metadata: { size: "8GB", used: "7.6GB" } }),
        ),
        {
          says: "--poolmetadatasize +2G",
          edit: ({ hosts }) => edit(hosts.pve?.pools?.data, { metadata: { size: "10GB", used: "7.6GB" } }),
        },
      ),
      mended(
        example("15.2 of 16 GB of metadata, which is all that LVM gives", ({ hosts }) =>
          edit(hosts.pve?.pools?.data, { metadata: { size: "16GB", used: "15.2GB" } }),
        ),
        {
          says: "Keep fewer snapshots",
          edit: ({ hosts }) => edit(hosts.pve?.pools?.data, { metadata: { size: "16GB", used: "10GB" } }),
        },
      ),
    ],
    good: [example("a quarter of the metadata in use")],
  },
});

/** A quarter more, where LVM has so much for it. */
function moreRoom(sizeBytes: number, pool: string): string {
  const more = Math.max(1, Math.ceil(sizeBytes / 4e9));
  return sizeBytes + more * 2 ** 30 <= mostPoolMetadata
    ? `Extend it: \`lvextend --poolmetadatasize +${more}G ${pool}\`.`
    : `Keep fewer snapshots of ${pool}, or move volumes to a second pool: LVM gives no pool's metadata more than ${mostPoolMetadata / 2 ** 30} GiB.`;
}
