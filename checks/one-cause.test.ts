import { parseEstate, planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { runChecks } from ".";

const codes = (change: (estate: ExampleEstate) => void) => [
  ...new Set(runChecks(planOf(parseEstate(exampleWith(change))), 0).map(({ code }) => code)),
];

test("a leg that is gone is no idle watch", () => {
  expect(codes(({ layers }) => layers["offsite-sync"][0]?.legs.splice(1, 1))).toEqual([
    "routes/exclude-hides-data",
  ]);
});

test("a second route is no full backup disk", () => {
  expect(
    codes(({ hosts, layers }) => {
      if (hosts.pve?.disks.sda) hosts.pve.disks.sda.size = "400GB";
      if (layers["nfs-mirror"][0]) layers["nfs-mirror"][0].excludes = [];
    }),
  ).toEqual(["routes/two-routes"]);
});

test("a destination without snapshots is one finding for the whole estate, and no broken promise", () => {
  const findings = runChecks(
    planOf(
      parseEstate(
        exampleWith(({ layers }) => {
          layers["nas-snapshots"] = [];
        }),
      ),
    ),
    0,
  );
  expect(findings).toMatchObject([{ code: "promises/unreachable-from-host-root", subject: "example" }]);
});
