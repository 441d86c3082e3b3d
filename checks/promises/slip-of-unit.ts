import type { Plan } from "../../plan";
import { fieldText } from "../../plan/estate/faults";
import type { Domain } from "../../plan/estate/services";
import { survivorsOf } from "../../plan/graph/loss";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { Restore } from "../restore-floors";
import { worstLossMs } from "../worst-loss";
import { takes } from "./looser-than-larger";

/** A promise may have room to spare. So much more than all others of a service is looked at. */
const farLooser = 5;
const dayMs = 86_400_000;

export const slipOfUnit = defineCheck({
  code: "promises/slip-of-unit",
  severity: "warning",
  title: "A promise is days for hours, or has a digit too many, beside all others of its service",
  why: '"26d" for "26h" breaks nothing: each check and each alert that goes by the promise passes, and a dump that stopped is told a month later.',
  run: plan => [...slipsOfLoss(plan), ...slipsOfTime(plan)],
  examples: {
    bad: [
      mended(
        example("days for hours until one is back", ({ services }) =>
          edit(services.books, { promise: { rpo: { site: "33h" }, rto: "8d" } }),
        ),
        {
          says: 'Set services.books.promise.rto to "8h"',
          edit: ({ services }) => edit(services.books, { promise: { rpo: { site: "33h" }, rto: "8h" } }),
        },
      ),
      mended(
        example("days for hours for a fire", ({ services }) =>
          edit(services.books, { promise: { rpo: { "live-disk": "33h", site: "33d" }, rto: "8h" } }),
        ),
        {
          says: 'Set services.books.promise.rpo.site to "33h"',
          edit: ({ services }) =>
            edit(services.books, { promise: { rpo: { "live-disk": "33h", site: "33h" }, rto: "8h" } }),
        },
      ),
      mended(
        example("a digit too many for a fire", ({ services }) =>
          edit(services.books, { promise: { rpo: { "live-disk": "33h", site: "330h" }, rto: "8h" } }),
        ),
        {
          says: 'Set services.books.promise.rpo.site to "33h"',
          edit: ({ services }) =>
            edit(services.books, { promise: { rpo: { "live-disk": "33h", site: "33h" }, rto: "8h" } }),
        },
      ),
    ],
    good: [
      example("five days for books that nobody misses, where all else has five hours", ({ services }) => {
        for (const service of Object.values(services))
          if (service.promise?.rto !== undefined)
            edit(service, { promise: { ...service.promise, rto: "5h" } });
        edit(services.books, { promise: { rpo: { site: "33h" }, rto: "5d" } });
      }),
      example("a month for a fire, and what is no other promise of the service", ({ services }) =>
        edit(services.books, { promise: { rpo: { "live-disk": "33h", site: "30d" }, rto: "8h" } }),
      ),
      example("a time that is longer than all others', and no slip of any", ({ services }) =>
        edit(services.books, { promise: { rpo: { site: "33h" }, rto: "30d" } }),
      ),
      example("two weeks for a fire, and a night and a day for a broken disk", ({ services }) =>
        edit(services.books, { promise: { rpo: { "live-disk": "33h", site: "14d" }, rto: "8h" } }),
      ),
    ],
  },
});

/** Days that people promise on purpose, beside hours: a weekend, a week, a month. */
const wholeDays = new Set([1, 2, 3, 5, 7, 10, 14, 21, 28, 30, 31, 60, 90, 180, 365]);

function isRound(ms: number): boolean {
  return wholeDays.has(ms / dayMs);
}

/** What may have been meant by a promise: hours for days, or a digit less. */
function meantBy(text: string): string | undefined {
  const [, number = "", unit] = /^(\d+)(d|h)$/.exec(text) ?? [];
  if (unit === "d") return `${number}h`;
  return unit === "h" && number.length > 2 && number.endsWith("0") ? `${number.slice(0, -1)}h` : undefined;
}

function slipsOfLoss(plan: Plan): Found[] {
  return [...survivorsOf(plan)].flatMap(([service, datasets]) => {
    const promised = Object.entries(plan.estate.services[service]?.promise?.rpo ?? {});
    return promised.flatMap(([domain, text]) => {
      // Where a larger disaster has a promise, this one is looser than that, and told as such.
      if (promised.some(([other]) => takes(other as Domain, domain as Domain))) return [];
      const others = promised.filter(([other]) => other !== domain).map(([, other]) => parseDuration(other));
      const meant = meantBy(text);
      const ms = parseDuration(text);
      if (meant === undefined || others.length === 0 || ms <= farLooser * Math.max(...others)) return [];
      const meantMs = parseDuration(meant);
      if (isRound(ms) && !others.includes(meantMs)) return [];
      if (meantMs < Math.min(...others) / 2 || meantMs > Math.max(...others) * 2) return [];
      const worstMs = worstLossMs(datasets, domain as Domain, plan);
      if (worstMs === undefined || worstMs > meantMs) return [];
      const at = fieldText(["services", service, "promise", "rpo", domain]);
      return [
        {
          subject: service,
          message: `${service} is promised a loss of ${formatDuration(ms)} at most in the disaster "${domain}", where it loses ${formatDuration(worstMs)} at most, and ${formatDuration(Math.max(...others))} in any other that is named.`,
          fix: `Set ${at} to "${meant}", if that was meant for "${text}".`,
          evidence: { domain, promisedMs: ms, meantMs, worstMs },
        },
      ];
    });
  });
}

/** What another service is promised, word for word, was meant. */
function slipsOfTime(plan: Plan): Found[] {
  const { estate } = plan;
  const isInTime = (service: string, ms: number): boolean => {
    const restore = new Restore(plan);
    return Object.keys(estate.services[service]?.promise?.rpo ?? {}).every(
      domain => restore.floorOf(service, domain as Domain).ms <= ms,
    );
  };
  const promised = Object.entries(estate.services).flatMap(([service, { promise }]) =>
    promise?.rto === undefined ? [] : [{ service, text: promise.rto, ms: parseDuration(promise.rto) }],
  );
  return promised.flatMap(({ service, text, ms }) => {
    const meant = meantBy(text);
    if (meant === undefined || isRound(ms)) return [];
    const others = promised.filter(other => other.service !== service);
    if (ms <= farLooser * Math.max(...others.map(other => other.ms))) return [];
    const alike = others.find(other => other.text === meant);
    if (!alike || !isInTime(service, alike.ms)) return [];
    return [
      {
        subject: service,
        message: `${service} is promised to be back within ${formatDuration(ms)}, and every other service within ${formatDuration(Math.max(...others.map(other => other.ms)))}: ${alike.service} within ${meant}.`,
        fix: `Set ${fieldText(["services", service, "promise", "rto"])} to "${meant}", if that was meant for "${text}".`,
        evidence: { promisedMs: ms, meantMs: alike.ms, service: alike.service },
      },
    ];
  });
}
