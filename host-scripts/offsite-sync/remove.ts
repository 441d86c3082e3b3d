import { join } from "node:path";
import { refuseUnknown } from "../runtime/accepted";
import { acceptCommand } from "../runtime/arguments";
import { writeWhole } from "../runtime/durable";
import { exitCodes, RunnerError } from "../runtime/errors";
import { isPeriodName } from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { noted, notedName, quoted } from "../runtime/quoted";
import { ready, shell } from "../runtime/shell";
import { type Gone, goneFrom, heldAsWhole, heldReason, removing } from "./gone";
import { previewAnswers } from "./in-the-way";
import { writeMemory } from "./memory";
import { type LegRun, nameOfPart, type Offsite, type Part } from "./offsite";
import { failureOf, remotePath, remoteRsync } from "./remote";
import { goneFilters, placeOfPart } from "./transfer";
import { entriesOf } from "../runtime/open-folder";
import { proveSource } from "./verify";

/** What a part loses there, and what waits for an answer. */
interface Removal {
  readonly part: Part;
  readonly goes: readonly Gone[];
  readonly held: readonly { readonly gone: Gone; readonly reason: string }[];
}

/**
 * The full pass: what this host has no more goes there too, of legs that are there as a whole and verified. All of it is looked at
 * and told first; what may have been lost here and not removed stays, and the pass is due until somebody answers.
 */
export const remove: Phase<Offsite> = {
  name: "remove",
  async run(run) {
    const { config, accepted, dryRun, log } = run;
    const due = run.legs.filter(({ isFull, isDone }) => isFull && (isDone || dryRun));
    const looked = new Map<LegRun, readonly Removal[]>();
    for (const leg of due) {
      const removals: Removal[] = [];
      for (const part of leg.parts) removals.push(await lookAt(run, part));
      looked.set(leg, removals);
    }
    const all = [...looked.values()].flat();
    const names = new Set(
      all.flatMap(({ part, goes, held }) => [
        ...[...goes, ...held.map(({ gone }) => gone)].map(gone => nameOfGone(part, gone)),
        noted(nameOfPart(part)),
      ]),
    );
    if (dryRun) await previewAnswers(run, names);
    refuseUnknown({ accepted }, new Set([...names, ...run.inTheWay]), {
      none: "names nothing that is there alone",
      next: shell`${config.job} --dry-run   (names what is)`,
      kept: dryRun ? undefined : "What was sent is there, and nothing was removed.",
    });
    report(run, all);
    if (dryRun) return;
    for (const [leg, removals] of looked) {
      const isWhole = await removeAll(run, leg, removals);
      if (!isWhole) continue;
      run.memory = { ...run.memory, full: { ...run.memory.full, [leg.leg.from]: run.startedAt.getTime() } };
      writeMemory(config, run.memory);
      log.info(`${quoted(leg.leg.from)}: the full pass is done`);
    }
  },
};

async function lookAt(run: Offsite, part: Part): Promise<Removal> {
  const gone = await goneFrom(run, part);
  if (gone.length === 0) return { part, goes: [], held: [] };
  const entries = entriesOf(placeOfPart(part).from);
  const periods = entries.filter(isPeriodName);
  const isRotated = (one: Gone): boolean => part.folder !== undefined && isPeriodName(one.entry);
  const reasons = new Map<Gone, string>();
  const unanswered = gone.filter(one => !isAccepted(run, part, one));
  for (const one of unanswered) {
    const reason = heldReason(run, part, one, periods);
    if (reason !== undefined) reasons.set(one, reason);
  }
  const rest = unanswered.filter(one => !reasons.has(one) && !isRotated(one));
  const whole = heldAsWhole(run, part, rest, entries);
  if (whole !== undefined) for (const one of rest) reasons.set(one, whole);
  const judged = gone.map(one => ({ gone: one, reason: reasons.get(one) }));
  return {
    part,
    goes: judged.flatMap(({ gone: one, reason }) => (reason === undefined ? [one] : [])),
    held: judged.flatMap(({ gone: one, reason }) => (reason === undefined ? [] : [{ gone: one, reason }])),
  };
}

/** As messages show it. */
function nameOfGone(part: Part, { entry }: Gone): string {
  return `${noted(nameOfPart(part))}/${notedName(entry)}`;
}

function isAccepted({ accepted }: Offsite, part: Part, gone: Gone): boolean {
  return accepted.has(nameOfGone(part, gone)) || accepted.has(noted(nameOfPart(part)));
}

/** First told, then done: the log has the sums, and a file every name. */
function report({ config, log, dryRun }: Offsite, removals: readonly Removal[]): void {
  const verb = dryRun ? "would go" : "goes";
  for (const { part, goes, held } of removals) {
    for (const gone of goes)
      log.info(
        `${nameOfGone(part, gone)}: ${verb} at ${config.destination.name}, ${gone.files} files of ${gone.bytes} bytes`,
      );
    for (const { gone, reason } of held)
      log.warn(`${nameOfGone(part, gone)}: is kept at ${config.destination.name}, as ${reason}`);
  }
  const names = removals.flatMap(({ part, goes }) =>
    goes.flatMap(gone => gone.names.map(name => `${noted(nameOfPart(part))}/${notedName(name)}\n`)),
  );
  if (!dryRun && names.length > 0) writeWhole(join(config.stateDir, "removed.txt"), names.join(""), 0o600);
}

/** @returns whether nothing of the leg is left that waits for an answer */
async function removeAll(run: Offsite, { leg }: LegRun, removals: readonly Removal[]): Promise<boolean> {
  const { config, held } = run;
  try {
    // Once more: between a look and a deletion a disk may go away.
    await proveSource({ ...run, held: [] }, leg);
    for (const removal of removals) if (removal.goes.length > 0) await removeFrom(run, removal);
  } catch (error) {
    run.stop.check("remove");
    if (!(error instanceof RunnerError)) throw error;
    held.push({ what: leg.from, reason: error.failed, next: error.next });
    return false;
  }
  const kept = removals.flatMap(({ part, held: some }) =>
    some.map(({ gone, reason }) => ({ part, gone, reason })),
  );
  for (const { part, gone, reason } of kept) {
    const path = Buffer.concat([Buffer.from(`${nameOfPart(part)}/`), Buffer.from(gone.entry, "latin1")]);
    held.push({
      what: nameOfGone(part, gone),
      reason: `it is kept at ${config.destination.name}, as ${reason}`,
      next: shell`ls -la ${path}; ${ready(acceptCommand(config.job, path))}   (only if it is meant to be gone)`,
    });
  }
  return kept.length === 0;
}

/** No more than was told: a tree that shrinks meanwhile loses nothing there. */
async function removeFrom(run: Offsite, { part, goes, held }: Removal): Promise<void> {
  const { from, to } = placeOfPart(part);
  const most = goes.reduce((sum, { names }) => sum + names.length, 0);
  const told = new Set(goes.map(({ entry }) => entry));
  const pass = await remoteRsync(
    run,
    [
      ...[...removing, `--max-delete=${most}`, ...goneFilters(part)],
      ...["--", "./", `${remotePath(run.config, to)}/`],
    ],
    { cwd: from, leaveAlone: held.map(({ gone }) => gone.entry) },
    ({ kind, path, isFolder }) => {
      if (kind === "deleted" && !isFolder) run.sent.removed += 1;
      if (kind === "deleted" && !told.has(path.toString("latin1").split("/", 1)[0] ?? ""))
        run.log.warn(`${quoted(from)} lost ${quoted(path)} while it was looked at`);
    },
  );
  if (pass.outcome === "complete" || pass.outcome === "vanished") return;
  if (pass.outcome !== "ceiling")
    throw failureOf(run, nameOfPart(part), pass, "What is here is there; of what is gone, some still is.");
  throw new RunnerError(exitCodes.failed, {
    failed: `more of ${quoted(from)} went while it was looked at: ${most} entries were removed, and no more`,
    kept: "What is here is there.",
    next: shell`systemctl start ${run.config.job}`,
  });
}
