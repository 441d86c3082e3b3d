import { parseEstate, planOf } from "../../plan";
import { storesOf } from "../../plan/capacity";
import { exampleWith } from "../../plan/estate/example";
import { estate as small } from "../../templates/small/estate";
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
  const disk = storesOf(plan).find(({ name }) => name === "pve:/mnt/backup");
  const days = Math.floor((1100e9 - (disk?.needBytes ?? 0)) / 10e9);
  const fullOn = new Date(Date.UTC(2026, 10, 1 + days)).toISOString().slice(0, 10);
  expect(findings).toMatchObject([
    { subject: "pve:/mnt/backup", evidence: { days, fullOn, growthPerDayBytes: 10e9 } },
  ]);
});

test("a pool's metadata is told of without a service: nobody has a part of it", () => {
  const input = structuredClone(small);
  const [files] = input.services?.files?.data ?? [];
  if (files) files.growthPerDay = "50GB";
  const found = fullBefore.run(planOf(parseEstate(input)), Date.UTC(2026, 10, 1));
  const metadata = found.filter(({ subject }) => subject === "pve/data metadata");
  expect(metadata.map(({ message }) => message)).toEqual([expect.stringMatching(/ more each day\.$/)]);
});
