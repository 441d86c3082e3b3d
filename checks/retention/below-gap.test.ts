import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
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
