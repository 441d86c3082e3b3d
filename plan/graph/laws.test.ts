import fc from "fast-check";
import { parseEstate, planOf } from "..";
import { exampleEstate } from "../estate/example";
import { type Loss, lossesOf } from "./loss";
import {
  estateOf,
  type JobName,
  jobNames,
  possible,
  type RandomEstate,
  randomEstate,
} from "./simulated-estate.test-support";
import { Timeline } from "./versions";

const dayMs = 86_400_000;
// Drawn from one seed: the many begin with the few.
const numRuns = process.env["HOLDFAST_LONG"] === "1" ? 40 : 12;
const fromMs = Date.parse("2026-03-20T00:00:00Z");

/** Losses over three weeks in which clocks change in Sofia. */
function losses(estate: RandomEstate, shiftMs = 0): Loss[] {
  const plan = planOf(parseEstate(estateOf(estate)));
  const horizon = { fromMs: fromMs + shiftMs, toMs: fromMs + shiftMs + 21 * dayMs, warmUpMs: 42 * dayMs };
  return lossesOf(plan, new Timeline(plan.jobs, horizon));
}

type Run = RandomEstate[JobName];

function withRuns(estate: RandomEstate, change: (run: Run, job: JobName) => Partial<Run>): RandomEstate {
  const runs = jobNames.map(job => [job, { ...estate[job], ...change(estate[job], job) }]);
  return possible({ ...estate, ...(Object.fromEntries(runs) as Record<JobName, Run>) });
}

/** Jobs that wait for nothing and end before they start again. */
const independent = randomEstate.map(estate =>
  withRuns(estate, ({ runMinutes }) => ({ after: [], runMinutes: 1 + (runMinutes % 30) })),
);
const aJob = fc.constantFrom(...jobNames);

function expectNoneGreater(one: readonly Loss[], other: readonly Loss[]): void {
  const worse = one.filter(
    (loss, index) => (loss.worstLossMs ?? Infinity) > (other[index]?.worstLossMs ?? Infinity),
  );
  expect(worse).toEqual([]);
}

test("a further job, and with it further copies, never makes a loss worse", () =>
  fc.assert(
    fc.property(independent, aJob, (estate, job) =>
      expectNoneGreater(
        losses(withRuns(estate, (_, name) => (name === job ? { missing: false } : {}))),
        losses(withRuns(estate, (_, name) => (name === job ? { missing: true } : {}))),
      ),
    ),
    { numRuns },
  ));

test("a longer run never makes a loss smaller", () =>
  fc.assert(
    fc.property(independent, aJob, fc.integer({ min: 1, max: 29 }), (estate, job, minutes) =>
      expectNoneGreater(
        losses(estate),
        losses(
          withRuns(estate, ({ runMinutes }, name) =>
            name === job ? { runMinutes: runMinutes + minutes } : {},
          ),
        ),
      ),
    ),
    { numRuns },
  ));

test("in UTC, an estate a day later loses the same, a day later", () =>
  fc.assert(
    fc.property(randomEstate, estate => {
      const inUtc = withRuns(estate, ({ times }) => ({ times: { ...times, zone: "UTC" } }));
      const later = withRuns(inUtc, ({ times }) => ({
        times: { ...times, weekdays: times.weekdays.map(weekday => (weekday + 1) % 7) },
      }));
      expect(losses(later, dayMs)).toEqual(
        losses(inUtc).map(loss =>
          loss.worstAtMs === undefined ? loss : { ...loss, worstAtMs: loss.worstAtMs + dayMs },
        ),
      );
    }),
    { numRuns },
  ));

test("an estate that went through JSON is the same, and so is its plan", () =>
  fc.assert(
    fc.property(randomEstate, estate => {
      for (const input of [estateOf(estate), exampleEstate()]) {
        const estate = parseEstate(input);
        const again = parseEstate(JSON.parse(JSON.stringify(input)));
        expect(again).toEqual(estate);
        expect(JSON.stringify(planOf(again).jobs)).toBe(JSON.stringify(planOf(estate).jobs));
        // What has its defaults filled in is an estate too.
        expect(parseEstate(JSON.parse(JSON.stringify(estate)))).toEqual(estate);
      }
    }),
    { numRuns: numRuns / 2 },
  ));

test("what counts within a span is what counts over all the weeks, narrowed to it", () =>
  fc.assert(
    fc.property(randomEstate, fc.nat(20), fc.nat(1_440), (estate, day, minute) => {
      const plan = planOf(parseEstate(estateOf(estate)));
      const timeline = new Timeline(plan.jobs, { fromMs, toMs: fromMs + 21 * dayMs, warmUpMs: 42 * dayMs });
      const spanFromMs = fromMs + day * dayMs + minute * 60_000;
      const spanToMs = spanFromMs + 3 * dayMs;
      for (const { way } of plan.copies) {
        const { readMs, availableMs } = timeline.countedOf(way);
        const first = Math.max(0, availableMs.filter(ms => ms <= spanFromMs).length - 1);
        const end = availableMs.filter(ms => ms < spanToMs).length;
        expect(timeline.countedWithin(way, spanFromMs, spanToMs)).toEqual({
          readMs: readMs.slice(first, end),
          availableMs: availableMs.slice(first, end),
        });
      }
    }),
    { numRuns },
  ));
