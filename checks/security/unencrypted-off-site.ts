import type { Plan } from "../../plan";
import { datasetId } from "../../plan/datasets";
import { siteOf } from "../../plan/graph/survival";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { encryptedExample } from "../encrypted-example";
import { example, mended } from "../examples";
import { listed, placeText } from "../wording";

/** Who keeps the passphrase, so that the volume itself is in order. */
const outside = ["vault", "break-glass"];

export const unencryptedOffSite = defineCheck({
  code: "security/unencrypted-off-site",
  severity: "error",
  title: "What is encrypted at home lies in clear text at another site",
  why: "An encrypted volume is opened before its files are copied. Whoever carries the NAS away gets by the backup what the encryption was for.",
  run: plan => {
    const encrypted = encryptedVolumes(plan);
    return Object.entries(plan.estate.destinations).flatMap(([name, { site, encryptedAtRest }]) => {
      const copies = plan.copies.filter(
        ({ dataset, location }) =>
          location.machine.kind === "destination" &&
          location.machine.name === name &&
          encrypted.has(dataset.id) &&
          siteOf(dataset.location, plan.estate) !== site,
      );
      if (encryptedAtRest || copies.length === 0) return [];
      const datasets = [...new Set(copies.map(({ dataset }) => dataset.id))];
      const paths = copies.map(({ location }) => placeText(location));
      return [
        {
          subject: name,
          message: `${listed(datasets)} ${datasets.length === 1 ? "is" : "are"} encrypted at home, and ${listed(paths, 1)} at site ${site} ${paths.length === 1 ? "is" : "are"} not.`,
          fix: `Let the share be an encrypted one and set destinations.${name}.encryptedAtRest, with its key outside of the site and of the NAS.`,
          evidence: { site, datasets, paths },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        encryptedExample("files of an encrypted volume on a plain share", outside, {
          encryptedAtRest: false,
        }),
        {
          says: "set destinations.nas.encryptedAtRest",
          edit: ({ destinations }) => edit(destinations.nas, { encryptedAtRest: true }),
        },
      ),
    ],
    good: [
      example("volumes that aren't encrypted in the first place"),
      encryptedExample("an encrypted share", outside),
    ],
  },
});

function encryptedVolumes({ estate }: Plan): Set<string> {
  return new Set(
    Object.entries(estate.services).flatMap(([service, { data }]) =>
      data.flatMap(spec =>
        spec.kind === "volume" && spec.encrypted ? [datasetId(`${service}/${spec.name ?? service}`)] : [],
      ),
    ),
  );
}
