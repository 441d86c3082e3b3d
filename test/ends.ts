import { long } from "./long";

/**
 * At which of a run's steps one way of ending it is tried. A matrix of steps and ways is walked in `npm test` by its corners:
 * each way ends the first and the last step, and each step is ended in one way. `npm run test:long` walks all of it.
 * @param steps in the order in which a run comes to them
 * @param way which of `ways` it is, from 0 on
 */
export function endedSteps<Step>(steps: readonly Step[], way: number, ways: number): readonly Step[] {
  const last = steps.length - 1;
  return steps.filter((_, step) => long || step === 0 || step === last || step % ways === way);
}
