import type { Plan } from "../plan";
import { addTo } from "../plan/add-to";
import type { Dataset } from "../plan/datasets";
import type { Copy } from "../plan/graph/copies";
import { siteOf } from "../plan/graph/survival";
import { copiesIn } from "../plan/graph/copies-in";

/** A secret that is kept in what can't be restored without it. */
export interface LockedSecret {
  readonly secret: string;
  /** The site whose loss locks it. */
  readonly site: string;
  /** The service that keeps it, its copy elsewhere, and the secrets which that copy needs and nobody has. */
  readonly service: string;
  readonly copy: Copy;
  readonly missing: readonly string[];
}

const known = new WeakMap<Plan, readonly LockedSecret[]>();

/**
 * Secrets that nobody has any more once a site is gone. What is kept on paper or by a service elsewhere opens the copies of
 * some services; what these keep opens those of others; what is left in the end is locked.
 */
export function lockedSecrets(plan: Plan): readonly LockedSecret[] {
  const found =
    known.get(plan) ?? [...new Set(Object.values(sitesOf(plan)))].flatMap(site => lockedAt(site, plan));
  known.set(plan, found);
  return found;
}

function sitesOf(plan: Plan): Record<string, string> {
  return Object.fromEntries(
    plan.datasets.map(({ service, location }) => [service, siteOf(location, plan.estate) ?? ""]),
  );
}

interface Keeper {
  readonly service: string;
  /** For each of its datasets, the copies at other sites. */
  readonly elsewhere: readonly (readonly Copy[])[];
}

function lockedAt(site: string, plan: Plan): LockedSecret[] {
  const { secrets, services } = plan.estate;
  const keepers = keepersAt(site, plan);
  const lost = new Set(keepers.map(({ service }) => service));
  const held = new Set(
    Object.entries(secrets)
      .filter(([, { keptIn }]) => keptIn.some(holder => !lost.has(holder)))
      .map(([name]) => name),
  );
  const missingOf = ({ service, elsewhere }: Keeper): string[] => {
    const opens = (copies: readonly Copy[]): string[] =>
      copies
        .map(copy => copy.flow.secrets.filter(secret => !held.has(secret)))
        .reduce((best, missing) => (missing.length < best.length ? missing : best));
    const own = services[service]?.secrets.filter(secret => !held.has(secret)) ?? [];
    return [...new Set([...own, ...elsewhere.flatMap(opens)])];
  };
  for (let more = true; more;) {
    more = false;
    for (const keeper of keepers)
      if (keeper.elsewhere.every(copies => copies.length > 0) && missingOf(keeper).length === 0)
        for (const [name, { keptIn }] of Object.entries(secrets))
          if (keptIn.includes(keeper.service) && !held.has(name)) {
            held.add(name);
            more = true;
          }
  }
  return lockedBy(keepers, missingOf, site, plan);
}

/** Services of a site that keep secrets. Without a copy elsewhere there is nothing to lock: another check's finding. */
function keepersAt(site: string, plan: Plan): Keeper[] {
  const copies = copiesIn(plan);
  const kept = new Set(Object.values(plan.estate.secrets).flatMap(({ keptIn }) => keptIn));
  const here = new Map<string, Dataset[]>();
  for (const dataset of plan.datasets)
    if (kept.has(dataset.service) && siteOf(dataset.location, plan.estate) === site)
      addTo(here, dataset.service, dataset);
  return [...here].map(([service, datasets]) => ({
    service,
    elsewhere: datasets
      .filter(dataset => !dataset.unprotected)
      .map(dataset =>
        (copies.get(dataset) ?? []).filter(copy => siteOf(copy.location, plan.estate) !== site),
      ),
  }));
}

function lockedBy(
  keepers: readonly Keeper[],
  missingOf: (keeper: Keeper) => string[],
  site: string,
  plan: Plan,
): LockedSecret[] {
  const locked = new Map<string, LockedSecret>();
  for (const keeper of keepers) {
    if (keeper.elsewhere.length === 0 || keeper.elsewhere.some(copies => copies.length === 0)) continue;
    const missing = missingOf(keeper);
    const [copy] = keeper.elsewhere[0] ?? [];
    for (const secret of missing)
      for (const { service, elsewhere } of keepers) {
        const [own] = elsewhere[0] ?? [];
        const keeps = plan.estate.secrets[secret]?.keptIn.includes(service) ?? false;
        if (keeps && copy && !locked.has(secret))
          locked.set(secret, { secret, site, service, copy: own ?? copy, missing });
      }
  }
  return [...locked.values()];
}
