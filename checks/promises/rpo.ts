import type { Plan } from "../../plan";
import type { Dataset } from "../../plan/datasets";
import type { Domain } from "../../plan/estate/services";
import type { Way } from "../../plan/graph/copies";
import { type Survivors, survivorsOf, type Worst, worstAloneMs, worstOf } from "../../plan/graph/loss";
import { parseDuration, formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample, mended } from "../examples";
import { lockedSecrets } from "../locked-secrets";
import { fallsShort } from "../protection";
import { yearsOf } from "../../plan/graph/loss";
import { instantText } from "../wording";

export const rpo = defineCheck({
  code: "promises/rpo",
  severity: "error",
  title: "A disaster can cost a service more than it is promised",
  why: "Intervals don't add up to a loss: phases do. A weekly dump, a daily mirror and a daily off-site run lose a week and five and a half hours when the site is gone just before the run that would have brought the new dump.",
  run: plan => {
    const worst = worstFinder(plan);
    const excused = excuses(plan);
    return [...survivorsOf(plan)].flatMap(([service, datasets]) => {
      const promised = Object.entries(plan.estate.services[service]?.promise?.rpo ?? {});
      const broken = promised
        .map(([domain, text]) =>
          brokenPromise(domain as Domain, parseDuration(text), datasets, worst, excused),
        )
        .filter(found => found !== undefined)
        .sort((a, b) => excessOf(b) - excessOf(a));
      const [first] = broken;
      return first ? [finding(service, first, broken.slice(1))] : [];
    });
  },
  examples: {
    bad: [
      mended(
        example("a weekly dump for a loss of 27 hours", ({ layers }) =>
          edit(layers["cluster-dump"][0], {
            schedule: { cron: "0 1 * * 0" },
            promise: { rpo: "8d" },
          }),
        ),
        {
          says: "Run etcd-backup more often",
          edit: ({ layers }) =>
            edit(layers["cluster-dump"][0], { schedule: { cron: "0 1 * * *" }, promise: { rpo: "27h" } }),
        },
      ),
      mended(
        example("copies that count once all was compared, within five days", ({ layers }) =>
          edit(layers["offsite-sync"][0], { scrub: { period: "5d", counts: "compared" } }),
        ),
        {
          says: "Let what is sent count once it was",
          edit: ({ layers }) => edit(layers["offsite-sync"][0], { scrub: { period: "5d", counts: "sent" } }),
        },
      ),
      mended(
        mirrorExample("a mirror that starts before the dumps", {
          schedule: { onCalendar: "*-*-* 00:30:00" },
        }),
        {
          says: "each sooner after the one before",
          edit: ({ layers }) => edit(layers["nfs-mirror"][0]?.schedule, { onCalendar: "*-*-* 02:00:00" }),
        },
      ),
    ],
    good: [
      example("a chain of daily jobs that start one after the other"),
      example("a weekly dump of what may lose nine days", ({ services, layers }) => {
        edit(layers["cluster-dump"][0], { schedule: { cron: "0 1 * * 0" }, promise: { rpo: "8d" } });
        edit(services.etcd, { promise: { rpo: { site: "9d", "live-disk": "9d" } } });
      }),
    ],
  },
});

interface Broken {
  readonly domain: Domain;
  readonly promisedMs: number;
  readonly dataset: Dataset;
  readonly worst: Worst;
}

function excessOf({ worst, promisedMs }: Broken): number {
  return (worst.worstLossMs ?? Infinity) - promisedMs;
}

type WorstOf = (survivors: Survivors, domain: Domain, promisedMs: number) => Worst | undefined;
type Excused = (dataset: Dataset, domain: Domain) => boolean;

function brokenPromise(
  domain: Domain,
  promisedMs: number,
  datasets: readonly Survivors[],
  worstOfDataset: WorstOf,
  excused: Excused,
): Broken | undefined {
  const broken = datasets.flatMap(survivors => {
    const worst = worstOfDataset(survivors, domain, promisedMs);
    const { dataset } = survivors;
    if (!worst || (worst.worstLossMs ?? Infinity) <= promisedMs) return [];
    if (worst.worstLossMs === undefined && excused(dataset, domain)) return [];
    return [{ domain, promisedMs, dataset, worst }];
  });
  return broken.sort((a, b) => excessOf(b) - excessOf(a))[0];
}

/**
 * Worst losses; datasets whose copies come the same ways share one computation. Nothing where one of the ways alone keeps what is
 * promised: the others can only add to it.
 */
function worstFinder(plan: Plan): WorstOf {
  const timeline = yearsOf(plan);
  const known = new Map<readonly Way[], Worst>();
  return ({ ways }, domain, promisedMs) => {
    const left = ways.get(domain);
    if (left === "live" || left === undefined || left.some(way => worstAloneMs(way, plan) <= promisedMs))
      return undefined;
    const worst = known.get(left) ?? worstOf(left, timeline);
    known.set(left, worst);
    return worst;
  };
}

/** Nothing is left for a reason that another check gives: a missing route, or copies that no secret opens. */
function excuses(plan: Plan): Excused {
  const short = fallsShort(plan);
  const locked = lockedSecrets(plan).length > 0;
  return (dataset, domain) => short.has(dataset) || (locked && (domain === "site" || domain === "secrets"));
}

function finding(service: string, first: Broken, others: readonly Broken[]): Found {
  const { domain, promisedMs, dataset, worst } = first;
  const of = dataset.id === service ? "" : ` of ${dataset.id}`;
  const also = others.map(other => `${other.domain} ${lossText(other.worst)}`);
  const more = also.length === 0 ? "" : ` Broken too: ${also.join(", ")}.`;
  const route = [dataset.id, ...worst.via].join(" > ");
  const at = worst.worstAtMs === undefined ? undefined : instantText(worst.worstAtMs);
  const message =
    worst.worstLossMs === undefined
      ? `${service} is promised a loss of at most ${formatDuration(promisedMs)} in the disaster "${domain}", but no copy${of} survives it.${more}`
      : `${service} is promised a loss of at most ${formatDuration(promisedMs)} in the disaster "${domain}", but at ${at ?? ""} it loses ${formatDuration(worst.worstLossMs)}${of}: what is left came by ${route}${worst.countsAfterMs === undefined ? "" : `, and counts once all of it was compared, ${formatDuration(worst.countsAfterMs)} later`}.${more}`;
  return {
    subject: service,
    message,
    fix:
      worst.worstLossMs === undefined
        ? `Add a copy that survives "${domain}", or take ${domain} out of services.${service}.promise.rpo.`
        : `${remedyOf(worst)}, or promise ${formatDuration(Math.ceil(worst.worstLossMs / 3_600_000) * 3_600_000)} at least.`,
    evidence: {
      domain,
      dataset: dataset.id,
      promisedMs,
      ...(worst.worstLossMs === undefined ? {} : { worstLossMs: worst.worstLossMs }),
      ...(at === undefined ? {} : { worstAt: at }),
      via: worst.via,
      also,
    },
  };
}

function remedyOf({ via, countsAfterMs }: Worst): string {
  const [source = "its first job", ...hops] = via;
  if (countsAfterMs !== undefined)
    return 'Let what is sent count once it was ("scrub.counts"), or compare all of it within less';
  return hops.length === 0
    ? `Run ${source} more often`
    : `Run ${[source, ...hops].join(", ")} more often, or each sooner after the one before`;
}

function lossText({ worstLossMs }: Worst): string {
  return worstLossMs === undefined ? "all" : formatDuration(worstLossMs);
}
