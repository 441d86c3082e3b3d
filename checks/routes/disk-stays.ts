import type { Plan } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import type { Copy } from "../../plan/graph/copies";
import type { Location } from "../../plan/job";
import { layerGiving } from "../../plan/layers";
import { mountAbove, sameMachine } from "../../plan/layers/places";
import { copiesIn } from "../../plan/graph/copies-in";
import { defineCheck, type Finding } from "../check";
import { example, mended } from "../examples";
import { deviceOf, fallingShort } from "../protection";
import { waiverOf } from "../waived";
import { listed } from "../wording";

/** As many by chance are rare: what they have in common is the cause. */
const many = 3;

export const diskStays = defineCheck({
  code: "routes/disk-stays",
  severity: "error",
  title: "No job carries what lies on a disk to another one",
  why: "One job brings a whole tree to another disk. Where it was removed, or has another folder in its place, each service that lies there is told by itself to have no copy, and each database to lie beside its dumps.",
  run: plan =>
    disksLeft(plan).map(({ host, disk, places, left, dumped }) => ({
      subject: `${host}/${disk}`,
      message: `No job carries ${listed(places.map(placeName(host)))} to another disk, and ${left.length} services lie on disk ${disk} of ${host} with all that is copied of them: ${listed(left)}.`,
      fix: `Let a job carry it: ${listed(places.map(carrier))} of ${host}. If one has another folder in that place, correct that.`,
      evidence: { places, left, dumped },
    })),
  // After a fault of the application alone the disk is there, and so is the dump: what is lost then has another cause.
  gathers: ({ evidence: { left, dumped } }, { code, subject, evidence: { domain } }) =>
    (/\/(no-copy|single-medium)$/.test(code) && isAmong(left, subject)) ||
    (code === "promises/rpo" && domain !== "application" && isAmong(dumped, subject)),
  examples: {
    bad: [
      mended(
        example("the mirror removed", ({ layers }) => {
          layers["nfs-mirror"] = [];
        }),
        {
          says: 'nfs-mirror with source "/srv/nfs"',
          edit: ({ layers }) => {
            layers["nfs-mirror"] = exampleEstate().layers["nfs-mirror"];
          },
        },
      ),
    ],
    good: [example("a mirror of the tree")],
  },
});

interface DiskLeft {
  readonly host: string;
  readonly disk: string;
  /** Mount points, and pools as "pool:NAME", from which nothing is carried away. */
  readonly places: readonly string[];
  /** Datasets of which everything lies there. */
  readonly left: readonly string[];
  /** Those with a dump there that nobody carries on. */
  readonly dumped: readonly string[];
}

function disksLeft(plan: Plan): DiskLeft[] {
  const short = (["routes/no-copy", "promises/single-medium"] as const).flatMap(code =>
    fallingShort(plan, code === "routes/no-copy" ? "no-copy" : "single-medium").filter(
      // What somebody accepts of each is no fault of all of them.
      ({ dataset: { id } }) => !waiverOf(plan, { code, subject: id }),
    ),
  );
  return Object.entries(plan.estate.hosts).flatMap(([host, { disks }]) =>
    Object.keys(disks).flatMap((disk): DiskLeft[] => {
      const here = short.filter(({ dataset }) => deviceOf(dataset.location) === `host:${host}/${disk}`);
      const lying = here.flatMap(({ dataset, copies }) => [
        ...(copies.length === 0 || dataset.kind === "tree" ? [dataset.location] : []),
        ...copies.map(({ location }) => location),
      ]);
      const places = [...new Set(lying.map(location => placeOf(location, plan)))];
      if (here.length < many) return [];
      const left = here.map(({ dataset }) => dataset.id);
      return [{ host, disk, places, left, dumped: dumpedIn(places, host, plan) }];
    }),
  );
}

function placeOf({ machine, path }: Location, { estate }: Plan): string {
  return path.startsWith("pool:") ? (path.split("/", 1)[0] ?? path) : mountAbove(estate, machine.name, path);
}

function dumpedIn(places: readonly string[], host: string, plan: Plan): string[] {
  const isLeft = (copy: Copy, all: readonly Copy[]): boolean =>
    copy.flow.source.kind === "dataset" &&
    sameMachine(copy.location.machine, { kind: "host", name: host }) &&
    places.includes(placeOf(copy.location, plan)) &&
    !all.some(({ from }) => from === copy);
  return [...copiesIn(plan)]
    .filter(([, copies]) => copies.some(copy => isLeft(copy, copies)))
    .map(([{ service }]) => service);
}

function placeName(host: string): (place: string) => string {
  return place => `${host}${place.startsWith("pool:") ? place.replace("pool:", "/") : `:${place}`}`;
}

function carrier(place: string): string {
  return place.startsWith("pool:")
    ? `${layerGiving("generations of volumes")} with volumes`
    : `${layerGiving("a mirror of a folder")} with source "${place}", or a leg of ${layerGiving("a copy off the site")} from there`;
}

function isAmong(names: Finding["evidence"][string] | undefined, name: string): boolean {
  return Array.isArray(names) && names.includes(name);
}
