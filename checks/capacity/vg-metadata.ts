import { volumeGroupsOf } from "../../plan/capacity";
import { leastRecordsFreePercent } from "../../plan/contracts/lvm-records";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { formatSize } from "../wording";

const mib = 2 ** 20;
const usableShare = 1 - leastRecordsFreePercent / 100;

export const vgMetadata = defineCheck({
  code: "capacity/vg-metadata",
  severity: "error",
  title: "A volume group has no room for the records of its snapshots",
  why: "LVM records each snapshot in a place of a megabyte that pvcreate makes, half of which it can use. A thousand snapshots fill it, whatever they hold: then LVM refuses every change, and no guest and no claim gets a volume any more. No graph of the pool shows it coming.",
  run: plan =>
    volumeGroupsOf(plan)
      .filter(({ sizeBytes, needBytes }) => needBytes > sizeBytes * usableShare)
      .map(({ host, vg, pools, sizeBytes, needBytes, volumes, snapshots }) => {
        const metadataMib = 2 ** Math.ceil(Math.log2((2 * needBytes) / usableShare / mib));
        const places = pools.map(pool => `hosts.${host}.pools.${pool}.vgMetadata`).join(" and ");
        return {
          subject: `${host}/${vg}`,
          message: `Volume group ${vg} of ${host} has ${formatSize(sizeBytes)} for the records of its volumes, and ${snapshots} snapshots and ${volumes} volumes of the estate take ${formatSize(needBytes)}; the floor is ${leastRecordsFreePercent} % free, for what else is in it.`,
          fix: `Keep snapshots for a shorter time, or fewer of them. Or give it a larger place on a further disk or partition, DISK: \`pvcreate --metadatasize ${metadataMib}m DISK && vgextend ${vg} DISK\`, then \`pvchange --metadataignore y\` for those that it had, and write "${metadataMib}MiB" as ${places}.`,
          evidence: { sizeBytes, needBytes, volumes, snapshots },
        };
      }),
  examples: {
    bad: [
      mended(
        example("two snapshots a day, kept for two years", ({ layers }) =>
          edit(layers["lvm-pvc-snapshot"][0], { keep: { age: "700d" } }),
        ),
        {
          says: 'write "2MiB" as hosts.pve.pools.data.vgMetadata',
          edit: ({ hosts }) => edit(hosts.pve?.pools?.data, { vgMetadata: "2MiB" }),
        },
      ),
    ],
    good: [example("snapshots of a week")],
  },
});
