import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { mirrorWithoutHistory } from "./mirror-without-history";

test("tells how soon a mistake is in every copy, and takes dumps and generations for history", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ layers }) => {
        const [snapshots] = layers["nas-snapshots"];
        if (snapshots) snapshots.keep = { count: 1 };
      }),
    ),
  );
  expect(mirrorWithoutHistory.run(plan, 0)).toMatchObject([
    { subject: "books", evidence: { followedAfterMs: (24 + 9) * 3_600_000 + 60_000 } },
    { subject: "photos", evidence: { followedAfterMs: (24 + 5) * 3_600_000 + 60_000 } },
  ]);
});
