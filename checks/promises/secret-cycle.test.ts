import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { runChecks } from "..";
import { secretCycle } from "./secret-cycle";

test("names the NAS's password that is restored from the NAS, and nothing that follows from it", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ secrets }) => {
        secrets["nas-password"] = { keptIn: ["vault"] };
      }),
    ),
  );
  expect(runChecks(plan, Date.UTC(2026, 10, 1))).toMatchObject([
    {
      code: "promises/secret-cycle",
      subject: "nas-password",
      evidence: { service: "vault", path: "nas:/Backup/pve-backup/vault-backup", missing: ["nas-password"] },
    },
  ]);
});

test("accepts a password that a service at the NAS's site keeps", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(estate => {
        estate.firewalls.parents = {
          kind: "pfsense",
          site: "parents",
          address: "parents.example",
          api: { secret: "pfsense-key" },
          ssh: { secret: "pfsense-ssh-key" },
        };
        estate.services.parents = { data: [{ kind: "device", firewall: "parents" }] };
        estate.secrets["nas-password"] = { keptIn: ["vault", "parents"] };
      }),
    ),
  );
  expect(secretCycle.run(plan, 0)).toEqual([]);
});
