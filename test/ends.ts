import { long } from "./long";

/**
 * At which of a run's steps one way of ending it is tried. A matrix of steps and ways is walked in `npm test` by its diagonals:
 * each step is ended in one way, and each way ends early steps and late ones. `npm run test:long` walks all of it.
 * @param steps in the order in which a run comes to them
 * @param way which of `ways` it is, from 0 on
 */
export function endedSteps<Step>(steps: readonly Step[], way: number, ways: number): readonly Step[] {
  return steps.filter((_, step) => long || step % ways === way);
}
