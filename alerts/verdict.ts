import type { Plan } from "../plan";
import { previousFiring } from "../plan/calendar";
import type { Job } from "../plan/job";
import {
  ageOf,
  healthyStory,
  type Mishap,
  mishapStory,
  type Story,
  type TargetState,
  targetStory,
} from "./courses";
import { type Firing, firstFiring, lookbacksOf } from "./firing";
import { selected } from "./promql/select";
import { type Expr, selectorsOf } from "./promql/syntax";
import { type Series, seriesOf, tellsOfRuns } from "./series";

/** What an alert does on a healthy day and after a mishap that it is about, where that isn't as it should be. */
export type Verdict =
  /** It fires though nothing is wrong: within the gap of a job's calendar, or with all targets healthy. */
  | {
      readonly kind: "healthy";
      readonly job?: Job;
      readonly atMs: number;
      /** How old the job's last success is then. */
      readonly ageMs: number;
      /** The two starts between which it fires, where it is a job's. */
      readonly between: readonly number[];
    }
  /** No mishap of what it looks at makes it fire. */
  | { readonly kind: "silent"; readonly of: readonly string[] }
  /** It fires after a job's promise is broken. Times from the last good run. */
  | { readonly kind: "late"; readonly job: Job; readonly noticedMs: number; readonly promisedMs: number };

/** Who looks back further, or waits for longer, isn't followed: a century of runs has no end. */
const longestMs = 400 * 86_400_000;

/** More than these aren't followed one by one: an alert over all jobs is judged by the first of them. */
const mostJobs = 8;

/**
 * Follows an alert through what can happen to what it looks at. Nothing where all is as it should be, or where values that
 * nobody knows beforehand decide.
 * @param forMs how long its condition has to hold
 */
export function verdictOf(expr: Expr, forMs: number, plan: Plan): Verdict | undefined {
  const index = seriesOf(plan);
  const series = [...new Set(selectorsOf(expr).flatMap(selector => selected(selector, index)))];
  const others = jobsOf(series, plan);
  const jobs = others.slice(0, mostJobs);
  const isAboutTargets = series.some(({ means }) => means === "flag");
  if (jobs.length === 0 && !isAboutTargets) return undefined;
  const lookbackMs = Math.max(0, ...lookbacksOf(expr).map(Math.abs));
  const [someJob] = jobs;
  if (forMs > longestMs && someJob)
    return { kind: "late", job: someJob, noticedMs: forMs, promisedMs: someJob.judged.rpoMs };
  if (Math.max(forMs, lookbackMs) > longestMs) return undefined;
  const fires = (story: Story, beyond = false): Firing => firstFiring(expr, index, story, forMs, beyond);
  const healthy =
    firesHealthy(jobs, job => fires(healthyStory(job, [job], plan, lookbackMs, forMs)), plan) ??
    firesHealthy(jobs, job => fires(healthyStory(job, others, plan, lookbackMs, forMs)), plan);
  if (healthy) return healthy;
  if (jobs.length === 0) {
    const { sureMs } = fires(targetStory("healthy", others, plan, lookbackMs, forMs));
    if (sureMs !== undefined) return { kind: "healthy", atMs: sureMs, ageMs: 0, between: [] };
  }
  const targetStates: readonly TargetState[] = isAboutTargets ? ["flags-down", "target-down", "gone"] : [];
  const ofTargets = targetStates.map(state => fires(targetStory(state, others, plan, lookbackMs, forMs)));
  const ofJobs = jobs.map(job => ({
    job,
    firings: firingsOf([job], others, plan, lookbackMs, forMs, fires),
  }));
  const [first] = jobs;
  const together =
    first && others.length > 1
      ? firingsOf([first, ...others.slice(1)], others, plan, lookbackMs, forMs, fires)
      : [];
  const all = [...ofTargets, ...ofJobs.flatMap(({ firings }) => firings.map(({ firing }) => firing))];
  const isSilent = [...all, ...together.map(({ firing }) => firing)].every(
    ({ possibleMs }) => possibleMs === undefined,
  );
  if (isSilent) return { kind: "silent", of: [...new Set(series.map(({ emitter }) => emitter))] };
  if (isAboutTargets) return undefined;
  return ofJobs.flatMap(({ job, firings }) => lateness(job, firings) ?? [])[0];
}

/**
 * The first job in whose healthy gap it fires.
 * @param firesIn where other jobs' values aren't known it is this job's own that make it fire, and this one is to be named for it
 */
function firesHealthy(jobs: readonly Job[], firesIn: (job: Job) => Firing, plan: Plan): Verdict | undefined {
  for (const job of jobs) {
    const { sureMs } = firesIn(job);
    if (sureMs === undefined) continue;
    const { gapFromMs, gapToMs } = ageOf(job, plan);
    const startMs = previousFiring(job.trigger.schedule, job.trigger.zone, sureMs + 1) ?? sureMs;
    const ageMs = sureMs - (sureMs >= gapFromMs ? gapFromMs : startMs);
    return { kind: "healthy", job, atMs: sureMs, ageMs, between: [gapFromMs, gapToMs] };
  }
  return undefined;
}

interface MishapFiring {
  readonly goodMs: number;
  readonly firing: Firing;
}

function firingsOf(
  jobs: readonly [Job, ...Job[]],
  others: readonly Job[],
  plan: Plan,
  lookbackMs: number,
  forMs: number,
  fires: (story: Story, beyond?: boolean) => Firing,
): MishapFiring[] {
  const mishaps: readonly Mishap[] = ["fails", "stops", "gone", "ahead"];
  return mishaps.map(mishap => {
    const story = mishapStory(mishap, jobs, others, plan, lookbackMs, forMs);
    return { goodMs: story.goodMs, firing: fires(story, mishap === "fails" || mishap === "stops") };
  });
}

/** Whether the soonest of an alert's firings comes after the job's promise, whatever the values that aren't known. */
function lateness({ ...job }: Job, firings: readonly MishapFiring[]): Verdict | undefined {
  const { rpoMs, visibleAfterMs } = job.judged;
  const after = (atMs: number | undefined, goodMs: number): number =>
    atMs === undefined ? Infinity : atMs - goodMs + visibleAfterMs;
  const soonestMs = Math.min(...firings.map(({ firing, goodMs }) => after(firing.possibleMs, goodMs)));
  const noticedMs = Math.min(...firings.map(({ firing, goodMs }) => after(firing.sureMs, goodMs)));
  if (soonestMs <= rpoMs || soonestMs === Infinity) return undefined;
  return { kind: "late", job, noticedMs: noticedMs === Infinity ? soonestMs : noticedMs, promisedMs: rpoMs };
}

/** Jobs of which series say how they ran. */
function jobsOf(series: readonly Series[], { jobs }: Plan): Job[] {
  const places = new Set(
    series
      .filter(each => tellsOfRuns(each))
      .map(({ labels, emitter }) => `${labels["instance"] ?? ""} ${emitter}`),
  );
  return jobs.filter(job => places.has(`${job.host} ${job.name}`));
}
