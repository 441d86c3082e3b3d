import type { Lookup, Path } from "../../estate/lookup";
import type { Estate } from "../../estate/schema";
import type { NasRetention } from "../../job";
import { retentionOf } from "../../retention";
import type { NasSnapshotsSpec } from "./spec";

const dayMs = 86_400_000;

/** Days that the NAS is to keep each snapshot; undefined where the estate has no such number. */
function keepDaysOf({ keep }: NasSnapshotsSpec): number | undefined {
  const kept = retentionOf(keep);
  return kept.kind === "age" && kept.ms % dayMs === 0 ? kept.ms / dayMs : undefined;
}

/** What a deployment sets on the NAS; nothing where the estate doesn't ask for it, or where nobody can prove which NAS gets the password. */
export function nasRetentionOf(spec: NasSnapshotsSpec, estate: Estate): NasRetention | undefined {
  const keepDays = keepDaysOf(spec);
  const { apply, destination, share } = spec;
  if (!apply || keepDays === undefined || estate.destinations[destination]?.hostKey === undefined)
    return undefined;
  const { user, secret: key, password } = apply;
  return { destination, share: share.slice(1), keepDays, user, key, password };
}

/** Two accounts, each with what is called after the other: the host would get the key that shortens what is kept. */
function swapped({ apply, watch }: NasSnapshotsSpec, at: Path, look: Lookup): void {
  if (!apply || !watch) return;
  const wordsOf = (text: string): string[] => text.split(/[-_.]/);
  const own = (one: string, other: string): string[] =>
    wordsOf(one).filter(word => !wordsOf(other).includes(word));
  const isOf = (words: readonly string[], one: string, other: string): boolean =>
    words.some(word => own(one, other).includes(word));
  const [watches, applies] = [own(watch.user, apply.user), own(apply.user, watch.user)];
  for (const field of ["secret", "password"] as const)
    if (isOf(applies, watch[field], apply[field]) || isOf(watches, apply[field], watch[field]))
      look.fault(
        [...at.slice(0, -1), "watch", field],
        watch[field],
        `is called after the account that sets the retention ("${apply.user}"), and lies on a host, whose root could shorten what is kept. Expected that of ${watch.user}, e.g. "${apply[field]}", and this one in "apply"; or the two accounts the other way round`,
      );
}

/** Looks at who sets the retention: nothing that lies on a host may be able to. */
export function lookAtApply(part: NasSnapshotsSpec, at: Path, look: Lookup, estate: Estate): void {
  const { apply } = part;
  if (!apply) return;
  swapped(part, at, look);
  look.secret([...at, "secret"], apply.secret, "ssh-key");
  look.secret([...at, "password"], apply.password, "password");
  const destination = estate.destinations[part.destination];
  // As it was written: what is left out has a default.
  const { atLeast, every, ...keep } = part.keep;
  if (keepDaysOf(part) === undefined)
    look.fault(
      [...at.slice(0, -1), "keep"],
      keep.age === undefined ? { ...keep, ...(keep.count !== undefined && { every }) } : { ...keep, atLeast },
      'is no age of whole days, which is all that a NAS is told. Expected e.g. { age: "7d" }, or no "apply"',
    );
  if (destination && destination.kind !== "synology")
    look.fault(
      at,
      apply.user,
      `can't set anything at ${part.destination}, which is no Synology. Remove "apply"`,
    );
  if (apply.secret === apply.password)
    look.fault(
      [...at, "password"],
      apply.password,
      "is the account's private key already: sudo asks for a password, which is another thing. Give each its own secret",
    );
  const onHosts = secretsOnHosts(estate);
  for (const field of ["secret", "password"] as const) {
    const whose = onHosts.get(apply[field]);
    if (whose !== undefined)
      look.fault(
        [...at, field],
        apply[field],
        `is that of ${whose}, and lies on a host, whose root could shorten what is kept. Expected a secret of its own`,
      );
  }
  const looks = looksIn(estate).find(
    other => other.destination === part.destination && other.watch.user === apply.user,
  );
  if (looks)
    look.fault(
      [...at, "user"],
      apply.user,
      `is the account that looks, whose secrets lie on ${looks.watch.host}: its root could shorten what is kept. Expected an account of its own`,
    );
}

/** Secrets of the estate that come to a host, and whose they are. */
function secretsOnHosts(estate: Estate): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(estate.monitoring.deadMan?.hosts ?? {}).map(
      ([host, secret]) => [secret, `the call of ${host}`] as const,
    ),
    ...Object.entries(estate.firewalls).flatMap(([name, { api, ssh }]) =>
      [api, ssh].map(({ secret }) => [secret, `firewall ${name}`] as const),
    ),
    ...estate.layers["daily-backup"].flatMap(({ volumes }) =>
      (volumes?.luksSecrets ?? []).map(secret => [secret, "the encrypted volumes"] as const),
    ),
    ...looksIn(estate).flatMap(({ watch }) =>
      [watch.secret, watch.password].map(secret => [secret, "the account that looks"] as const),
    ),
    ...Object.values(estate.destinations).flatMap(({ receives }) =>
      receives ? [[receives.secret, "the account that hosts send to"] as const] : [],
    ),
  ]);
}

/** Who looks at which NAS, also at another share of one. */
function looksIn({ layers }: Estate) {
  return layers["nas-snapshots"].flatMap(({ destination, watch }) => (watch ? [{ destination, watch }] : []));
}
