import fc from "fast-check";
import { parseEstate, planOf } from "..";
import { expired } from "../contracts/keep-policy";
import { type ExampleEstate, exampleWith } from "../estate/example";
import { keepPolicyOf } from "../retention";
import { Generations } from "./retention";
import { Timeline } from "./versions";

const hour = 3_600_000;
const day = 24 * hour;
const horizon = { fromMs: Date.parse("2026-01-01T00:00:00Z"), toMs: Date.parse("2028-01-01T00:00:00Z") };

function copiesWith(change: (estate: ExampleEstate) => void = () => undefined) {
  const plan = planOf(
    parseEstate(
      exampleWith(estate => {
        estate.zone = "UTC";
        change(estate);
      }),
    ),
  );
  const generations = new Generations(new Timeline(plan.jobs, horizon));
  const copy = (id: string) => {
    const found = plan.copies.find(candidate => candidate.id === id);
    if (!found) throw new Error(`no copy ${id}; there are ${plan.copies.map(({ id }) => id).join(", ")}`);
    return found;
  };
  return { generations, copy };
}

const dates = (instants: readonly number[]) =>
  instants.map(instant => new Date(instant).toISOString().slice(0, 13));

test("twice a day for 7 days: 15 snapshots, the oldest a week old when the one before it has gone", () => {
  const { generations, copy } = copiesWith();
  expect(generations.reachOf(copy("nextcloud <- lvm-pvc-snapshot"))).toMatchObject({
    leastGenerations: 15,
    mostGenerations: 15,
    oldestRestorableMs: 7 * day + 60_000,
    longestKeptMs: 7.5 * day + 60_000,
  });
});

// Copies by the same runs, rules and ways are worked out once.
test.each([
  [{ age: "30d" }, true],
  [{ count: 3, every: "week" as const }, false],
])(
  "of each copy there is what there would be if nobody had asked for another one, one kept by %j",
  (keep, alike) => {
    const plan = planOf(
      parseEstate(
        exampleWith(({ layers }) => {
          const [etcd, vault] = layers["cluster-dump"];
          // Both are kept for 30 days.
          Object.assign(etcd ?? {}, { schedule: vault?.schedule, keep });
        }),
      ),
    );
    const timeline = new Timeline(plan.jobs, horizon);
    const generations = new Generations(timeline);
    const atMs = Date.parse("2026-11-25T06:00:00Z");
    for (const copy of plan.copies)
      expect([copy.id, generations.at(copy, atMs)]).toEqual([
        copy.id,
        new Generations(timeline).at(copy, atMs),
      ]);
    const keys = new Set(plan.copies.map(copy => generations.keyOf(copy)));
    expect(keys.size < plan.copies.length).toBe(alike);
  },
);

test("4 weekly generations are the newest of each week, so that after a Monday's run the oldest is 15 days old", () => {
  const { generations, copy } = copiesWith();
  const files = copy("nextcloud <- lvm-pvc-snapshot <- daily-backup");
  // A Wednesday, after the run: today's, and three Sundays'.
  expect(dates(generations.at(files, Date.parse("2026-11-25T06:00:00Z")))).toEqual([
    "2026-11-08T00",
    "2026-11-15T00",
    "2026-11-22T00",
    "2026-11-25T00",
  ]);
  expect(generations.reachOf(files)).toMatchObject({
    oldestRestorableMs: 15 * day + 4 * hour + 40 * 60_000,
    mostGenerations: 4,
  });
});

test("a mirror brings every dump that lies at its source, and the NAS keeps what its own snapshots hold", () => {
  const { generations, copy } = copiesWith();
  const dumps = generations.reachOf(copy("etcd <- etcd-backup"));
  expect(dumps.mostGenerations).toBe(31);
  const mirrored = copy("etcd <- etcd-backup <- nfs-mirror");
  expect(generations.reachOf(mirrored).mostGenerations).toBe(31);
  const snapshots = copy("etcd <- etcd-backup <- nfs-mirror <- offsite-sync-backup <- nas-snapshots");
  // 31 at each, of 8 days that follow one another.
  expect(generations.reachOf(snapshots).mostGenerations).toBe(38);
});

test("a copy without generations reaches back as far as its newest version is old", () => {
  const { generations, copy } = copiesWith();
  expect(generations.reachOf(copy("books <- nfs-mirror"))).toMatchObject({
    mostGenerations: 1,
    oldestRestorableMs: 20 * 60_000,
    longestKeptMs: day + 20 * 60_000,
  });
});

test("nothing exists before the first run", () => {
  const { generations, copy } = copiesWith();
  expect(generations.at(copy("books <- nfs-mirror"), horizon.fromMs - 500 * day)).toEqual([]);
});

const every = fc.constantFrom("run", "hour", "day", "week", "month");
const tier = fc.record({ count: fc.integer({ min: 1, max: 9 }), every });

test(
  "keeps what the runners keep, who prune after each run, whatever the retention, zone and schedule",
  () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.record({
            age: fc.integer({ min: 1, max: 40 }).map(days => `${days}d`),
            atLeast: fc.integer({ min: 0, max: 4 }),
          }),
          tier,
          fc.record({ tiers: fc.array(tier, { minLength: 1, maxLength: 3 }) }),
          fc.constant({ latest: true as const }),
        ),
        fc.constantFrom(
          "0 1 * * *",
          "0 */6 * * *",
          "20,50 * * * *",
          "30 23 * * 0",
          "0 3 1 * *",
          "0 2 * * 1,4",
        ),
        fc.constantFrom("UTC", "Europe/Sofia", "Australia/Lord_Howe"),
        fc.integer({ min: 0, max: 700 }),
        (keep, cron, zone, onDay) => {
          const { generations, copy } = copiesWith(({ layers }) => {
            const [etcd] = layers["cluster-dump"];
            if (etcd) Object.assign(etcd, { keep, schedule: { cron, zone } });
          });
          const dump = copy("etcd <- etcd-backup");
          const atMs = horizon.fromMs + onDay * day;
          const { startMs, endMs } = new Timeline([dump.job], horizon).runsOf(dump.job);
          const policy = keepPolicyOf(dump.flow.retention);
          // What is older than two months before is gone under each of these policies, but the few of months.
          const fromMs = cron.startsWith("20,50") ? atMs - 60 * day : -Infinity;
          let store: { start: number; end: number }[] = [];
          for (const [index, start] of startMs.entries()) {
            const end = endMs[index] ?? 0;
            if (end > atMs) break;
            if (start < fromMs) continue;
            store.push({ start, end });
            const gone = new Set(
              expired(store, one => (policy.kind === "age" ? one.end : one.start), policy, end, zone),
            );
            store = store.filter(one => !gone.has(one));
          }
          expect(generations.at(dump, atMs).filter(start => start >= fromMs)).toEqual(
            store.map(({ start }) => start),
          );
        },
      ),
      { numRuns: 30 },
    ),
  120_000,
);

test("thousands of generations of a job that runs each minute are counted, also where others copy them", () => {
  const { generations, copy } = copiesWith(estate => {
    estate.years = [2026];
    const [etcd] = estate.layers["cluster-dump"];
    const often = { schedule: { cron: "* * * * *" }, usualRun: "30s", budget: "50s" };
    if (etcd) Object.assign(etcd, { ...often, keep: { age: "7d" } });
  });
  const minutes = 7 * 24 * 60;
  expect(generations.reachOf(copy("etcd <- etcd-backup")).mostGenerations).toBe(minutes + 1);
  expect(generations.reachOf(copy("etcd <- etcd-backup <- nfs-mirror")).mostGenerations).toBe(minutes + 1);
});
