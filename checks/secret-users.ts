import type { Estate } from "../plan/estate/schema";

/** Destinations, firewalls and services that need a secret. */
export function usersOfSecret(secret: string, { destinations, firewalls, services }: Estate): string[] {
  return [destinations, firewalls, services].flatMap(section =>
    Object.entries<{ readonly secrets: readonly string[] }>(section)
      .filter(([, { secrets }]) => secrets.includes(secret))
      .map(([name]) => name),
  );
}
