import { randomUUID } from "node:crypto";
import { acknowledge as acknowledgeDebt } from "../runtime/journal-consumer";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { type Memory, writeMemory } from "./memory";
import type { Offsite } from "./offsite";
import { settle, withRecent } from "./on-disk";
import { writeFar } from "./reach";

/**
 * Says what the destination has verified: there first, then in the journals, and in this host's memory last. Of a run that is killed
 * in between they say different things, and the next one compares all.
 */
export const acknowledge: Phase<Offsite> = {
  name: "acknowledge",
  async run(run) {
    const { config, legs, debts } = run;
    const done = legs.filter(({ isDone }) => isDone);
    if (done.length === 0) return writeMemory(config, run.memory);
    // Also where this run sent nothing: one that was killed may have, a moment ago.
    const isOnDisk = (run.memory.syncs === true || run.sent.files > 0) && (await settle(run));
    const memory = withRecent(run, isOnDisk);
    const mark = required(memory.mark, "mark");
    const token = randomUUID();
    await writeFar(run, { mark, token });
    // Where what says so is lost there, all is compared.
    if (isOnDisk) await settle(run);
    const isWhole = (folder: string): boolean =>
      config.legs
        .filter(({ journals }) => journals.some(journal => journal.folder === folder))
        .every(({ from }) => done.some(({ leg }) => leg.from === from));
    const stamps: Record<string, string> = { ...memory.stamps };
    for (const [folder, debt] of debts)
      if (isWhole(folder)) stamps[folder] = acknowledgeDebt(folder, config.job, debt);
    const times = done.map(({ leg, asOfMs }) => [leg.from, asOfMs] as const);
    const kept: Memory = {
      ...memory,
      mark,
      token,
      stamps,
      legs: { ...memory.legs, ...Object.fromEntries(times) },
      full: { ...Object.fromEntries(times), ...memory.full },
    };
    writeMemory(config, kept);
    run.memory = kept;
  },
};
