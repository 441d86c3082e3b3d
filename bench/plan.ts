import { runChecks } from "../checks";
import { parseEstate, planOf } from "../plan";
import { lossesOf } from "../plan/graph/loss";
import { largeEstate } from "./large-estate";
import { median } from "./ratio";
import type { Row } from "./row";

const factors = [1, 2, 4, 8] as const;
const aimMs = 1_000;
// The largest run is often collected in: what it takes beyond its share of the smallest isn't more than this.
const linearWithin = 1.3;

/** Check and RPO of 10 hosts × 1,000 volumes × 50 services over five years, and of twice, four and eight times as much. */
export function benchPlan(): Promise<Row[]> {
  const elapsedMs = factors.map(factor => {
    const estate = largeEstate(factor);
    return median([0, 1, 2].map(() => timed(() => checkAndRpo(estate))));
  });
  const [onceMs = 0] = elapsedMs;
  return Promise.resolve(
    factors.map((factor, index): Row => {
      const ms = elapsedMs[index] ?? 0;
      const share = ms / (onceMs * factor);
      return {
        name: `check and RPO, five years, ${factor} × (10 hosts × 1,000 volumes × 50 services)`,
        value:
          factor === 1
            ? `${Math.round(ms)} ms`
            : `${Math.round(ms)} ms, ${share.toFixed(2)} × ${factor} × the first`,
        aim: factor === 1 ? `< ${aimMs} ms` : `≤ ${linearWithin} × linear`,
        ok: factor === 1 ? ms < aimMs : share <= linearWithin,
      };
    }),
  );
}

function checkAndRpo(estate: unknown): void {
  const plan = planOf(parseEstate(estate));
  runChecks(plan, Date.UTC(2026, 0, 1));
  lossesOf(plan);
}

function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
