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
  push: "the password of the Pushgateway, which each host and pod gets,",
};

/** Secrets in the wrong place: one is one thing, and what opens all copies lies nowhere else. */
export function secretUses({ destinations, services }: Estate, look: Lookup): void {
  const first = new Map<string, (typeof look.secretUses)[number]>();
  // What lies everywhere comes last: a secret that it shares is right at the other place.
  const uses = [...look.secretUses].sort((a, b) => Number(a.use === "push") - Number(b.use === "push"));
  for (const each of uses) {
    const { path, value, use } = each;
    const before = first.get(value) ?? each;
    first.set(value, before);
    if (look.isFaulty(path)) continue;
    const [service] = Object.entries(services).flatMap(([name, { secrets }]) =>
      secrets.includes(value) ? [name] : [],
    );
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
    else if (use === "push" && service !== undefined)
      look.fault(
        path,
        value,
        `is what a restore of ${service} needs, and each host and pod would get it to push by. Expected a secret of its own`,
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
