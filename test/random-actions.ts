import * as fc from "fast-check";
import { seed } from "./seed";

/** Minutes that tests with random actions go on for; without it each makes its usual number of actions once. */
const minutes = Number(process.env["HOLDFAST_MINUTES"] ?? 0);

/** Jest's time-out for such a test, in ms. @param usualMs for its usual number of actions */
export const patienceMs = (usualMs: number): number => usualMs + minutes * 60_000;

/**
 * Draws actions that follow from the seed, and does one after the other. With HOLDFAST_MINUTES it draws again and again,
 * each time from the next seed, until the time is over.
 * @param act does one action and judges what it left; what it throws gets the seed and the last actions as its message
 * @returns how many were done
 */
export async function actAtRandom<Action>(
  anAction: fc.Arbitrary<Action>,
  usual: number,
  act: (action: Action) => Promise<void>,
): Promise<number> {
  const endMs = Date.now() + minutes * 60_000;
  const done: string[] = [];
  for (let round = 0; round === 0 || Date.now() < endMs; round += 1) {
    const [actions = []] = fc.sample(
      fc.array(anAction, { minLength: usual, maxLength: usual, size: "max" }),
      { seed: seed + round, numRuns: 1 },
    );
    for (const action of actions) {
      done.push(JSON.stringify(action));
      try {
        await act(action);
      } catch (error) {
        throw new Error(
          `action ${done.length} from seed ${seed} (HOLDFAST_SEED=${seed + round}): ${error instanceof Error ? error.message : String(error)}\nlast actions:\n${done.slice(-20).join("\n")}`,
          { cause: error },
        );
      }
      if (round > 0 && Date.now() >= endMs) break;
    }
  }
  if (minutes > 0) console.info(`${done.length} random actions in ${minutes} minutes from seed ${seed}`);
  return done.length;
}
