import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { exampleKey } from "../../plan/estate/example-keys";

export const unpinnedHostKey = defineCheck({
  code: "security/unpinned-host-key",
  severity: "error",
  title: "A host key isn't pinned",
  why: "Whoever answers at a destination's address gets a copy of everything, and can say that all arrived; whoever answers at a firewall's says what its configuration was. A first connection that trusts anybody is made again after each new installation.",
  run: plan => [
    ...Object.entries(plan.estate.destinations)
      .filter(([, { transport, hostKey }]) => transport === "ssh" && hostKey === undefined)
      .map(([name, { address }]) => ({
        subject: name,
        message: `${name} (${address}) is written to over SSH, and its host key isn't in the estate: no job that goes there is installed, because any machine at that address would be taken for it.`,
        fix: fixOf(address, `destinations.${name}.hostKey`),
        evidence: { address },
      })),
    ...Object.entries(plan.estate.firewalls)
      .filter(([, { ssh }]) => ssh.hostKey === undefined)
      .map(([name, { address }]) => ({
        subject: name,
        message: `${name} (${address}) is read over SSH as a user who may read all of it, and its host key isn't in the estate: its backup isn't installed, because any machine at that address would be taken for it.`,
        fix: fixOf(address, `firewalls.${name}.ssh.hostKey`),
        evidence: { address },
      })),
  ],
  examples: {
    bad: [
      mended(
        example("a NAS without a key", ({ destinations }) => {
          delete destinations.nas?.hostKey;
        }),
        {
          says: "set destinations.nas.hostKey",
          edit: ({ destinations }) => edit(destinations.nas, { hostKey: exampleKey("Nas") }),
        },
      ),
      mended(
        example("a firewall without a key", ({ firewalls }) => {
          delete firewalls.pfsense?.ssh.hostKey;
        }),
        {
          says: "set firewalls.pfsense.ssh.hostKey",
          edit: ({ firewalls }) => edit(firewalls.pfsense?.ssh, { hostKey: exampleKey("Firewall") }),
        },
      ),
    ],
    good: [example("a NAS and a firewall with their keys")],
  },
});

function fixOf(address: string, field: string): string {
  return `Compare \`ssh-keyscan -t ed25519 ${address}\` with the key on the machine itself, and set ${field}.`;
}
