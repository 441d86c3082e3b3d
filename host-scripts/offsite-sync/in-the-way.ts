import { acceptCommand } from "../runtime/arguments";
import { exitCodes, RunnerError } from "../runtime/errors";
import { noted, notedName, quoted } from "../runtime/quoted";
import type { RsyncPass } from "../runtime/rsync";
import { ready, shell } from "../runtime/shell";
import type { Offsite } from "./offsite";
import type { Transfer } from "./transfer";

/*
 * What was a folder here and is none any more: rsync puts nothing in the place of a folder that holds something. What that holds there
 * would be gone, and nobody but a person knows whether it was moved or lost: it waits for an answer.
 */

/** Names, byte by byte as latin1, that found a folder in their place. */
function blockedIn({ lacked }: RsyncPass): string[] {
  return lacked.entries
    .filter(({ reason }) => reason.startsWith("could not make way for "))
    .map(({ path }) => path.toString("latin1"));
}

/**
 * Sends what somebody says is meant to be in the place of a folder, which goes with all that it holds.
 * @param force sends some names, with folders in their place removed
 * @returns the pass without what was sent so
 */
export async function overFolders(
  run: Offsite,
  { from }: Transfer,
  done: RsyncPass,
  force: (names: readonly string[]) => Promise<RsyncPass>,
): Promise<RsyncPass> {
  const shown = (name: string): string => `${noted(from)}/${notedName(name)}`;
  const blocked = blockedIn(done);
  for (const name of blocked) run.inTheWay.add(shown(name));
  const meant = new Set(blocked.filter(name => run.accepted.has(shown(name))));
  if (meant.size === 0) return done;
  const forced = await force([...meant]);
  if (forced.outcome !== "complete") return forced;
  const entries = done.lacked.entries.filter(({ path }) => !meant.has(path.toString("latin1")));
  return {
    ...done,
    bytes: done.bytes + forced.bytes,
    wireBytes: done.wireBytes + forced.wireBytes,
    lacked: { ...done.lacked, entries },
  };
}

/** Of how many the command is printed: more are looked at one by one. */
const mostShown = 10;

/** @returns what is said of them; undefined where there are none */
export function refusalOfBlocked(
  { config }: Offsite,
  { from }: Transfer,
  done: RsyncPass,
): RunnerError | undefined {
  const [first, ...more] = blockedIn(done).map(name =>
    Buffer.concat([Buffer.from(`${from}/`), Buffer.from(name, "latin1")]),
  );
  if (first === undefined) return undefined;
  const { name } = config.destination;
  return new RunnerError(exitCodes.failed, {
    failed: `${quoted(first)} is no folder here any more, and one at ${name} that holds what this host had${more.length > 0 ? `, and so are ${more.length} others` : ""}`,
    kept: `What the folder holds is at ${name}, and all else was sent; nothing of it is acknowledged.`,
    next: shell`ls -la ${first}; ${ready(acceptCommand(config.job, first, ...more.slice(0, mostShown - 1)))}   (only if what the folder held is meant to be gone there)`,
  });
}
