import { long } from "./long";

/**
 * At which of a run's steps one way of ending it is tried. A matrix of steps and ways has diagonals, on which each step is ended
 * in one way; of them `npm test` walks the last steps, so that each way ends a late one, and with the last way an early one, at which
 * little has begun. `npm run test:long` walks all of the matrix.
 * @param steps in the order in which a run comes to them
 * @param way which of `ways` it is, from 0 on
 */
export function endedSteps<Step>(steps: readonly Step[], way: number, ways: number): readonly Step[] {
  if (long) return steps;
  const diagonal = steps.filter((_, step) => step % ways === way);
  const isTried = (at: number): boolean => at === diagonal.length - 1 || (at === 0 && way === ways - 1);
  return diagonal.filter((_, at) => isTried(at));
}
