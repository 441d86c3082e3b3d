import type { Plan } from "../plan";
import { previousFiring } from "../plan/calendar";
import type { Job } from "../plan/job";

/** Time that a job may take up, as epoch ms; its end counts as free. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How late after its calendar a start can be by itself, in ms. */
export function startDelay({ trigger }: Job): number {
  return trigger.randomizedDelayMs + trigger.accuracyMs;
}

const none: readonly Job[] = [];
const known = new WeakMap<Plan, Map<Job, readonly Job[]>>();

/** Jobs of the same machine that a start of a job waits for, whose names are known. Asked for each of its runs. */
export function awaited(job: Job, plan: Plan): readonly Job[] {
  if (job.trigger.after.length === 0) return none;
  const byJob = known.get(plan) ?? new Map<Job, readonly Job[]>();
  known.set(plan, byJob);
  const found =
    byJob.get(job) ??
    plan.jobs.filter(other => other.host === job.host && job.trigger.after.includes(other.name));
  byJob.set(job, found);
  return found;
}

/** Whether a job waits for another, directly or by way of others. */
export function waitsFor(job: Job, other: Job, plan: Plan, seen = new Set<Job>()): boolean {
  if (seen.has(job)) return false;
  seen.add(job);
  return awaited(job, plan).some(next => next === other || waitsFor(next, other, plan, seen));
}

/**
 * The latest end of the run that starts by its calendar at an instant: late by delay and accuracy, held up by what it
 * waits for, and as long as its budget.
 */
export function latestEnd(job: Job, startMs: number, plan: Plan, seen: readonly Job[] = []): number {
  let fromMs = startMs + startDelay(job);
  for (const other of awaited(job, plan)) {
    if (seen.includes(other) || other === job) continue;
    const otherMs = previousFiring(other.trigger.schedule, other.trigger.zone, fromMs + 1);
    if (otherMs !== undefined) fromMs = Math.max(fromMs, latestEnd(other, otherMs, plan, [...seen, job]));
  }
  return fromMs + job.budgetMs;
}

/**
 * What `latestEnd` is never later than, in ms after the run's own time: each of those that it waits for may begin just when it
 * would, and one after the other.
 */
export function longestRun(job: Job, plan: Plan, seen: readonly Job[] = []): number {
  return awaited(job, plan)
    .filter(other => !seen.includes(other) && other !== job)
    .reduce((sum, other) => sum + longestRun(other, plan, [...seen, job]), startDelay(job) + job.budgetMs);
}
