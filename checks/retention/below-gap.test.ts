import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { editAt } from "../../test/estates/edit-at";
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

test.each([
  ["the latest snapshot", "lvm-pvc-snapshot", "layers > lvm-pvc-snapshot > 0 > keep", { latest: true }],
  ["one snapshot", "lvm-pvc-snapshot", "layers > lvm-pvc-snapshot > 0 > keep", { count: 1 }],
  ["one dump", "etcd-backup", "layers > cluster-dump > 0 > keep", { count: 1 }],
  ["a month's one dump", "etcd-backup", "layers > cluster-dump > 0 > keep", { count: 1, every: "month" }],
  [
    "tiers of one each",
    "etcd-backup",
    "layers > cluster-dump > 0 > keep",
    {
      tiers: [
        { count: 1, every: "day" },
        { count: 1, every: "week" },
      ],
    },
  ],
  [
    "a week's files of volumes",
    "daily-backup",
    "layers > daily-backup > 0 > volumes > keep",
    { count: 1, every: "week" },
  ],
  [
    "a day's databases",
    "daily-backup",
    "layers > daily-backup > 0 > sqlite > keep",
    { count: 1, every: "day" },
  ],
  [
    "a day's configuration",
    "daily-backup",
    "layers > daily-backup > 0 > configuration > keep",
    { count: 1, every: "day" },
  ],
  [
    "a day's firewall",
    "pfsense-backup",
    "layers > daily-backup > 0 > firewalls > 0 > keep",
    { count: 1, every: "day" },
  ],
] as const)("%s is the only generation there is", (_, subject, at, keep) => {
  const estate = exampleWith(changed => editAt(changed, at, keep));
  const findings = belowGap.run(planOf(parseEstate(estate)), 0);
  expect(findings).toMatchObject([{ subject, evidence: { generations: 1 } }]);
});
