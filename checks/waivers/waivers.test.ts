import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { runChecks } from "..";
import { waiverExpired } from "./expired";

/** Photos that are promised an hour, which is waived until the end of January. */
const plan = planOf(
  parseEstate(
    exampleWith(({ services, waivers }) => {
      if (services.photos) services.photos.promise = { rpo: { site: "1h" } };
      waivers.push({
        code: "promises/rpo",
        subject: "photos",
        reason: "the new line comes in spring",
        owner: "viktor",
        expires: "2027-01-31",
      });
    }),
  ),
);
const codesAt = (instant: string) =>
  runChecks(plan, Date.parse(instant)).map(({ code, severity }) => `${severity} ${code}`);

test("counts the last day in full, in the estate's zone", () => {
  expect(codesAt("2027-01-31T21:59:59Z")).toEqual(["warning promises/rpo"]);
  expect(codesAt("2027-01-31T22:00:00Z")).toContain("error waivers/expired");
});

test("says since when it is over, and whose it is", () => {
  expect(waiverExpired.run(plan, Date.parse("2027-02-01T22:00:00Z"))).toMatchObject([
    {
      subject: "photos",
      message:
        'promises/rpo of photos was accepted until 2027-01-31 by viktor ("the new line comes in spring"): over for 24 h.',
      evidence: { overForMs: 86_400_000 },
    },
  ]);
});
