import type { Plan } from "../../plan";
import { isSmall, type Store } from "../../plan/capacity";
import type { Dataset } from "../../plan/datasets";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { runLoads, runTime } from "../run-loads";
import { calmShare, neededStores } from "../stores";
import { formatSize, listed } from "../wording";

export const changeUnknown = defineCheck({
  code: "capacity/change-unknown",
  severity: "warning",
  title: "Nobody says how much of a dataset changes or grows each day, and more than its size rests on that",
  why: "What isn't said is not nothing: snapshots hold what changes, a run carries what changed, and a disk is full when what grows has filled it. Where all of it could change, and grow to twice its size, and everything would still fit, nothing is asked.",
  run: plan => {
    const byHost = new Map<string, Dataset[]>();
    for (const dataset of plan.datasets.filter(isUnsaid)) {
      const { name } = dataset.location.machine;
      byHost.set(name, [...(byHost.get(name) ?? []), dataset]);
    }
    if (byHost.size === 0) return [];
    const doubts = doubtsOf(plan);
    return [...byHost].flatMap(([host, datasets]) => finding(host, datasets, doubts));
  },
  examples: {
    bad: [
      mended(
        example("photos of which nobody says how much changes", ({ services, destinations }) => {
          edit(services.photos, {
            data: [
              { kind: "tree", host: "pve", path: "/srv/nfs/photos", size: "300GB", growthPerDay: "100MB" },
            ],
          });
          edit(destinations.nas, { used: "3TB" });
        }),
        {
          says: "Add churnPerDay",
          edit: ({ services }) => edit(services.photos?.data[0], { churnPerDay: "2GB" }),
        },
      ),
      mended(
        example(
          "books of which nobody says how much they grow, on a disk that is half full",
          ({ services, hosts }) => {
            edit(hosts.pve?.disks.sda, { size: "250GB" });
            edit(services.books, {
              data: [
                { kind: "tree", host: "pve", path: "/srv/nfs/books", size: "100GB", churnPerDay: "1GB" },
              ],
            });
          },
        ),
        {
          says: "growthPerDay",
          edit: ({ services }) => edit(services.books?.data[0], { growthPerDay: "10MB" }),
        },
      ),
    ],
    good: [
      example("what changes and grows is said of each"),
      example(
        "a folder that could change all over each day, and double, and everything would fit",
        ({ services }) =>
          edit(services.books, {
            data: [{ kind: "tree", host: "pve", path: "/srv/nfs/books", size: "100GB" }],
          }),
      ),
    ],
  },
});

/** Of one that is of unknown size, or a few megabytes, something else is said, or nothing. */
function isUnsaid(dataset: Dataset): boolean {
  const { sizeBytes, churnPerDayBytes, growthPerDayBytes } = dataset;
  return (
    sizeBytes !== undefined &&
    !isSmall(dataset) &&
    (churnPerDayBytes === undefined || growthPerDayBytes === undefined)
  );
}

const measured =
  "(A day's changes of a tree are what `find PATH -type f -mtime -1` lists; those of a volume, Data% of a day-old snapshot in `lvs`.)";

/** What is enough, or isn't, by how much of something changes or grows. */
interface Doubts {
  readonly tight: readonly Store[];
  /** Not full yet, and they would be if all doubled of which nobody says how much it grows. */
  readonly growing: readonly Store[];
  readonly slow: readonly Slow[];
}

/** A job that is done within its budget, or not. */
interface Slow {
  readonly job: Job;
  /** If all changes that may. */
  readonly ms: number;
  readonly datasets: ReadonlySet<string>;
}

function doubtsOf(plan: Plan): Doubts {
  const stores = neededStores(plan).filter(({ kind }) => kind !== "pool-metadata");
  const [least, most] = [runLoads(plan, "least"), runLoads(plan, "most")];
  const msOf = (job: Job, of: typeof least): number => runTime(job, of.get(job) ?? [], plan);
  return {
    tight: stores.filter(store => {
      const calmBytes = calmShare(store, plan) * store.sizeBytes;
      return store.needBytes <= calmBytes && store.mostBytes > calmBytes;
    }),
    growing: stores.filter(({ needBytes, usableBytes, ungrown, parts }) => {
      const unsaid = new Set(ungrown);
      const grows = parts.filter(({ dataset }) => unsaid.has(dataset));
      const doubled = grows.reduce((sum, { bytes }) => sum + bytes, needBytes);
      return needBytes < usableBytes && doubled > usableBytes;
    }),
    slow: plan.jobs
      .filter(job => msOf(job, least) <= job.budgetMs && msOf(job, most) > job.budgetMs)
      .map(job => ({
        ...{ job, ms: msOf(job, most) },
        datasets: new Set((most.get(job) ?? []).map(({ dataset }) => dataset)),
      })),
  };
}

function finding(host: string, datasets: readonly Dataset[], doubts: Doubts): Found[] {
  const ids = new Set(datasets.map(({ id }) => id));
  const tight = doubts.tight.filter(({ unchurned }) => unchurned.some(id => ids.has(id)));
  const slow = doubts.slow.filter(each => datasets.some(({ id }) => each.datasets.has(id)));
  const growing = doubts.growing.filter(({ ungrown }) => ungrown.some(id => ids.has(id)));
  const changes = datasets.filter(
    ({ id, churnPerDayBytes }) =>
      churnPerDayBytes === undefined &&
      (tight.some(({ unchurned }) => unchurned.includes(id)) || slow.some(each => each.datasets.has(id))),
  );
  const grows = datasets.filter(
    ({ id, growthPerDayBytes }) =>
      growthPerDayBytes === undefined &&
      (growing.some(({ ungrown }) => ungrown.includes(id)) || slow.some(each => each.datasets.has(id))),
  );
  const worst = [
    ...tight.map(
      ({ name, mostBytes, sizeBytes }) =>
        `${name} needs ${formatSize(mostBytes)} of ${formatSize(sizeBytes)}`,
    ),
    ...slow.map(
      ({ job, ms }) =>
        `a run of ${job.called} takes ${formatDuration(Math.round(ms))} of ${formatDuration(job.budgetMs)}`,
    ),
  ];
  const unsaid = [
    ...(changes.length > 0 ? [`how much of ${listed(changes.map(({ id }) => id))} changes each day`] : []),
    ...(grows.length > 0 ? [`how much ${listed(grows.map(({ id }) => id))} grows each day`] : []),
  ];
  const full = listed(growing.map(({ name }) => name));
  const follows = [
    ...(worst.length > 0 ? [`at worst ${worst.join(" and ")}`] : []),
    ...(growing.length > 0 ? [`when ${full} ${growing.length === 1 ? "is" : "are"} full can't be said`] : []),
  ];
  const [first] = changes.length > 0 ? changes : grows;
  if (!first) return [];
  const fields = [
    ...(changes.length > 0 ? ['churnPerDay: "500MB"'] : []),
    ...(grows.length > 0 ? ['growthPerDay: "50MB"'] : []),
  ];
  const others = new Set([...changes, ...grows]).size > 1 ? " and to the others'" : "";
  const places = `services.${first.service}.data${others}`;
  return [
    {
      subject: host,
      // A promise that a run is to keep can't be, as far as anybody knows.
      severity: slow.length > 0 ? "error" : "warning",
      message: `On ${host}, nobody says ${unsaid.join(", nor ")}: ${follows.join("; ")}.`,
      fix: `Add ${fields.join(" and ")}, or what is so, to ${places}. ${measured}`,
      evidence: {
        changes: changes.map(({ id }) => id),
        grows: grows.map(({ id }) => id),
        stores: [...new Set([...tight, ...growing].map(({ name }) => name))],
        jobs: slow.map(({ job }) => job.called),
      },
    },
  ];
}
