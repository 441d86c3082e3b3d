import type { Plan } from "../../plan";
import { firings } from "../../plan/calendar";
import type { Job, Source } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { localTime } from "../local-time";
import { latestEnd, startDelay } from "../windows";

export const snapshotTooOld = defineCheck({
  code: "schedule/snapshot-too-old",
  severity: "error",
  title: "A copy job refuses the snapshots of a healthy schedule",
  why: "A snapshot that is too old isn't copied, so that a dead snapshot job shows. A limit below what two healthy schedules leave between them makes the copies fail on some nights, and the alarm names a job that did nothing wrong.",
  run: plan =>
    plan.jobs.flatMap(reader => {
      const limits = reader.flows.flatMap(({ source }) => limitOf(source));
      const [limit] = limits.sort((a, b) => a.maxAgeMs - b.maxAgeMs);
      const maker = plan.jobs.find(job => job.host === reader.host && job.name === limit?.job);
      return limit && maker ? judged(reader, maker, limit.maxAgeMs, plan) : [];
    }),
  examples: {
    bad: [
      mended(
        example("a limit that a copy at four o'clock is always beyond", ({ layers }) =>
          edit(layers["daily-backup"][0]?.volumes, { maxSnapshotAge: "5h" }),
        ),
        {
          says: "volumes.maxSnapshotAge to 6 h 45 min",
          edit: ({ layers }) => edit(layers["daily-backup"][0]?.volumes, { maxSnapshotAge: "6h 45min" }),
        },
      ),
      mended(
        example("a limit that holds but in the night that has an hour twice", ({ layers }) =>
          edit(layers["daily-backup"][0]?.volumes, { maxSnapshotAge: "6h" }),
        ),
        {
          says: "volumes.maxSnapshotAge to 6 h 45 min",
          edit: ({ layers }) => edit(layers["daily-backup"][0]?.volumes, { maxSnapshotAge: "6h 45min" }),
        },
      ),
    ],
    good: [
      example("a limit of what the snapshots' job promises"),
      example("a limit with room for both budgets and the long night", ({ layers }) =>
        edit(layers["daily-backup"][0]?.volumes, { maxSnapshotAge: "7h" }),
      ),
    ],
  },
});

function limitOf(source: Source): { job: string; maxAgeMs: number }[] {
  return source.kind === "copies-of" && source.maxAgeMs !== undefined
    ? [{ job: source.job, maxAgeMs: source.maxAgeMs }]
    : [];
}

function judged(reader: Job, maker: Job, maxAgeMs: number, plan: Plan): Found[] {
  const { oldest, count } = oldestRead(reader, maker, maxAgeMs, plan);
  if (!oldest) return [];
  const [made, read] = [oldest.madeMs, oldest.readMs].map(instant => localTime(instant, reader.trigger.zone));
  return [
    {
      subject: reader.called,
      message: `${reader.called} refuses snapshots older than ${formatDuration(maxAgeMs)}, and may read one of ${made} until ${read}, when it is ${formatDuration(oldest.ageMs)} old though no run failed; ${count} times in ${plan.estate.years.join(", ")}.`,
      fix: `Set volumes.maxSnapshotAge to ${formatDuration(Math.ceil(oldest.ageMs / 900_000) * 900_000)}, or let ${maker.called} run shortly before ${reader.called}.`,
      evidence: {
        maxAgeMs,
        oldestMs: oldest.ageMs,
        times: count,
        counterexample: [oldest.madeMs, oldest.readMs].map(instant => new Date(instant).toISOString()),
      },
    },
  ];
}

interface Reading {
  readonly madeMs: number;
  readonly readMs: number;
  readonly ageMs: number;
}

/** The oldest snapshot that a healthy run of the reader can come to read, of those beyond a limit. */
function oldestRead(
  reader: Job,
  maker: Job,
  maxAgeMs: number,
  plan: Plan,
): { oldest?: Reading; count: number } {
  const { years } = plan.estate;
  const [fromMs, toMs] = [Date.UTC(Math.min(...years), 0, 1), Date.UTC(Math.max(...years) + 1, 0, 1)];
  const made = firings(maker.trigger.schedule, maker.trigger.zone, fromMs, toMs);
  // The first snapshot of a run counts as made when its calendar says, and a run's last one as there at its end.
  const lateMs = startDelay(maker) + maker.budgetMs;
  let oldest: Reading | undefined;
  let [count, newest] = [0, -1];
  for (const startMs of firings(reader.trigger.schedule, reader.trigger.zone, fromMs, toMs)) {
    while ((made[newest + 1] ?? Infinity) + lateMs <= startMs) newest++;
    if (newest < 0) continue;
    const worst = oldestWithin(startMs, latestEnd(reader, startMs, plan), made, newest, lateMs);
    if (worst.ageMs <= maxAgeMs) continue;
    count++;
    if (!oldest || worst.ageMs > oldest.ageMs) oldest = worst;
  }
  return { ...(oldest ? { oldest } : {}), count };
}

/** A snapshot is at its oldest when the run ends, or when the next one comes during it. */
function oldestWithin(
  startMs: number,
  endMs: number,
  made: readonly number[],
  first: number,
  lateMs: number,
): Reading {
  let worst: Reading = { madeMs: startMs, readMs: startMs, ageMs: -Infinity };
  for (let at = first; at < made.length; at++) {
    const madeMs = made[at] ?? 0;
    if (at > first && madeMs + lateMs > endMs) break;
    const readMs = Math.min(endMs, (made[at + 1] ?? Infinity) + lateMs);
    if (readMs - madeMs > worst.ageMs) worst = { madeMs, readMs, ageMs: readMs - madeMs };
  }
  return worst;
}
