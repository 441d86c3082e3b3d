import { firings, longestGap } from "./calendar";
import type { Job, Trigger } from "./job";

/** The largest age of a job's last success that a rule can see although every run took place. */
export interface HealthyAge {
  readonly ms: number;
  /** The two starts between which the schedule leaves its longest gap, as epoch ms. */
  readonly gapFromMs: number;
  readonly gapToMs: number;
  readonly gapMs: number;
}

/**
 * Worst healthy age: the longest gap between two starts in the job's own zone (25 h for a daily job when summer time
 * ends), the second run late by randomised delay and accuracy and as long as its budget, and the way of its metric to
 * the rule. The first run counts as instant: a run that finds nothing to do is one.
 * @param visibleAfterMs push, scrape and evaluation, in ms
 */
export function healthyAge(
  trigger: Trigger,
  budgetMs: number,
  visibleAfterMs: number,
  years: readonly number[],
): HealthyAge {
  const gap = longestGap(trigger.schedule, trigger.zone, years);
  return {
    ms: gap.ms + trigger.randomizedDelayMs + trigger.accuracyMs + budgetMs + visibleAfterMs,
    gapFromMs: gap.fromMs,
    gapToMs: gap.toMs,
    gapMs: gap.ms,
  };
}

/** The tightest stale threshold that is silent on every healthy day: the worst healthy age, rounded up to whole minutes (seconds below 10 min). */
export function tightestStaleAfter(age: HealthyAge): number {
  const step = age.ms < 600_000 ? 1_000 : 60_000;
  return Math.ceil(age.ms / step) * step;
}

/** The least loss that a job can promise, as its runs are: by then somebody has heard that one is missing. */
export function tightestPromise({ trigger, budgetMs, judged }: Job, years: readonly number[]): number {
  const { forMs, visibleAfterMs } = judged;
  return tightestStaleAfter(healthyAge(trigger, budgetMs, visibleAfterMs, years)) + forMs + visibleAfterMs;
}

/** Starts that pass without a success, from the one before the schedule's longest gap on, until the alert about it fires. */
export function runsMissedBeforeAlert({ trigger, judged }: Job, lastStartMs: number): number {
  const silentMs = judged.staleAfterMs + judged.forMs;
  return firings(trigger.schedule, trigger.zone, lastStartMs + 1, lastStartMs + silentMs + 1).length;
}
