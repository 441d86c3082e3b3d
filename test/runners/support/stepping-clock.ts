import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FinishedRun } from "./started-run";

/** A host's clock, as its runs see it: file systems go on telling the real time. */
export interface SteppingClock {
  aheadDays: number;
  /** Of a run by that clock. */
  environment(): Readonly<Record<string, string>>;
  /**
   * Judges what a run made of its clock.
   * @returns whether it was refused, so that it has changed nothing
   * @throws {Error} when it was, or wasn't, and should have been otherwise
   */
  judge(run: FinishedRun): boolean;
  /** Something else than such a run has ended, by the real clock. */
  forget(): void;
}

/** A clock that is that much behind the end of the last run has gone back. */
const toleratedDays = 2;

export function createSteppingClock(folder: string): SteppingClock {
  /** By which clock the last run has ended; undefined where that isn't known. */
  let endedDays: number | undefined = undefined;
  const clock: SteppingClock = {
    aheadDays: 0,
    environment() {
      const preload = join(folder, `clock-${clock.aheadDays}.cjs`);
      const now = `Real.now() + ${clock.aheadDays * 86_400_000}`;
      writeFileSync(
        preload,
        `const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...given) { if (given.length === 0) super(${now}); else super(...given); }
  static now() { return ${now}; }
};
`,
      );
      return { NODE_OPTIONS: `--require ${preload}` };
    },
    judge({ status, stdout, stderr }) {
      const said = stdout + stderr;
      const isRefused = said.includes("this host's clock went back");
      const isBack = endedDays !== undefined && clock.aheadDays + toleratedDays < endedDays;
      // One that was told to stop, or killed, may not have come so far, nor have told its end.
      const isEnded = status !== null && status < 128;
      if (isEnded && endedDays !== undefined && isRefused !== isBack)
        throw new Error(
          `the clock is ${clock.aheadDays} days ahead, after a run by one that was ${endedDays}: ${said}`,
        );
      if (isRefused && status === 0) throw new Error(`a refused run is a success: ${said}`);
      endedDays = isEnded ? clock.aheadDays : undefined;
      return isRefused;
    },
    forget() {
      endedDays = undefined;
    },
  };
  return clock;
}
