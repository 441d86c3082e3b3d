import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { statIn } from "../runtime/tree-path";
import { changedSince, clockSlackMs } from "./changed-since";
import { frozenIn } from "./held";
import { readSuspects, type Suspects, writeSuspects } from "./memory";
import type { Mirror } from "./mirror";

/*
 * A file that somebody changed, and gave its size and times back, looks to a scan as its copy does. Its ctime is the kernel's, and
 * nobody sets that back. So what has a newer one than when it was last looked at, and the size and time of its copy, is compared
 * by content.
 */

/** So often the source is searched for them: a second look at each of its entries. */
const periodMs = 7 * 24 * 3_600_000;
/** The rest is found once these are compared. */
const mostPending = 100_000;
/** Files of one tick of the kernel's clock have one ctime. */
const tickMs = 20;

/** Finds what may have changed behind its size and time since the last look, before any of it is copied. */
export const suspect: Phase<Mirror> = {
  name: "suspect",
  async run(mirror) {
    const { config, startedAt, held } = mirror;
    const known = stillSuspect(mirror, readSuspects(config));
    const ageMs = startedAt.getTime() - known.sinceMs;
    const room = Math.min(mostPending, config.mostListed) - known.pending.length;
    // A time that lies ahead is of a clock that was wrong: nothing is known then. And what is away has its turn once it is back.
    const isDue = (ageMs < 0 || ageMs >= periodMs) && room > 0 && !held.some(({ isAway }) => isAway === true);
    mirror.suspects = known;
    if (!isDue) return;
    mirror.suspects = await search(mirror, { ...known, sinceMs: ageMs < 0 ? 0 : known.sinceMs }, room);
    writeSuspects(config, mirror.suspects);
  },
};

/** What differs by its size or time by now is copied as all else. */
function stillSuspect(mirror: Mirror, { sinceMs, pending }: Suspects): Suspects {
  const isFrozen = frozenIn(mirror);
  const isLeft = (name: string): boolean => isFrozen(name) || suspectSince(mirror.config, name) !== undefined;
  return { sinceMs, pending: pending.filter(isLeft) };
}

/** @param room for so many more; where there are others, those that changed first are taken, and the next look begins there */
async function search(mirror: Mirror, { sinceMs, pending }: Suspects, room: number): Promise<Suspects> {
  const { config, startedAt } = mirror;
  const known = new Set(pending);
  let found: { name: string; ctimeMs: number }[] = [];
  let lastMs = startedAt.getTime() - clockSlackMs + tickMs;
  const cut = (): void => {
    if (found.length <= room) return;
    found = found.sort((one, other) => one.ctimeMs - other.ctimeMs).slice(0, room);
    lastMs = Math.min(lastMs, found.at(-1)?.ctimeMs ?? lastMs);
  };
  await changedSince(mirror, config.source.path, { kind: "files", sinceMs }, name => {
    const ctimeMs = suspectSince(config, name);
    if (ctimeMs === undefined || known.has(name)) return;
    found.push({ name, ctimeMs });
    if (found.length >= 2 * room) cut();
  });
  cut();
  return { sinceMs: lastMs - tickMs, pending: [...pending, ...found.map(({ name }) => name)] };
}

/** @returns its ctime in epoch ms, where a file looks as its copy does; what doesn't is rsync's */
function suspectSince({ source, target }: NfsMirrorConfig, name: string): number | undefined {
  const copy = statIn(target.path, name);
  if (copy?.isFile() !== true) return undefined;
  const file = statIn(source.path, name);
  return file?.isFile() === true && file.size === copy.size && file.mtimeNs === copy.mtimeNs
    ? Number(file.ctimeMs)
    : undefined;
}

/** Has files compared by content once what keeps them as they are is over. */
export function addSuspects(mirror: Mirror, names: readonly string[]): void {
  const known = required(mirror.suspects, "suspect");
  mirror.suspects = { ...known, pending: [...new Set([...known.pending, ...names])] };
  writeSuspects(mirror.config, mirror.suspects);
}
