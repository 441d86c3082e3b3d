import { parseEstate, planOf } from "../../plan";
import { type ExampleEstate, exampleWith } from "../../plan/estate/example";
import { runChecks } from "..";

const findings = (change: (estate: ExampleEstate) => void) =>
  runChecks(planOf(parseEstate(exampleWith(change))), Date.UTC(2026, 10, 1));

test("names the folder of dumps that a mirror leaves out, and not the single disk that follows from it", () => {
  expect(
    findings(({ layers }) =>
      layers["nfs-mirror"][0]?.excludes?.push({ name: "vault-backup", reason: "dumps are no live data" }),
    ),
  ).toMatchObject([
    {
      code: "routes/exclude-hides-data",
      subject: "vault",
      message:
        'nfs-mirror leaves out /srv/nfs/vault-backup ("dumps are no live data"), and with it vault at pve:/srv/nfs/vault-backup: no other route carries it.',
    },
  ]);
});

test("blames no exclude for a database that is excluded from snapshots and that nobody dumps", () => {
  expect(
    findings(({ layers }) => {
      layers["cluster-dump"] = layers["cluster-dump"].filter(({ name }) => name !== "vault-backup");
    }),
  ).toMatchObject([{ code: "routes/no-copy", subject: "vault" }]);
});
