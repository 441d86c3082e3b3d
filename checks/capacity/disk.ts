import type { Plan } from "../../plan";
import { parseSize } from "../../plan/units/size";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { neededStores } from "../stores";
import { formatSize, formatSizeUp, listed } from "../wording";

export const diskCapacity = defineCheck({
  code: "capacity/disk",
  severity: "error",
  title: "A file system is too small for what jobs and people put there, or a disk for what is cut from it",
  why: "A backup disk that is full stops all of its jobs in one night. What it needs is known beforehand: live trees, mirrors, and every generation that retention asks for.",
  run: plan => [...overcommitted(plan), ...tooSmall(plan)],
  examples: {
    bad: [
      mended(
        example("a library that doesn't fit on the backup disk", ({ services }) =>
          edit(services.books?.data[0], { size: "1.1TB" }),
        ),
        { says: "a larger disk", edit: ({ hosts }) => edit(hosts.pve?.disks.sda, { size: "1.2TB" }) },
      ),
      mended(
        example("dumps of a year where a month was planned", ({ layers, services }) => {
          edit(services.vault?.data[0], { size: "3GB" });
          edit(layers["cluster-dump"][1], { keep: { age: "365d" } });
          edit(layers["nas-snapshots"][0], { keep: { age: "3d" } });
        }),
        {
          says: "keep fewer generations",
          edit: ({ layers }) => edit(layers["cluster-dump"][1], { keep: { age: "30d" } }),
        },
      ),
      mended(
        example("a pool that is larger than its disk", ({ hosts }) =>
          edit(hosts.pve?.pools?.data, { size: "11TB" }),
        ),
        {
          says: "pve:/srv/nfs on it needs 438 GB beside them",
          edit: ({ hosts }) => edit(hosts.pve?.pools?.data, { size: "10262GB" }),
        },
      ),
    ],
    good: [example("190 GB of copies on a disk of 1.1 TB")],
  },
});

function tooSmall(plan: Plan): Found[] {
  const cut = new Set(overcommitted(plan).map(({ subject }) => subject));
  return neededStores(plan)
    .filter(({ kind, needBytes, sizeBytes }) => kind === "filesystem" && needBytes > sizeBytes)
    .filter(({ name }) => !cut.has(diskOf(name, plan)))
    .map(({ name, needBytes, sizeBytes, otherBytes, pinnedBytes, parts }) => {
      const largest = parts.slice(0, 3).map(({ dataset, bytes }) => `${dataset} ${formatSize(bytes)}`);
      return {
        subject: name,
        message: `${name} needs ${formatSize(needBytes)} of ${formatSize(sizeBytes)} once every retention has filled up, ${formatSize(pinnedBytes)} of it for earlier generations; largest ${listed(largest)}.`,
        fix: `Make room for ${formatSizeUp(needBytes - sizeBytes)}: keep fewer generations, give ${parts[0]?.dataset ?? "the largest"} a leg of its own, or buy a larger disk.`,
        evidence: { needBytes, sizeBytes, otherBytes, pinnedBytes, largest },
      };
    });
}

/** Disks from which more is cut than they have. */
function overcommitted(plan: Plan): Found[] {
  return Object.entries(plan.estate.hosts).flatMap(([host, { disks, pools, filesystems }]) =>
    Object.entries(disks).flatMap(([disk, { size }]) => {
      const cuts = [
        ...Object.entries(pools).map(([name, pool]) => ({ name: `pool ${name}`, ...pool })),
        ...Object.entries(filesystems).map(([name, filesystem]) => ({ name, ...filesystem })),
      ].flatMap(cut =>
        cut.disk === disk && cut.size !== undefined ? [{ name: cut.name, bytes: parseSize(cut.size) }] : [],
      );
      const cutBytes = cuts.reduce((sum, { bytes }) => sum + bytes, 0);
      const sizeBytes = parseSize(size);
      if (cutBytes <= sizeBytes) return [];
      const parts = cuts.map(({ name, bytes }) => `${name} ${formatSize(bytes)}`);
      return [
        {
          subject: `${host}/${disk}`,
          message: `Disk ${host}/${disk} has ${formatSize(sizeBytes)}, and ${formatSize(cutBytes)} are cut from it: ${listed(parts)}.`,
          fix: `Correct the sizes in hosts.${host}: they are more than the disk by ${formatSizeUp(cutBytes - sizeBytes)}${restText(host, disk, plan)}.`,
          evidence: { sizeBytes, cutBytes, parts },
        },
      ];
    }),
  );
}

/** File systems that have what the cuts leave need room too. */
function restText(host: string, disk: string, plan: Plan): string {
  const rest = Object.entries(plan.estate.hosts[host]?.filesystems ?? {}).filter(
    ([, filesystem]) => filesystem.disk === disk && filesystem.size === undefined,
  );
  const needs = rest.flatMap(([mount]) =>
    neededStores(plan).filter(({ name, needBytes }) => name === `${host}:${mount}` && needBytes > 0),
  );
  if (needs.length === 0) return "";
  const bytes = needs.reduce((sum, { needBytes }) => sum + needBytes, 0);
  return `, and ${listed(needs.map(({ name }) => name))} on it needs ${formatSizeUp(bytes)} beside them`;
}

function diskOf(store: string, { estate }: Plan): string {
  const [host = "", mount = ""] = store.split(/:(.*)/s);
  return `${host}/${estate.hosts[host]?.filesystems[mount]?.disk ?? ""}`;
}
