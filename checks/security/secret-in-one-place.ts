import type { Plan } from "../../plan";
import { siteOf } from "../../plan/graph/survival";
import { defineCheck, type Found } from "../check";
import { example, mended } from "../examples";
import { edit } from "../example-edits";
import { lockedSecrets } from "../locked-secrets";
import { passphrasesOf, servicesBehind } from "../passphrases";
import { usersOfSecret } from "../secret-users";

export const secretInOnePlace = defineCheck({
  code: "security/secret-in-one-place",
  severity: "warning",
  title: "A secret that restores need is kept by one service alone",
  why: "The store can be restored, but first. Until it is back, nothing that needs its secrets is, and a store that comes back without its last week lacks the keys of that week.",
  run: plan => {
    const { secrets, firewalls } = plan.estate;
    const leftOut = servicesLeftOut(plan);
    const locked = new Set(lockedSecrets(plan).flatMap(({ secret, missing }) => [secret, ...missing]));
    return Object.entries(secrets).flatMap(([name, { keptIn }]): Found[] => {
      const [keeper] = keptIn;
      const users = usersOfSecret(name, plan.estate);
      if (keptIn.every(each => leftOut.has(each)))
        return [
          {
            severity: "error",
            subject: name,
            message: `${name} ${users.length > 0 ? `opens ${users.join(", ")} and ` : ""}is kept in ${keptIn.join(" and ")} alone, of which no copy is made: with ${keptIn.join(" and ")} it is lost for good.`,
            fix: `Keep it on paper or with a person too: secrets.${name}.keptIn with "break-glass".`,
            evidence: { keptIn, opens: users },
          },
        ];
      const opens = [
        ...users.filter(user => !(user in firewalls)),
        ...volumesOpenedBy(name, keeper, plan).map(host => `the encrypted volumes of ${host}`),
      ];
      if (keeper === undefined || keptIn.includes("break-glass")) return [];
      // In a circle: promises/secret-cycle.
      if (opens.length === 0 || locked.has(name)) return [];
      if (keptIn.length > 1 && !areLostTogether(keptIn, users, plan)) return [];
      return [
        {
          // What lies off the site is what is left when the keeper is gone too.
          ...(users.some(user => user in plan.estate.destinations) && { severity: "error" as const }),
          subject: name,
          message: `${name} opens ${opens.join(", ")} and is kept in ${keptIn.join(" and ")} alone${keptIn.length > 1 ? ", which one fire takes together" : ""}: no restore starts before that of ${keptIn.join(" or ")}.`,
          fix: `Keep it on paper or with a person too: secrets.${name}.keptIn with "break-glass".`,
          evidence: { keptIn, opens },
        },
      ];
    });
  },
  // What nobody can open any more isn't there after a fire.
  without: (plan, { subject }) => {
    const estate = structuredClone(plan.estate);
    estate.secrets[subject]?.keptIn.push("break-glass");
    return [estate];
  },
  examples: {
    bad: [
      mended(
        example("the photos' key in a service of which no copy is made", ({ secrets, services }) => {
          services["notes"] = {
            data: [
              {
                ...{ kind: "volume", host: "pve", pool: "data", namespace: "notes", size: "1GB" },
                unprotected: { reason: "can be typed in anew", owner: "viktor", expires: "2027-06-30" },
              },
            ],
          };
          secrets["photos-key"] = { keptIn: ["notes"] };
          edit(services.photos, { secrets: ["photos-key"] });
        }),
        {
          says: 'secrets.photos-key.keptIn with "break-glass"',
          edit: ({ secrets }) => secrets["photos-key"]?.keptIn.push("break-glass"),
        },
      ),
      mended(
        example("the photos' key in Vault alone", ({ secrets, services }) => {
          secrets["photos-key"] = { keptIn: ["vault"] };
          edit(services.photos, { secrets: ["photos-key"] });
        }),
        {
          says: 'secrets.photos-key.keptIn with "break-glass"',
          edit: ({ secrets }) => secrets["photos-key"]?.keptIn.push("break-glass"),
        },
      ),
      mended(
        example("the key to the NAS in two services of the house", ({ secrets }) =>
          edit(secrets["nas-key"], { keptIn: ["vault", "nextcloud"] }),
        ),
        {
          says: 'secrets.nas-key.keptIn with "break-glass"',
          edit: ({ secrets }) => secrets["nas-key"]?.keptIn.push("break-glass"),
        },
      ),
    ],
    good: [
      example("secrets on paper too"),
      example(
        "the photos' key in two services of the site that it doesn't leave",
        ({ secrets, services }) => {
          secrets["photos-key"] = { keptIn: ["vault", "nextcloud"] };
          edit(services.photos, { secrets: ["photos-key"] });
        },
      ),
    ],
  },
});

/** Services of which nothing is copied. */
function servicesLeftOut({ datasets }: Plan): ReadonlySet<string> {
  const copied = new Set(datasets.filter(({ unprotected }) => !unprotected).map(({ service }) => service));
  return new Set(datasets.map(({ service }) => service).filter(service => !copied.has(service)));
}

/** Whether all keepers of a secret lie at one site, and what it opens at another: that is what is left when they are gone. */
function areLostTogether(keepers: readonly string[], users: readonly string[], plan: Plan): boolean {
  const { estate, datasets } = plan;
  const sites = new Set(
    datasets
      .filter(({ service }) => keepers.includes(service))
      .map(({ location }) => siteOf(location, estate)),
  );
  const away = users.flatMap(user => estate.destinations[user]?.site ?? []);
  return sites.size === 1 && away.some(site => !sites.has(site));
}

/** Hosts with volumes that a secret opens, but for those on which its keeper itself lies: `security/passphrase-behind-itself`. */
function volumesOpenedBy(secret: string, keeper: string | undefined, plan: Plan): string[] {
  return plan.jobs
    .filter(job => passphrasesOf(job, plan).includes(secret) && !servicesBehind(job, plan).has(keeper ?? ""))
    .map(({ host }) => host);
}
