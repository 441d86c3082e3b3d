import type { Estate } from "./estate/schema";

/** Names of the estate's clusters whose API answers at a URL, by whatever address the estate knows of. */
export function clustersAt(server: string, { clusters }: Pick<Estate, "clusters">): string[] {
  const mine = addressOf(server);
  return Object.entries(clusters)
    .filter(
      ([, { api, reachedAs }]) =>
        api !== undefined && [api, ...reachedAs].some(url => addressOf(url) === mine),
    )
    .map(([name]) => name);
}

/** The URL in one form: host in small letters, no default port, no slash at its end. */
function addressOf(url: string): string {
  return new URL(url).href.replace(/\/$/, "");
}
