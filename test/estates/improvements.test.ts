import { keyOf, runChecks } from "../../checks";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import { improvementsOf } from "../../plan/graph/improve";
import { lossesOf } from "../../plan/graph/loss";
import { estate as homelab } from "../../stacks/homelab/estate";
import { estate as small } from "../../templates/small/estate";

const nowMs = Date.UTC(2026, 5, 1);

function errorsOf(estate: EstateInput): string[] {
  return runChecks(planOf(parseEstate(estate)), nowMs)
    .filter(({ severity }) => severity === "error")
    .map(keyOf);
}

type Part = { schedule?: { onCalendar?: string; cron?: string } };

// In Berlin, clocks bring the budgets of two jobs together on one night of the year: that is no leave for all the others.
test.each([
  ["small", small as EstateInput],
  ["homelab", homelab as EstateInput],
])("a move that rpo names brings no error into the estate %s", (_, estate) => {
  const plan = planOf(parseEstate(estate));
  const moves = new Map(
    improvementsOf(plan, lossesOf(plan)).map(move => [
      `${move.host}/${move.job} to ${move.toCalendar}`,
      move,
    ]),
  );
  expect(moves.size).toBeGreaterThan(1);
  for (const [name, { job, host, fromCalendar, toCalendar }] of moves) {
    const { said: where } = plan.jobs.find(each => each.name === job && each.host === host) ?? {};
    const edited = structuredClone(estate);
    const part = where?.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown>)[key],
      edited,
    ) as Part;
    if (part.schedule?.cron === fromCalendar) part.schedule.cron = toCalendar;
    else if (part.schedule?.onCalendar === fromCalendar) part.schedule.onCalendar = toCalendar;
    else throw new Error(`${name}: its part of the estate has no "${fromCalendar}"`);
    expect([name, errorsOf(edited)]).toEqual([name, []]);
  }
});
