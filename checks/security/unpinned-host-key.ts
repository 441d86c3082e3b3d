import { defineCheck } from "../check";
import { example } from "../examples";

export const unpinnedHostKey = defineCheck({
  code: "security/unpinned-host-key",
  severity: "error",
  title: "A destination's host key isn't pinned",
  why: "Whoever answers at its address gets a copy of everything, and can say that all arrived. A first connection that trusts anybody is made again after each new installation.",
  run: plan =>
    Object.entries(plan.estate.destinations)
      .filter(([, { transport, hostKey }]) => transport === "ssh" && hostKey === undefined)
      .map(([name, { address }]) => ({
        subject: name,
        message: `${name} (${address}) is written to over SSH, and its host key isn't in the estate: any machine at that address is taken for it.`,
        fix: `Compare \`ssh-keyscan -t ed25519 ${address}\` with the key on the machine itself, and set destinations.${name}.hostKey.`,
        evidence: { address },
      })),
  examples: {
    bad: [
      example("a NAS without a key", ({ destinations }) => {
        delete destinations.nas?.hostKey;
      }),
    ],
    good: [example("a NAS with its key")],
  },
});
