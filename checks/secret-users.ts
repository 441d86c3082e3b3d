import { firewallSecrets } from "../plan/estate/places";
import type { Estate } from "../plan/estate/schema";

/** Destinations, firewalls and services that need a secret. */
export function usersOfSecret(secret: string, { destinations, firewalls, services }: Estate): string[] {
  const needed: (readonly [string, readonly string[]])[] = [
    // What hosts send with opens what they sent, too.
    ...Object.entries(destinations).map(
      ([name, { secrets, receives }]) => [name, receives ? [...secrets, receives.secret] : secrets] as const,
    ),
    ...Object.entries(firewalls).map(([name, firewall]) => [name, firewallSecrets(firewall)] as const),
    ...Object.entries(services).map(([name, { secrets }]) => [name, secrets] as const),
  ];
  return needed.filter(([, secrets]) => secrets.includes(secret)).map(([name]) => name);
}
