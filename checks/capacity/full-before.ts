import type { Store } from "../../plan/capacity";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { neededStores } from "../stores";
import { formatSize, formatSizeUp, listed } from "../wording";

const dayMs = 86_400_000;
/** Time to choose, order and build in a disk. */
const noticeDays = 180;

export const fullBefore = defineCheck({
  code: "capacity/full-before",
  severity: "warning",
  title: "A pool, file system or NAS will be full within half a year",
  why: "A disk takes weeks to arrive, and a full one takes the night's backups with it. Growth is the one outage with a date.",
  run: (plan, asOfMs) =>
    neededStores(plan).flatMap(({ name, needBytes, sizeBytes, usableBytes, growthPerDayBytes, parts }) => {
      // Too full already: that store's own check tells of it.
      if (growthPerDayBytes <= 0 || needBytes > usableBytes) return [];
      const days = Math.floor((usableBytes - needBytes) / growthPerDayBytes);
      if (days >= noticeDays) return [];
      const fullOn = new Date(asOfMs + days * dayMs).toISOString().slice(0, 10);
      return [
        {
          subject: name,
          message: `${name} will be full on ${fullOn}, in ${days} days: ${formatSize(needBytes)} of ${formatSize(sizeBytes)} are needed, and ${formatSize(growthPerDayBytes)} more each day${forWhat(parts)}.`,
          fix: `Make room before ${fullOn}: ${formatSizeUp(growthPerDayBytes * noticeDays)} last for another half year.`,
          evidence: { fullOn, days, needBytes, sizeBytes, growthPerDayBytes },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        example("a library that grows by 10 GB a day", ({ services }) =>
          edit(services.books?.data[0], { growthPerDay: "10GB" }),
        ),
        {
          says: "1.8 TB last for another half year",
          edit: ({ hosts, destinations }) => {
            edit(hosts.pve?.disks.sda, { size: "2.9TB" });
            edit(destinations.nas, { size: "7.1TB" });
          },
        },
      ),
    ],
    good: [
      example("a library that grows by 2 GB a day", ({ services }) =>
        edit(services.books?.data[0], { growthPerDay: "2GB" }),
      ),
    ],
  },
});

/** Of a pool's metadata nobody has a part: it fills with the blocks of the pool. */
function forWhat(parts: Store["parts"]): string {
  return parts.length === 0 ? "" : `, for ${listed(parts.slice(0, 3).map(({ dataset }) => dataset))}`;
}
