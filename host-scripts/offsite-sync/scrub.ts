import { inRestOfTime } from "../runtime/job-run";
import type { Phase } from "../runtime/phases";
import { notedName, quoted } from "../runtime/quoted";
import { filesAfter } from "./files-after";
import { type Memory, writeMemory } from "./memory";
import type { Leg, Offsite } from "./offsite";
import { differingOf, mend } from "./prove";
import { failureOf } from "./remote";
import { costOf, shareOf } from "./scrub-share";
import { addSums, type Sum, sumNow, turnSums } from "./sums";
import { passWithSums, wholeLeg } from "./transfer";
import type { Differing } from "./which-is-good";

/** One look takes as many files, and as many bytes unless a single one has more. */
const sliceFiles = 5000;
const sliceBytes = 1024 ** 3;

/**
 * Reads a part of all files at both ends, going on where the last run stopped, so that each is compared by content within the estate's
 * period. What is good here is sent again; what may be good there alone is named, each night until it is answered, and neither changed.
 */
export const scrub: Phase<Offsite> = {
  name: "scrub",
  run: run => inRestOfTime(run, () => scrubPart(run)),
};

async function scrubPart(run: Offsite): Promise<void> {
  const done = run.legs.filter(({ isDone }) => isDone).map(({ leg }) => leg);
  await lookAgain(run, done);
  const { config } = run;
  const nowMs = run.startedAt.getTime();
  const lastMs = run.memory.scrub?.atMs ?? nowMs - 86_400_000;
  let left = shareOf(run.memory.parts, nowMs - lastMs, config.scrub.periodMs);
  const at = run.memory.scrub ?? { leg: "", after: "", startedMs: Date.now() };
  const { startedMs } = at;
  let { after } = at;
  let index = Math.max(
    0,
    config.legs.findIndex(leg => leg.from === at.leg),
  );
  // A leg that isn't whole there is waited for: what differs in it is what is owed.
  for (let leg = config.legs[index]; leg && done.includes(leg) && left > 0; leg = config.legs[index]) {
    const slice = sliceAfter(run, leg, after, left);
    if (slice.names.length > 0 && !(await compareSlice(run, leg, slice.names))) break;
    left = slice.left;
    after = slice.names.at(-1) ?? after;
    if (slice.isLast) {
      index += 1;
      after = "";
    }
    keep(run, { scrub: { leg: config.legs[index]?.from ?? "", after, startedMs, atMs: Date.now() } });
  }
  if (index < config.legs.length) return;
  turnSums(config);
  keep(run, {
    scrubbedMs: startedMs,
    scrub: { leg: "", after: "", startedMs: Date.now(), atMs: Date.now() },
  });
}

function keep(run: Offsite, change: Partial<Memory>): void {
  run.memory = { ...run.memory, ...change };
  writeMemory(run.config, run.memory);
}

/** @param most what they may cost @returns what is left of that, 0 where it is too little for the next file */
function sliceAfter(run: Offsite, leg: Leg, after: string, most: number) {
  const names: string[] = [];
  let [bytes, cost] = [0, 0];
  const unread = (folder: string): void =>
    run.log.warn(`${quoted(leg.from)}/${notedName(folder)} can't be read, so that nothing in it is compared`);
  for (const file of filesAfter(leg, after, unread)) {
    const isUsedUp = cost + costOf(file.bytes) > most;
    const isFull = bytes + file.bytes > sliceBytes || names.length >= sliceFiles;
    if (names.length > 0 && (isUsedUp || isFull))
      return { names, left: isUsedUp ? 0 : most - cost, isLast: false };
    names.push(file.name);
    bytes += file.bytes;
    cost += costOf(file.bytes);
  }
  return { names, left: most - cost, isLast: true };
}

/** Half of the budget is the sending's. @returns false when the time is up */
async function compareSlice(run: Offsite, leg: Leg, names: readonly string[]): Promise<boolean> {
  const { config, startedAt, log } = run;
  const leftMs = startedAt.getTime() + config.budgetMs / 2 - Date.now();
  if (leftMs <= 0) return false;
  let isUp = false;
  await mend(run, leg, wholeLeg(leg, names), async (_, transfer) => {
    const sinceMs = Date.now();
    const found: Differing[] = [];
    const sums = new Map<string, Sum>();
    const looked = await passWithSums(
      run,
      transfer,
      ["--checksum", "--dry-run", "-ii"],
      (item, md5) => {
        const other = differingOf(item, md5);
        const name = item.path.toString("latin1");
        const sum = other || md5 === undefined ? undefined : sumNow(leg.from, name, md5, sinceMs);
        if (other) found.push(other);
        if (sum) sums.set(`${Buffer.from(leg.from).toString("latin1")}/${name}`, sum);
        log.progress(`scrub: now ${quoted(item.path)}`);
      },
      leftMs,
    );
    isUp = looked.result.ended === "timed-out";
    if (!isUp && !["complete", "vanished", "partial"].includes(looked.outcome))
      throw failureOf(
        run,
        leg.from,
        looked,
        "What was sent is there; what was not compared is by the next run.",
      );
    addSums(config, sums);
    return found;
  });
  if (!isUp) return true;
  const [only] = names;
  if (only === undefined || names.length > 1) return false;
  run.notes.push(
    `${quoted(leg.from)}/${notedName(only)} can't be compared in half of the budget, and is passed over`,
  );
  return true;
}

/** What was in doubt is, until somebody has answered. */
async function lookAgain(run: Offsite, legs: readonly Leg[]): Promise<void> {
  for (const leg of legs) {
    const names = run.memory.doubtful[leg.from] ?? [];
    if (names.length > 0) await compareSlice(run, leg, names);
  }
}
