import fc from "fast-check";
import { keyOf, runChecks } from "../../checks";
import { catalogue } from "../../checks/catalogue";
import { EstateInvalid, parseEstate, planOf } from "../../plan";
import { exampleEstate, exampleWith } from "../../plan/estate/example";
import { long } from "../long";
import { asOfMs, findingsOf } from "./found";

const zones = ["Europe/Sofia", "America/New_York", "Australia/Lord_Howe", "UTC"];
const calendars = fc
  .tuple(
    fc.constantFrom("", "Sun ", "Mon..Fri ", "Tue,Sat "),
    fc.constantFrom("*-*-*", "*-*-01", "*-*-1..7", "*-*~01"),
    fc.constantFrom("02:00:00", "00,12:30:00", "03:30:00", "*:15:00", "23:59:00"),
  )
  .map(([weekdays, date, time]) => `${weekdays}${date} ${time}`);

test("a threshold that the plan derives is never too slack and never inside the normal gap", () =>
  fc.assert(
    fc.property(
      calendars,
      fc.constantFrom(...zones),
      fc.integer({ min: 2, max: 40 }),
      (onCalendar, zone, minutes) => {
        const findings = findingsOf(
          exampleWith(estate => {
            const [mirror] = estate.layers["nfs-mirror"];
            Object.assign(mirror ?? {}, {
              schedule: { onCalendar, zone },
              usualRun: "1min",
              budget: `${minutes}min`,
              // A promise that any of these schedules can keep: what is looked at is the threshold.
              promise: { rpo: "730d" },
            });
          }),
        );
        const codes = findings.filter(({ subject }) => subject === "nfs-mirror").map(({ code }) => code);
        expect(codes).not.toContain("schedule/stale-below-gap");
        expect(codes).not.toContain("schedule/stale-above-promise");
      },
    ),
    { numRuns: long ? 60 : 15 },
  ));

test("a waiver turns a check's error into a warning, and once it is over that is the one error", () => {
  const waivable = catalogue.filter(
    ({ code, severity }) => severity === "error" && !code.startsWith("waivers/"),
  );
  for (const { code, examples } of waivable.filter((_, index) => long || index % 6 === 0)) {
    const [bad] = examples.bad;
    if (!bad) throw new Error(`${code} has no bad example`);
    // With what follows from it, which nobody accepts by accepting the cause.
    const found = new Map(findingsOf(bad.estate).map(finding => [keyOf(finding), finding]));
    const waived = (expires: string) => ({
      ...bad.estate,
      waivers: [...found.values()].map(finding => ({
        ...{ code: finding.code, subject: finding.subject, expires },
        ...{ reason: "accepted for this test", owner: "the test" },
      })),
    });
    const errors = (expires: string): string[] =>
      findingsOf(waived(expires))
        .filter(({ severity }) => severity === "error")
        .map(finding => finding.code);
    expect([code, errors("2027-06-30")]).toEqual([code, []]);
    expect([code, new Set(errors("2026-09-30"))]).toEqual([code, new Set(["waivers/expired"])]);
  }
});

test("removing a typed threshold, which is the fix that a finding names, removes the finding", () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 * 24 }), hours => {
      const estate = exampleWith(({ layers }) =>
        Object.assign(layers["nfs-mirror"][0] ?? {}, {
          alert: { receiver: "infra", staleAfter: `${hours}h` },
        }),
      );
      const fixes = findingsOf(estate).map(({ fix }) => fix);
      fc.pre(fixes.length > 0);
      for (const fix of fixes) expect(fix).toContain("Remove alert.staleAfter");
      for (const mirror of estate.layers["nfs-mirror"] ?? []) delete mirror.alert.staleAfter;
      expect(findingsOf(estate)).toEqual([]);
    }),
    { numRuns: long ? 40 : 10 },
  ));

/** Every path in a value, deepest first. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...path]];
  return [...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key])), [...path]];
}

/** The value with something else at a path. */
function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (typeof value !== "object" || value === null) return value;
  const child = replaced((value as Record<string, unknown>)[key], rest, by);
  return Array.isArray(value) ? value.with(Number(key), child) : { ...value, [key]: child };
}

test("whatever stands anywhere in an estate, it is a plan or a list of faults, never a crash", () => {
  const sound: unknown = JSON.parse(JSON.stringify(exampleEstate()));
  const junk = fc.constantFrom<unknown>(
    ...[undefined, null, "", "x", "-1h", "5", "pve", "/", "../..", "*-*-* 02:00", "99GB", "0 0 31 2 *"],
    ...[0, -1, 1.5, 1e308, true, [], {}, [null], { a: 1 }],
  );
  fc.assert(
    fc.property(fc.constantFrom(...pathsOf(sound)), junk, (path, by) => {
      try {
        const plan = planOf(parseEstate(replaced(sound, path, by)));
        expect(runChecks(plan, asOfMs)).toEqual(expect.any(Array));
      } catch (error) {
        if (!(error instanceof EstateInvalid)) throw error;
        expect(error.faults.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: long ? 1500 : 250 },
  );
});

test("thousands of volumes are planned and checked", () => {
  const volumes = long ? 10_000 : 2_000;
  const estate = exampleWith(({ services, hosts }) => {
    Object.assign(hosts["pve"]?.pools?.["data"] ?? {}, { vgMetadata: "1GiB" });
    const [nextcloud] = services["nextcloud"]?.data ?? [];
    for (let index = 0; index < volumes; index++)
      if (nextcloud?.kind === "volume")
        services[`app-${index}`] = {
          data: [{ ...nextcloud, claim: `app-${index}`, size: "1MB", churnPerDay: "1kB" }],
          promise: { rpo: { "live-disk": "40h" } },
        };
  });
  const plan = planOf(parseEstate(estate));
  expect(plan.datasets.length).toBeGreaterThan(volumes);
  expect(runChecks(plan, asOfMs)).toEqual([]);
});
