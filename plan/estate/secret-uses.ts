import { pathText } from "./faults";
import type { Lookup, SecretUse } from "./lookup";
import type { Estate } from "./schema";

/** What a secret is, in words, where something uses it. */
const what: Readonly<Record<SecretUse, string>> = {
  "ssh-key": "a private key of SSH",
  password: "an account's password",
  passphrase: "the passphrase of encrypted volumes",
  "api-key": "the key of a firewall's API",
  address: "the address that a host calls",
};

/** Secrets in the wrong place: one is one thing, and what opens all copies lies nowhere else. */
export function secretUses({ destinations }: Estate, look: Lookup): void {
  const first = new Map<string, (typeof look.secretUses)[number]>();
  for (const each of look.secretUses) {
    const { path, value, use } = each;
    const before = first.get(value) ?? each;
    first.set(value, before);
    if (look.isFaulty(path)) continue;
    const [destination] = Object.entries(destinations).flatMap(([name, { secrets }]) =>
      secrets.includes(value) ? [name] : [],
    );
    if (use === "ssh-key" && isCalled(value, "password|passphrase") && !isCalled(value, "key"))
      look.fault(
        path,
        value,
        `is called a password, and ${what[use]} is meant. Expected the secret that has it`,
      );
    else if (
      use !== "ssh-key" &&
      destination !== undefined &&
      // Whoever makes the volumes anew needs it too, and it lets nobody in there.
      !(use === "passphrase" && isCalled(value, "luks|passphrase"))
    )
      look.fault(
        path,
        value,
        `is what a restore from ${destination} needs, and ${what[use]} is meant: whoever finds it here could delete every copy there. Expected a secret of its own`,
      );
    else if (before.use !== use)
      look.fault(
        path,
        value,
        `is ${what[before.use]} already (${pathText(before.path)}), and ${what[use]} is another thing: one of the two is a slip. Give each its own secret`,
      );
  }
}

/** Whether a name has one of some words. */
function isCalled(name: string, words: string): boolean {
  return new RegExp(`(^|-)(${words})(-|$)`).test(name);
}
