import { randomUUID } from "node:crypto";
import { acknowledge as acknowledgeDebt } from "../runtime/journal-consumer";
import { RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { type Memory, writeMemory } from "./memory";
import type { LegRun, Offsite } from "./offsite";
import { bind, settle, withRecent } from "./on-disk";
import { writeFar } from "./reach";
import { judge } from "./send";

/**
 * Says what the destination has verified: there first, then in the journals, and in this host's memory last. Of a run that ends in
 * between the destination has what the next run knows it may have, and a journal whose cursor it doesn't know is owed as a whole.
 */
export const acknowledge: Phase<Offsite> = {
  name: "acknowledge",
  async run(run) {
    const { config, legs } = run;
    const done = legs.filter(({ isDone }) => isDone);
    if (done.length === 0) return writeMemory(config, run.memory);
    try {
      run.memory = withTimes(hasNews(run) ? await tell(run, done) : withRecent(run), done);
      writeMemory(config, run.memory);
    } catch (error) {
      // What isn't acknowledged is owed.
      for (const each of legs) each.isDone = false;
      run.stop.check("acknowledge");
      if (run.held.length === 0 || !(error instanceof RunnerError)) throw error;
      // What wasn't sent is told first: mostly both have one cause, and this one names no file.
      run.held.push({ what: config.destination.name, reason: error.failed, next: error.next });
      return await judge.run(run);
    } finally {
      run.isBound = false;
    }
  },
};

/** Of a night in which nothing was named and nothing sent, both ends remember the same by what the last one told. */
function hasNews({ isNews, memory, debts }: Offsite): boolean {
  const isOwed = [...debts.values()].some(({ segments, whole }) => segments > 0 || whole !== undefined);
  return isNews || isOwed || memory.token === undefined || Object.keys(memory.recent).length > 0;
}

/** @returns the memory of it */
async function tell(run: Offsite, done: readonly LegRun[]): Promise<Memory> {
  const { config, debts } = run;
  const [mark, token] = [required(run.memory.mark, "mark"), randomUUID()];
  await bind(run);
  run.memory = { ...run.memory, telling: token };
  writeMemory(config, run.memory);
  // Synced with what it tells of: before this host remembers it, it says nothing.
  await writeFar(run, { mark, token });
  // Also where this run sent nothing: one that was killed may have, a moment ago.
  const isOnDisk = (run.memory.syncs === true || run.sent.files > 0) && (await settle(run));
  const memory = withRecent(run, isOnDisk);
  delete memory.telling;
  const isWhole = (folder: string): boolean =>
    config.legs
      .filter(({ journals }) => journals.some(journal => journal.folder === folder))
      .every(({ from }) => done.some(({ leg }) => leg.from === from));
  const stamps: Record<string, string> = { ...memory.stamps };
  for (const [folder, debt] of debts)
    if (isWhole(folder)) stamps[folder] = acknowledgeDebt(folder, config.job, debt);
  return { ...memory, mark, token, stamps };
}

function withTimes(memory: Memory, done: readonly LegRun[]): Memory {
  const times = Object.fromEntries(done.map(({ leg, asOfMs }) => [leg.from, asOfMs]));
  return { ...memory, legs: { ...memory.legs, ...times }, full: { ...times, ...memory.full } };
}
