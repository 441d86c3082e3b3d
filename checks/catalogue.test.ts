import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseEstate, planOf } from "../plan";
import type { ExampleEstate } from "../plan/estate/example";
import { catalogue, runChecks } from ".";
import type { Example } from "./check";

const asOfMs = Date.UTC(2026, 10, 1);
// All checks take as long about an estate as a hundred of one: npm test asks them of each check's first example.
const askedAll = process.env["HOLDFAST_LONG"] === "1" ? undefined : 1;

test("lists every check of the folder, each under its code", () => {
  const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" })
    .filter(path => path.includes("/") && path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map(path => path.replace(/\.ts$/, ""));
  expect(catalogue.map(check => check.code).sort()).toEqual(files.sort());
  for (const file of files) {
    const exported = Object.values(jest.requireActual<object>(join(__dirname, file)));
    const [first] = exported;
    // One that asks all others is made of them.
    const checks = exported.length === 1 && typeof first === "function" ? [first(catalogue)] : exported;
    expect(checks).toContainEqual(expect.objectContaining({ code: file }));
  }
});

describe.each(catalogue)("$code", check => {
  const plans = (examples: readonly Example[]) =>
    examples.map(example => ({ name: example.name, plan: planOf(parseEstate(example.estate)) }));

  // One plan for all tests of an example: most of what they ask is computed once for a plan.
  const faulty = check.examples.bad.map(example => ({
    ...example,
    plan: planOf(parseEstate(example.estate)),
  }));
  const mends = faulty.flatMap(({ name, estate, plan, mends }) =>
    mends.map(({ says, edit }) => {
      const changed = structuredClone(estate) as ExampleEstate;
      edit(changed);
      return { name, plan, says, mended: planOf(parseEstate(changed)) };
    }),
  );

  test("has a bad and a good example, and a program's edit for the fix of each bad one", () => {
    expect(check.examples.bad.length).toBeGreaterThan(0);
    for (const { mends } of check.examples.bad) expect(mends).not.toEqual([]);
    expect(check.examples.good.length).toBeGreaterThan(0);
  });
  test.each(faulty)("finds $name", ({ plan }) => expect(check.run(plan, asOfMs)).not.toEqual([]));
  test.each(faulty.slice(0, askedAll))("nothing else is wrong with $name", ({ plan }) => {
    const told = runChecks(plan, asOfMs).filter(({ follows }) => follows === undefined);
    expect(new Set(told.map(finding => finding.code))).toEqual(new Set([check.code]));
  });
  test.each(mends)("$name: its fix, $says, mends it", ({ plan, says, mended }) => {
    expect(check.run(plan, asOfMs).map(({ fix }) => fix)).toContainEqual(expect.stringContaining(says));
    expect(check.run(mended, asOfMs)).toEqual([]);
  });
  test.each(mends.slice(0, askedAll))("$name: its fix, $says, breaks nothing", ({ mended }) =>
    expect(runChecks(mended, asOfMs)).toEqual([]),
  );
  test.each(plans(check.examples.good))("accepts $name", ({ plan }) =>
    expect(check.run(plan, asOfMs)).toEqual([]),
  );
});
