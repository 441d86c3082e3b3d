import { acceptCommand } from "../runtime/arguments";
import { exitCodes, RunnerError } from "../runtime/errors";
import { bytesOfTyped, noted, notedName, quoted } from "../runtime/quoted";
import type { RsyncPass } from "../runtime/rsync";
import { ready, shell } from "../runtime/shell";
import { statIn } from "../runtime/tree-path";
import type { Offsite } from "./offsite";
import { failureOf } from "./remote";
import { pass, type Transfer, wholeLeg } from "./transfer";

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
  if (!["complete", "vanished", "partial"].includes(forced.outcome)) return forced;
  const others = done.lacked.entries.filter(({ path }) => !meant.has(path.toString("latin1")));
  return {
    ...done,
    bytes: done.bytes + forced.bytes,
    wireBytes: done.wireBytes + forced.wireBytes,
    lacked: {
      entries: [...others, ...forced.lacked.entries],
      unnamed: [...done.lacked.unnamed, ...forced.lacked.unnamed],
    },
  };
}

/** Says of a dry run what a run would do with such an answer. @param known names that something else is told of */
export async function previewAnswers(run: Offsite, known: ReadonlySet<string>): Promise<void> {
  const { accepted, config, legs, log } = run;
  for (const name of accepted) {
    const path = bytesOfTyped(name).toString("latin1");
    const leg = legs.map(each => each.leg).find(({ from }) => path.startsWith(`${latin1(from)}/`));
    const below = path.slice(latin1(leg?.from ?? "").length + 1);
    if (leg === undefined || known.has(name) || (statIn(leg.from, below)?.isDirectory() ?? true)) continue;
    let files = 0;
    const looked = await pass(run, wholeLeg(leg, [below]), ["--dry-run", "--force"], ({ kind, isFolder }) => {
      if (kind === "deleted") run.inTheWay.add(name);
      if (kind === "deleted" && !isFolder) files += 1;
    });
    if (looked.outcome !== "complete")
      throw failureOf(run, leg.from, looked, "Nothing was sent, and nothing was removed.");
    if (run.inTheWay.has(name))
      log.info(
        `${name}: would take the place of a folder at ${config.destination.name}, with which ${files} files go`,
      );
  }
}

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

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
