import { z } from "zod";
import { type Engine, server } from "./engine";

export const vault = {
  spec: z.strictObject({
    engine: z.literal("vault").describe("Whose client makes it"),
    ...server(8200),
    tls: z
      .boolean()
      .default(true)
      .describe(
        "Whether it speaks TLS, with a certificate that the secret has behind the token or the image trusts. Without it, the token goes through the cluster's network as it is",
      ),
  }),
  scripts: "vault",
  script: () => "server",
  // Its client writes snapshots to files, and what is read back is unpacked.
  scratch: true,
  token:
    "vault token create -orphan -policy=backup -no-default-policy -period=768h -field=token, and behind it the certificate that the secret has now",
  certificates: "write the token again, and behind it the certificate of who signs Vault's now",
  wayBack: {
    byHand:
      'on a machine that reaches a Vault which is new, unsealed and empty: vault operator raft snapshot restore -force SNAPSHOT, and then vault operator unseal with the keys of the Vault that was dumped (docs/layers/cluster-dump.md, "Vault"); SNAPSHOT is the newest that its .json says to be good, below',
    undo: "the same with the snapshot of what was there; of a Vault that was new there is nothing to keep",
    verifies: "it unseals with the old keys, and one of its secrets can be read",
  },
} satisfies Engine;
