import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseEstate, planOf } from "../plan";
import { catalogue, runChecks } from ".";

const asOfMs = Date.UTC(2026, 10, 1);

test("lists every check of the folder, each under its code", () => {
  const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" })
    .filter(path => path.includes("/") && path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map(path => path.replace(/\.ts$/, ""));
  expect(catalogue.map(check => check.code).sort()).toEqual(files.sort());
  for (const file of files)
    expect(Object.values(jest.requireActual<object>(join(__dirname, file)))).toContainEqual(
      expect.objectContaining({ code: file }),
    );
});

describe.each(catalogue)("$code", check => {
  const plans = (examples: typeof check.examples.bad) =>
    examples.map(example => ({ name: example.name, plan: planOf(parseEstate(example.estate)) }));

  test("has a bad and a good example", () => {
    expect(check.examples.bad.length).toBeGreaterThan(0);
    expect(check.examples.good.length).toBeGreaterThan(0);
  });
  test.each(plans(check.examples.bad))("finds $name, and nothing else is wrong with it", ({ plan }) => {
    expect(check.run(plan, asOfMs)).not.toEqual([]);
    expect(new Set(runChecks(plan, asOfMs).map(finding => finding.code))).toEqual(new Set([check.code]));
  });
  test.each(plans(check.examples.good))("accepts $name", ({ plan }) =>
    expect(check.run(plan, asOfMs)).toEqual([]),
  );
});
