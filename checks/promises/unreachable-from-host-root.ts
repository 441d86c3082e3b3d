import type { Plan } from "../../plan";
import { type ExampleEstate, exampleEstate } from "../../plan/estate/example";
import { liveSurvives } from "../../plan/graph/survival";
import { layerGiving } from "../../plan/layers";
import { sameMachine, staysOnMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort, type Protection, protectionsOf } from "../protection";
import { counted, listed, placeText } from "../wording";

export const unreachableFromHostRoot = defineCheck({
  code: "promises/unreachable-from-host-root",
  severity: "error",
  title: "Whoever is root on the host can delete every copy",
  why: "Ransomware runs with the host's rights and finds the keys with which the host writes to the NAS. A copy is safe from it only where the host has no way to delete: snapshots that the NAS makes and removes itself.",
  run: plan => {
    const short = fallingShort(plan, "unreachable-from-host-root");
    const atRisk = protectionsOf(plan).filter(
      ({ dataset }) => !liveSurvives(dataset, "host-root", plan.estate),
    );
    if (short.length > 1 && short.length === atRisk.length) {
      const copies = short.reduce((sum, protection) => sum + protection.copies.length, 0);
      return [
        {
          subject: plan.estate.name,
          message: `Root on a host can delete every copy of everything: all ${copies} copies of ${short.length} datasets lie on the host or where it writes.`,
          fix: `Add "${snapshots()}" of the share that ${layerGiving("a copy off the site")} writes to: the NAS makes and removes them, and no host can.`,
          evidence: { copies, datasets: short.map(({ dataset }) => dataset.id) },
        },
      ];
    }
    const { wrong, datasets } = wrongShare(short, plan);
    if (wrong !== undefined && datasets.length > 1)
      return [
        {
          subject: wrong.machine,
          message: `Root on a host can delete all copies of ${datasets.length} datasets (${listed(datasets)}), as what is written to ${wrong.machine}:${wrong.share} lies in no share of which ${snapshots()} makes snapshots (it has ${listed(wrong.covered)}).`,
          fix: `Write below ${wrong.covered[0] ?? ""} in "to" of the legs in the place of ${wrong.share}, or add ${snapshots()} of ${wrong.share}.`,
          evidence: { share: wrong.share, covered: wrong.covered, datasets },
        },
      ];
    return short.map(({ dataset, copies }) => {
      const paths = copies.map(copy => placeText(copy.location));
      return {
        subject: dataset.id,
        message: `Root on ${dataset.location.machine.name} can delete ${dataset.id} and ${counted(copies.length, "copy", "copies")} of it: ${listed(paths)}.`,
        fix: `Let ${paths.at(-1) ?? "a copy"} lie in a share that ${snapshots()} covers.`,
        evidence: { live: placeText(dataset.location), paths },
      };
    });
  },
  examples: {
    bad: [
      mended(
        example("a NAS without snapshots", ({ layers }) => {
          layers["nas-snapshots"] = [];
        }),
        {
          says: 'Add "nas-snapshots" of the share',
          edit: ({ layers }) => layers["nas-snapshots"].push(...exampleEstate().layers["nas-snapshots"]),
        },
      ),
      mended(
        example("a leg for most of the data to a share of another name", estate => {
          openAny(estate);
          edit(estate.layers["offsite-sync"][0]?.legs[0], { to: "/Backups/pve-backup" });
        }),
        {
          says: 'Write below /Backup in "to" of the legs in the place of /Backups',
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[0], { to: "/Backup/pve-backup" }),
        },
      ),
      mended(
        example("a leg that ends outside of the share with snapshots", estate => {
          openAny(estate);
          edit(estate.layers["offsite-sync"][0], {
            legs: [
              { from: "/mnt/backup", to: "/Backup/pve-backup" },
              { from: "/srv/nfs/photos", to: "/Photos" },
            ],
          });
        }),
        {
          says: "in a share that nas-snapshots covers",
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[1], { to: "/Backup/nfs/photos" }),
        },
      ),
    ],
    good: [example("a share with the NAS's own snapshots")],
  },
});

/** Where a key opens one folder, a leg to another is refused before any check. */
function openAny({ destinations, secrets }: ExampleEstate): void {
  delete destinations["nas"]?.receives;
  delete secrets["nas-key"];
}

const snapshots = () => layerGiving("snapshots that no host removes");

interface WrongShare {
  readonly machine: string;
  readonly share: string;
  /** Shares of the machine that have snapshots. */
  readonly covered: readonly string[];
}

/** The share without snapshots that all of some datasets lie in, on a machine of which another share has some. */
function wrongShare(
  short: readonly Protection[],
  { jobs }: Plan,
): { readonly wrong?: WrongShare; readonly datasets: readonly string[] } {
  const shares = new Map<string, WrongShare>();
  for (const { copies } of short)
    for (const { location } of copies) {
      const { name: machine, kind } = location.machine;
      const share = `/${location.path.split("/")[1] ?? ""}`;
      const covered = jobs
        .flatMap(job => job.flows)
        .filter(staysOnMachine)
        .flatMap(({ source, target }) =>
          source.kind === "tree" && sameMachine(target.machine, location.machine)
            ? [source.location.path]
            : [],
        );
      if (kind === "destination" && covered.length > 0 && !covered.includes(share))
        shares.set(`${machine}:${share}`, { machine, share, covered });
    }
  const [wrong, ...more] = shares.values();
  const isAll = short.every(({ copies }) =>
    copies.some(({ location }) => location.machine.name === wrong?.machine),
  );
  return wrong !== undefined && more.length === 0 && isAll
    ? { wrong, datasets: short.map(({ dataset }) => dataset.id) }
    : { datasets: [] };
}
