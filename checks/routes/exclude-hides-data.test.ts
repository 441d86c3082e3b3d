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

test("tells once what an entry hides of several, but what is accepted of one by itself", () => {
  const hidden = (...accepted: readonly string[]) =>
    findings(estate => {
      const { nextcloud } = estate.services;
      if (nextcloud) estate.services["cloud-2"] = { ...nextcloud, data: [{ ...volume, claim: "cloud-2" }] };
      estate.layers["lvm-pvc-snapshot"][0]?.excludeNamespaces?.push({
        name: "nextcloud",
        reason: "high churn",
      });
      const why = { reason: "a copy by hand", owner: "me", expires: "2027-03-01" };
      estate.waivers = accepted.map(subject => ({ code: "routes/exclude-hides-data", subject, ...why }));
    }).map(({ code, severity, subject }) => `${severity} ${code} ${subject}`);
  const volume = { kind: "volume", host: "pve", pool: "data", namespace: "nextcloud", size: "4GB" } as const;
  const code = "routes/exclude-hides-data";
  expect(hidden()).toContain(`error ${code} lvm-pvc-snapshot`);
  expect(hidden("cloud-2", "nextcloud").filter(line => /exclude-hides|unused/.test(line))).toEqual([
    `warning ${code} cloud-2`,
    `warning ${code} nextcloud`,
  ]);
});
