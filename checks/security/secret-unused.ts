import { fieldText } from "../../plan/estate/faults";
import { secretsNamed } from "../../plan/estate/references";
import { sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const secretUnused = defineCheck({
  code: "security/secret-unused",
  severity: "warning",
  title: "A secret is declared, and nothing names it",
  why: "It is left over from what was removed; or what it opens doesn't say so, and then no restore is known to need it, and no check asks whether it can be had when that is restored.",
  run: ({ estate, jobs }) => {
    const named = secretsNamed(estate);
    const toClosed = Object.entries(estate.destinations).find(
      ([name, { receives }]) =>
        !receives &&
        jobs.some(job =>
          job.flows.some(
            ({ source, target: { machine } }) =>
              source.kind === "tree" &&
              machine.kind === "destination" &&
              machine.name === name &&
              !sameMachine(source.location.machine, machine),
          ),
        ),
    );
    const field = toClosed && fieldText(["destinations", toClosed[0]]);
    const sending = field
      ? `, or to "receives" of ${field}, without which nothing is installed that sends there`
      : "";
    return Object.entries(estate.secrets)
      .filter(([name]) => !named.has(name))
      .map(([name, { keptIn }]) => ({
        subject: name,
        message: `${name} is a secret of the estate, and none of its services, machines and jobs names it: 0 restores are known to need it.`,
        fix: `Add it where it is needed, to secrets of a service or of a destination, as ${JSON.stringify(name)}${sending}; or remove ${fieldText(["secrets", name])}${keptIn.includes("break-glass") ? ", which takes it out of the break-glass set" : ""}.`,
        evidence: { secret: name },
      }));
  },
  examples: {
    bad: [
      mended(
        example("the keys of Vault, which nothing says that it needs", ({ secrets }) => {
          secrets["unseal-keys"] = { keptIn: ["break-glass"] };
        }),
        {
          says: 'to secrets of a service or of a destination, as "unseal-keys"',
          edit: ({ services }) => edit(services.vault, { secrets: ["unseal-keys"] }),
        },
        {
          says: 'or remove secrets["unseal-keys"], which takes it out of the break-glass set',
          edit: ({ secrets }) => Reflect.deleteProperty(secrets, "unseal-keys"),
        },
      ),
    ],
    good: [
      example("a secret that a service's restore needs", ({ secrets, services }) => {
        secrets["unseal-keys"] = { keptIn: ["break-glass"] };
        edit(services.vault, { secrets: ["unseal-keys"] });
      }),
    ],
  },
});
