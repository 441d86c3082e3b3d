import { parseEstate, planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { restoreUnproven } from "./promises/restore-unproven";
import { breakGlassUnproven } from "./security/break-glass-unproven";

/** A proof by a person, as each of both checks asks for it. */
const checks = [
  {
    check: restoreUnproven,
    prove: (proven: string) => (estate: ExampleEstate) => {
      if (estate.services.vault) estate.services.vault.restoredByHand = { proven, every: "180d" };
    },
  },
  {
    check: breakGlassUnproven,
    prove: (proven: string) => (estate: ExampleEstate) => {
      if (estate.breakGlass) estate.breakGlass.proven = proven;
    },
  },
];

test.each(checks)(
  "$check.code: the day that a fix names is today where the estate is, and mends it",
  ({ check, prove }) => {
    const found = (zone: string, at: string, proven: string) =>
      check
        .run(
          planOf(
            parseEstate(exampleWith(estate => [Object.assign(estate, { zone }), prove(proven)(estate)])),
          ),
          Date.parse(at),
        )
        .filter(({ subject }) => ["vault", "break-glass"].includes(subject));
    for (const [zone, at, today] of [
      ["America/Los_Angeles", "2026-12-01T02:00:00Z", "2026-11-30"],
      ["Pacific/Auckland", "2026-11-30T20:00:00Z", "2026-12-01"],
      // A day of 25 hours has begun.
      ["Europe/Berlin", "2026-10-24T22:10:00Z", "2026-10-25"],
    ] as const) {
      const [overdue, ...others] = found(zone, at, "2020-01-01");
      expect([overdue?.fix, others]).toEqual([expect.stringContaining(`"${today}"`), []]);
      expect(found(zone, at, today)).toEqual([]);
      expect(found(zone, at, "2026-12-15")).toMatchObject([
        { message: expect.stringContaining(`today is ${today}:`) as string },
      ]);
    }
  },
);
