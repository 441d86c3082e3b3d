import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { runsDoubledByDst } from "./runs-doubled-by-dst";
import { runsLostToDst } from "./runs-lost-to-dst";

const mirrorAt = (onCalendar: string) =>
  planOf(
    parseEstate(
      exampleWith(({ layers }) => {
        const [mirror] = layers["nfs-mirror"];
        if (mirror) mirror.schedule = { onCalendar };
      }),
    ),
  );

test("names the two nights on which 03:30 doesn't come in Sofia", () => {
  const [finding] = runsLostToDst.run(mirrorAt("*-*-* 03:30:00"), 0);
  expect(finding).toMatchObject({
    subject: "nfs-mirror",
    evidence: {
      lostRuns: ["2026-03-29 03:30", "2027-03-28 03:30"],
      gapMs: 47 * 3_600_000,
      counterexample: ["2026-03-28T01:30:00.000Z", "2026-03-30T00:30:00.000Z"],
    },
  });
});

test("03:00 is the first time that is skipped, 04:00 the first that comes", () => {
  expect(runsLostToDst.run(mirrorAt("*-*-* 03:00:00"), 0)).toHaveLength(1);
  expect(runsLostToDst.run(mirrorAt("*-*-* 04:00:00"), 0)).toEqual([]);
});

test("systemd fires once where a CronJob fires twice", () => {
  expect(runsDoubledByDst.run(mirrorAt("*-*-* 03:30:00"), 0)).toEqual([]);
  const [finding] = runsDoubledByDst.run(planOf(parseEstate(runsDoubledByDst.examples.bad[0]?.estate)), 0);
  expect(finding).toMatchObject({
    subject: "wiki-backup",
    evidence: {
      doubledRuns: ["2026-11-01 01:30", "2027-11-07 01:30"],
      counterexample: ["2026-11-01T05:30:00.000Z", "2026-11-01T06:30:00.000Z"],
    },
  });
});
