import { catalogue, runChecks } from "../../checks";
import { parseEstate, planOf } from "../../plan";
import { estate } from "../../test/fixtures/as-documented";
import { referencePage } from "./reference-checked";
import { themes } from "./themes";

test("every family of checks is in one theme", () => {
  const families = new Set(catalogue.map(({ code }) => code.split("/")[0]));
  expect(themes.flatMap(theme => theme.families).sort()).toEqual([...families].sort());
});

test("the page has every finding of the document once", () => {
  const { text } = referencePage();
  for (const { message } of runChecks(planOf(parseEstate(estate)), Date.UTC(2026, 10, 1)))
    expect(text.split(message)).toHaveLength(2);
});
