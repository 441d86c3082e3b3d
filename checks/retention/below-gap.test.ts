import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { edit } from "../example-edits";
import { belowGap } from "./below-gap";

const etcdKept = (keep: { age: string; atLeast: number }) =>
  belowGap.run(
    planOf(
      parseEstate(
        exampleWith(({ layers }) => {
          const [etcd] = layers["cluster-dump"];
          if (etcd) etcd.keep = keep;
        }),
      ),
    ),
    0,
  );

test("counts the missed runs after which nothing is left, in the night of 25 hours", () => {
  expect(etcdKept({ age: "26h", atLeast: 0 })).toMatchObject([
    {
      subject: "etcd-backup",
      evidence: {
        longestGapMs: 25 * 3_600_000,
        missedRuns: 1,
        counterexample: ["2026-10-24T22:00Z", "2026-10-25T23:00Z"],
      },
    },
  ]);
  expect(etcdKept({ age: "49h", atLeast: 0 })).toMatchObject([{ evidence: { missedRuns: 1 } }]);
  expect(etcdKept({ age: "50h", atLeast: 0 })).toEqual([]);
});

test("takes generations that stay however old for what they are", () => {
  expect(etcdKept({ age: "26h", atLeast: 1 })).toEqual([]);
  expect(etcdKept({ age: "24h", atLeast: 1 })).toMatchObject([{ evidence: { missedRuns: 0 } }]);
  expect(etcdKept({ age: "1h", atLeast: 2 })).toEqual([]);
});

type Change = Parameters<typeof exampleWith>[0];
const once = { count: 1, every: "day" } as const;

test.each<readonly [what: string, subject: string, change: Change]>([
  [
    "the latest snapshot",
    "lvm-pvc-snapshot",
    ({ layers }) => edit(layers["lvm-pvc-snapshot"][0], { keep: { latest: true } }),
  ],
  [
    "one snapshot",
    "lvm-pvc-snapshot",
    ({ layers }) => edit(layers["lvm-pvc-snapshot"][0], { keep: { count: 1 } }),
  ],
  ["one dump", "etcd-backup", ({ layers }) => edit(layers["cluster-dump"][0], { keep: { count: 1 } })],
  [
    "a month's one dump",
    "etcd-backup",
    ({ layers }) => edit(layers["cluster-dump"][0], { keep: { count: 1, every: "month" } }),
  ],
  [
    "tiers of one each",
    "etcd-backup",
    ({ layers }) => edit(layers["cluster-dump"][0], { keep: { tiers: [once, { count: 1, every: "week" }] } }),
  ],
  [
    "a week's files of volumes",
    "daily-backup",
    ({ layers }) => edit(layers["daily-backup"][0]?.volumes, { keep: { count: 1, every: "week" } }),
  ],
  [
    "a day's databases",
    "daily-backup",
    ({ layers }) => edit(layers["daily-backup"][0]?.sqlite, { keep: once }),
  ],
  [
    "a day's configuration",
    "daily-backup",
    ({ layers }) => edit(layers["daily-backup"][0]?.configuration, { keep: once }),
  ],
  [
    "a day's firewall",
    "pfsense-backup",
    ({ layers }) => edit(layers["daily-backup"][0]?.firewalls?.[0], { keep: once }),
  ],
])("%s is the only generation there is", (_, subject, change) => {
  const findings = belowGap.run(planOf(parseEstate(exampleWith(change))), 0);
  expect(findings).toMatchObject([{ subject, evidence: { generations: 1 } }]);
});
