import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { fullBefore } from "./full-before";

test("gives the day on which the backup disk is full", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ services }) => {
        const [books] = services.books?.data ?? [];
        if (books) books.growthPerDay = "10GB";
      }),
    ),
  );
  const findings = fullBefore.run(plan, Date.UTC(2026, 10, 1));
  // 1100 GB less 100 of books, 53 of nextcloud's generations, 8 of two images, 30 + 6 of dumps and less than one of configurations, by 10 a day.
  expect(findings).toMatchObject([
    { subject: "pve:/mnt/backup", evidence: { days: 90, fullOn: "2027-01-30", growthPerDayBytes: 10e9 } },
  ]);
});
