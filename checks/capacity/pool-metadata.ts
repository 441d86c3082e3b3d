import { poolUsableShare } from "../../plan/capacity";
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
            fix: `Extend it: \`lvextend --poolmetadatasize +${Math.max(1, Math.ceil(sizeBytes / 4e9))}G ${vg}/${pool}\`.`,
            evidence: { usedBytes, sizeBytes, percent },
          },
        ];
      }),
    ),
  examples: {
    bad: [
      mended(
        example("15.2 of 16 GB of metadata", ({ hosts }) =>
          edit(hosts.pve?.pools?.data, { metadata: { size: "16GB", used: "15.2GB" } }),
        ),
        {
          says: "--poolmetadatasize +4G",
          edit: ({ hosts }) => edit(hosts.pve?.pools?.data, { metadata: { size: "20GB", used: "15.2GB" } }),
        },
      ),
    ],
    good: [example("a quarter of the metadata in use")],
  },
});
