import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { neededStores } from "../stores";
import { formatSize, formatSizeUp, listed } from "../wording";

export const nasCapacity = defineCheck({
  code: "capacity/nas",
  severity: "error",
  title: "A NAS is too small for the copies and what its snapshots hold on to",
  why: "The reference system's NAS was 98 % full, and deleting changed nothing: eight snapshots held 800 GB of what was gone. Space that a snapshot pins isn't free until the last one that has it is.",
  run: plan =>
    neededStores(plan)
      .filter(({ kind, needBytes, sizeBytes }) => kind === "nas" && needBytes > sizeBytes)
      .map(({ name, needBytes, sizeBytes, otherBytes, pinnedBytes, parts }) => {
        const largest = parts.slice(0, 3).map(({ dataset, bytes }) => `${dataset} ${formatSize(bytes)}`);
        return {
          subject: name,
          message: `${name} needs ${formatSize(needBytes)} of ${formatSize(sizeBytes)}: ${formatSize(otherBytes)} are in use by others, snapshots and earlier generations will hold ${formatSize(pinnedBytes)}; largest ${listed(largest)}.`,
          fix: `Make room for ${formatSizeUp(needBytes - sizeBytes)}: keep its snapshots or the dumps for fewer days, or add disks.`,
          evidence: { needBytes, sizeBytes, otherBytes, pinnedBytes, largest },
        };
      }),
  examples: {
    bad: [
      mended(
        example("a NAS that others have filled", ({ destinations }) =>
          edit(destinations.nas, { used: "4.9TB" }),
        ),
        { says: "add disks", edit: ({ destinations }) => edit(destinations.nas, { size: "5.5TB" }) },
      ),
      mended(
        example("snapshots that pin a terabyte", ({ destinations, services }) => {
          edit(destinations.nas, { used: "3.5TB" });
          edit(services.photos?.data[0], { churnPerDay: "200GB" });
        }),
        {
          says: "fewer days",
          edit: ({ layers }) => edit(layers["nas-snapshots"][0], { keep: { age: "5d" } }),
        },
      ),
    ],
    good: [example("one of five terabytes")],
  },
});
