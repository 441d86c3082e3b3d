import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { exampleKey, exampleRsaKey } from "../../plan/estate/example-keys";

/** RSA keys, of which old servers know no signature but SHA-1, and DSA, which OpenSSH dropped. */
const weak = ["ssh-rsa", "ssh-dss"];

export const weakHostKey = defineCheck({
  code: "security/weak-host-key",
  severity: "warning",
  title: "A pinned host key is of a type that is going away",
  why: "An old NAS signs with SHA-1 under an RSA key. OpenSSH has refused that since 8.8, and dropped DSA in 10.0: a restore with tools newer than the NAS ends at the first connection.",
  run: plan => {
    // A host's key is checked by the schema: of these types, no deployment would get in.
    return Object.entries(plan.estate.destinations).flatMap(([name, { address, hostKey = "" }]) => {
      const field = `destinations.${name}.hostKey`;
      const type = weak.find(candidate => hostKey.startsWith(`${candidate} `));
      if (type === undefined) return [];
      return [
        {
          subject: name,
          message: `${name} is pinned by a key of type ${type} in ${field}: newer SSH clients may refuse it.`,
          fix: `Pin its Ed25519 key: \`ssh-keyscan -t ed25519 ${address}\`, compared on the machine itself.`,
          evidence: { field, type },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("a NAS pinned by ssh-rsa", ({ destinations }) =>
          edit(destinations.nas, { hostKey: exampleRsaKey }),
        ),
        {
          says: "Pin its Ed25519 key",
          edit: ({ destinations }) => edit(destinations.nas, { hostKey: exampleKey("Nas") }),
        },
      ),
    ],
    good: [example("Ed25519 keys")],
  },
});
