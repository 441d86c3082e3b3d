import { planOf } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { parseEstate } from "../../plan/estate/parse";
import { yearsOver } from "./years-over";

test("it is the year that it is where the estate is: Greenwich has the old one for some hours yet, or has the new one already", () => {
  const found = (zone: string, at: string) =>
    yearsOver.run(planOf(parseEstate({ ...exampleEstate(), zone, years: [2027] })), Date.parse(at)).length;
  expect(found("Europe/Berlin", "2026-12-31T23:30:00Z")).toBe(0);
  expect(found("America/New_York", "2027-01-01T02:00:00Z")).toBe(1);
});
