import type { Plan } from "../plan";
import { listed } from "../checks/wording";
import { capacityDelta, daysToFull, isUnsaid, type Store, storesOf } from "../plan/capacity";
import { yearsOf } from "../plan/graph/loss";
import { placeText } from "../plan/graph/lose";
import { Generations } from "../plan/graph/retention";
import { oftenOf, timelineOf } from "../plan/timeline";
import { formatDuration } from "../plan/units/duration";
import { formatSize } from "../plan/units/size";
import { type Look, tableText } from "./table";

/** One part of what `holdfast plan` shows: the same facts for people and for machines. */
export interface Section {
  readonly title: string;
  /** Key in the JSON. */
  readonly key: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly json: unknown;
}

/** A section as a table under its title. */
export function sectionText({ title, head, rows }: Section, look: Look): string {
  return `${title}\n${tableText(head, rows, look)}`;
}

/** Runs of a span with their budgets, and the room between each budget's end and the next job on the same disk. */
export function timelineSection(plan: Plan, fromMs: number, toMs: number): Section {
  const runs = timelineOf(plan, fromMs, toMs);
  const often = oftenOf(runs);
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: plan.estate.zone,
    ...{ weekday: "short", hour: "2-digit", minute: "2-digit" },
  });
  return {
    title: `Runs from ${instant(fromMs)} to ${instant(toMs)}, in ${plan.estate.zone}`,
    key: "timeline",
    head: ["start", "job", "usually until", "at most until", "next on its disks", "slack"],
    // What runs each hour or more often would hide the night.
    rows: runs
      .filter(({ job }) => !often.has(job))
      .map(run => [
        clock.format(run.startMs),
        run.job,
        clock.format(run.usualEndMs),
        clock.format(run.budgetEndMs),
        run.next ? `${run.next.job} (${run.next.disk})` : "-",
        run.slackMs === undefined ? "-" : signed(run.slackMs),
      ]),
    json: runs.map(({ askedMs, startMs, usualEndMs, budgetEndMs, next, slackMs, ...run }) => ({
      ...run,
      asked: instant(askedMs),
      start: instant(startMs),
      usualEnd: instant(usualEndMs),
      budgetEnd: instant(budgetEndMs),
      ...(next ? { next: { job: next.job, disk: next.disk, start: instant(next.startMs) } } : {}),
      ...(slackMs === undefined ? {} : { slackSeconds: slackMs / 1000 }),
    })),
  };
}

/** Every copy of every dataset: by which jobs, where, how many generations there are, and how far back they reach. */
export function routesSection(plan: Plan): Section {
  const generations = new Generations(yearsOf(plan));
  const routes = plan.copies.map(copy => ({ copy, reach: generations.reachOf(copy) }));
  const leftOut = plan.datasets.filter(dataset => dataset.unprotected);
  return {
    title: "Routes and what is kept, over the estate's years",
    key: "routes",
    head: ["dataset", "by", "to", "generations", "reaches back"],
    rows: routes
      .map(({ copy, reach }) => [
        copy.dataset.id,
        copy.way.jobs.map(job => job.called).join(" > "),
        placeText(copy.location),
        reach.leastGenerations === reach.mostGenerations
          ? `${reach.mostGenerations}`
          : `${reach.leastGenerations} to ${reach.mostGenerations}`,
        formatDuration(reach.oldestRestorableMs),
      ])
      .concat(
        leftOut.map(({ id, unprotected }) => [
          id,
          "-",
          `left out until ${unprotected?.expires ?? ""}`,
          "-",
          "-",
        ]),
      ),
    json: routes.map(({ copy, reach }) => ({
      dataset: copy.dataset.id,
      via: copy.way.jobs.map(job => job.called),
      to: placeText(copy.location),
      leastGenerations: reach.leastGenerations,
      mostGenerations: reach.mostGenerations,
      oldestRestorableSeconds: reach.oldestRestorableMs / 1000,
    })),
  };
}

/** What each store needs once every retention has filled up, and when growth fills it. */
export function capacitySection(plan: Plan, nowMs: number): Section {
  const stores = storesOf(plan).map(store => ({ store, days: daysToFull(store) }));
  const needText = ({ needBytes, mostBytes, unsized, othersUnsaid }: Store): string =>
    `${withUnsized(rangeText(needBytes, mostBytes, formatSize), unsized)}${othersUnsaid ? " and what others take, which nobody says" : ""}`;
  // What others take makes it full on that day at the latest.
  const fullText = (store: Store, days: number | undefined): string => {
    if (days === undefined) return isUnsaid(store) || store.othersUnsaid ? "unknown" : "-";
    return `${date(days) ?? ""}${store.othersUnsaid ? " or before" : ""}`;
  };
  const date = (days: number | undefined): string | undefined =>
    days === undefined ? undefined : new Date(nowMs + days * 86_400_000).toISOString().slice(0, 10);
  return {
    title: "Capacity, with every retention filled up",
    key: "capacity",
    head: ["store", "needs", "of", "held by earlier generations", "full on"],
    rows: stores.map(({ store, days }) => [
      store.name,
      needText(store),
      formatSize(store.sizeBytes),
      formatSize(store.pinnedBytes),
      fullText(store, days),
    ]),
    json: stores.map(
      ({
        store: {
          name,
          kind,
          sizeBytes,
          usableBytes,
          needBytes,
          mostBytes,
          pinnedBytes,
          othersUnsaid,
          ...unsaid
        },
        days,
      }) => ({
        ...{ name, kind, sizeBytes, usableBytes, needBytes, mostBytes, pinnedBytes },
        ...(othersUnsaid && { othersUnknown: true }),
        ...filled({
          unsized: unsaid.unsized,
          changeUnknown: unsaid.unchurned,
          growthUnknown: unsaid.ungrown,
        }),
        fullOn: date(days) ?? null,
      }),
    ),
  };
}

/** What an edit costs: stores whose need or size differs from an earlier estate's. */
export function deltaSection(before: Plan, after: Plan): Section {
  const deltas = capacityDelta(before, after);
  return {
    title: "Capacity against the earlier estate",
    key: "delta",
    head: ["store", "needs", "grows a day"],
    rows: deltas.map(({ name, needBytes, mostBytes, growthPerDayBytes, unsized, ungrown }) => [
      name,
      withUnsized(rangeText(needBytes, mostBytes, signedSize), unsized),
      ungrown.length > 0
        ? `${signedSize(growthPerDayBytes)} and what ${listed(ungrown)} grows by, which nobody says`
        : signedSize(growthPerDayBytes),
    ]),
    json: deltas.map(({ name, needBytes, mostBytes, growthPerDayBytes, unsized, ungrown }) => ({
      ...{ name, needBytes, mostBytes, growthPerDayBytes },
      ...filled({ unsized, growthUnknown: ungrown }),
    })),
  };
}

/** "1.2 TB", or "1.2 TB to 3.4 TB" where the estate doesn't say how much changes. */
function rangeText(leastBytes: number, mostBytes: number, text: (bytes: number) => string): string {
  return mostBytes === leastBytes ? text(leastBytes) : `${text(leastBytes)} to ${text(mostBytes)}`;
}

function signedSize(bytes: number): string {
  return `${bytes < 0 ? "" : "+"}${formatSize(bytes)}`;
}

/** Those lists that have something in them. */
function filled(lists: Readonly<Record<string, readonly string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}

/** What is known to be needed, and whose size nobody says. */
function withUnsized(known: string, unsized: readonly string[]): string {
  if (unsized.length === 0) return known;
  return `${known} and ${listed(unsized)}, of unknown size`;
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

function signed(ms: number): string {
  return ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms);
}
