import { defineCheck } from "../check";
import { example, mended } from "../examples";
import { edit } from "../example-edits";
import { lockedSecrets } from "../locked-secrets";
import { usersOfSecret } from "../secret-users";

export const secretInOnePlace = defineCheck({
  code: "security/secret-in-one-place",
  severity: "warning",
  title: "A secret that restores need is kept by one service alone",
  why: "The store can be restored, but first. Until it is back, nothing that needs its secrets is, and a store that comes back without its last week lacks the keys of that week.",
  run: plan => {
    const { secrets, firewalls } = plan.estate;
    const locked = new Set(lockedSecrets(plan).flatMap(({ secret, missing }) => [secret, ...missing]));
    return Object.entries(secrets).flatMap(([name, { keptIn }]) => {
      const [keeper] = keptIn;
      const opens = usersOfSecret(name, plan.estate).filter(user => !(user in firewalls));
      if (keptIn.length > 1 || keeper === undefined || keeper === "break-glass") return [];
      // In a circle: promises/secret-cycle.
      if (opens.length === 0 || locked.has(name)) return [];
      return [
        {
          subject: name,
          message: `${name} opens ${opens.join(", ")} and is kept in ${keeper} alone: no restore starts before that of ${keeper}.`,
          fix: `Keep it on paper or with a person too: secrets.${name}.keptIn with "break-glass".`,
          evidence: { keptIn: keeper, opens },
        },
      ];
    });
  },
  examples: {
    bad: [
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
    ],
    good: [example("secrets on paper too")],
  },
});
