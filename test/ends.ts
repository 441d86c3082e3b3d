import { long } from "./long";

/**
 * At which of a run's steps one way of ending it is tried. A matrix of steps and ways has diagonals, on which each step is ended
 * in one way; `npm test` walks them at their corners, so that each way ends an early step and a late one. `npm run test:long` walks
 * all of the matrix.
 * @param steps in the order in which a run comes to them
 * @param way which of `ways` it is, from 0 on
 */
export function endedSteps<Step>(steps: readonly Step[], way: number, ways: number): readonly Step[] {
  if (long) return steps;
  const diagonal = steps.filter((_, step) => step % ways === way);
  return diagonal.filter((_, at) => at === 0 || at === diagonal.length - 1);
}
