import type { Example } from "./check";
import { edit } from "./example-edits";
import { example } from "./examples";

/**
 * The example with its cloud on an encrypted volume, and an encrypted share for its copies off the site.
 * @param keptIn who keeps the passphrase; nobody: the copy job has none
 */
export function encryptedExample(
  name: string,
  keptIn: readonly string[],
  { encryptedAtRest = true } = {},
): Example {
  return example(name, ({ services, secrets, layers, destinations }) => {
    edit(services.nextcloud?.data[0], { encrypted: true } as object);
    edit(destinations.nas, { encryptedAtRest });
    if (keptIn.length === 0) return;
    secrets["luks-passphrase"] = { keptIn: [...keptIn] };
    edit(layers["daily-backup"][0]?.volumes, { luksSecrets: ["luks-passphrase"] });
  });
}
