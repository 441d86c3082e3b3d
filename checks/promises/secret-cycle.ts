import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { lockedSecrets } from "../locked-secrets";
import { placeText } from "../wording";

export const secretCycle = defineCheck({
  code: "promises/secret-cycle",
  severity: "error",
  title: "A secret is kept in what can't be restored without it",
  why: "The reference system keeps the NAS's password in Vault, and after a fire Vault comes back from the NAS. The backups would be complete, tested, and out of reach.",
  run: plan =>
    lockedSecrets(plan).map(({ secret, site, service, copy, missing }) => {
      const needs = missing.join(" and ");
      return {
        subject: secret,
        message: `After the loss of site ${site}, ${secret} is in ${service} alone, and ${service} comes back from ${placeText(copy.location)}, which opens only with ${needs}. Nobody holds that any more.`,
        fix: `Keep ${secret} outside too, on paper or with a person: secrets.${secret}.keptIn with "break-glass".`,
        evidence: { site, service, copy: copy.id, path: placeText(copy.location), missing },
      };
    }),
  examples: {
    bad: [
      mended(
        example("the NAS's password in what is restored from the NAS", ({ secrets }) =>
          edit(secrets["nas-password"], { keptIn: ["vault"] }),
        ),
        {
          says: 'secrets.nas-password.keptIn with "break-glass"',
          edit: ({ secrets }) => secrets["nas-password"]?.keptIn.push("break-glass"),
        },
      ),
      mended(
        example("two stores that keep each other's keys", ({ secrets, services, destinations }) => {
          edit(destinations.nas, { secrets: [] });
          Reflect.deleteProperty(secrets, "nas-password");
          secrets["vault-unseal"] = { keptIn: ["nextcloud"] };
          secrets["nextcloud-key"] = { keptIn: ["vault"] };
          edit(services.vault, { secrets: ["vault-unseal"] });
          edit(services.nextcloud, { secrets: ["nextcloud-key"] });
        }),
        {
          says: 'secrets.nextcloud-key.keptIn with "break-glass"',
          edit: ({ secrets }) => {
            secrets["nextcloud-key"]?.keptIn.push("break-glass");
            secrets["vault-unseal"]?.keptIn.push("break-glass");
          },
        },
      ),
    ],
    good: [example("the NAS's password on paper too")],
  },
});
