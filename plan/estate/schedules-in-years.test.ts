import { EstateInvalid, parseEstate } from "..";
import { exampleWith } from "./example";

const faultsOf = (onCalendar: string): string[] => {
  try {
    parseEstate(
      exampleWith(({ layers }) => {
        const [mirror] = layers["nfs-mirror"];
        if (mirror) mirror.schedule = { onCalendar };
      }),
    );
    return [];
  } catch (error) {
    if (error instanceof EstateInvalid) return [error.message];
    throw error;
  }
};

test.each([
  ["2025-*-* 02:00:00", "never fires"],
  ["2027-05-01 02:00:00", "fires only once"],
  ["*:*:*", "86400 starts a day, expected at most 1440, one a minute"],
  [
    "minutely",
    "starts 1051200 times in the estate's years (2026 to 2027). Expected at most 600000: start it less often",
  ],
])("refuses a job's schedule %s: it %s", (onCalendar, problem) => {
  const [message = ""] = faultsOf(onCalendar);
  expect(message).toContain('layers["nfs-mirror"][0].schedule.onCalendar');
  expect(message).toContain(problem);
});

test("takes each minute of a month's first day", () => expect(faultsOf("*-*-01 *:*:00")).toEqual([]));

test("refuses years that reach too far", () => {
  const input = exampleWith(estate => {
    estate.years = [2000, 2100];
  });
  expect(() => parseEstate(input)).toThrow("estate.years: [2000,2100] spans more than 10 years.");
});

test("takes one that fires in the last of the years and after them", () =>
  expect(faultsOf("2027,2028-05-01 02:00:00")).toEqual([]));

test("refuses one of a run that a layer's part plans beside its own", () => {
  const input = exampleWith(({ layers }) => {
    const [daily] = layers["daily-backup"];
    if (daily?.scrub) daily.scrub.schedule = { onCalendar: "2025-*-* 02:00:00" };
  });
  expect(() => parseEstate(input)).toThrow('layers["daily-backup"][0].scrub.schedule.onCalendar: "2025');
});
