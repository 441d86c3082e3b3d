import { type Plan, planOf } from "../../plan";
import type { Estate } from "../../plan/estate/schema";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { tooMuchForBudget } from "../order/too-much-for-budget";
import { counted } from "../wording";
import { rto } from "./rto";

/** Fewer are promises of those services, or budgets of those runs, that are too short; unless it is one of each, which have nothing else in common. */
const many = 3;
const isShared = (services: number, runs: number): boolean =>
  services + runs >= many || (services > 0 && runs > 0);
/** The fastest that an estate may say. */
const atOnce = { bandwidth: "10GB", latency: "0s" };

export const linkTooSlow = defineCheck({
  code: "promises/link-too-slow",
  severity: "error",
  title: "A link is too slow for what several services promise, or several runs carry",
  why: "Ten days for ten minutes, or a megabyte for a hundred, in the one line of an estate that all restores or all copies go over: what is told of it is a broken promise of each service, or the budget of each run.",
  suspicion: true,
  run: plan => {
    const late = lateOn(plan);
    if (!isShared(late.services, late.runs)) return [];
    const { links } = plan.estate;
    const alone = links.flatMap((_, index) => foundOn([index], plan, late));
    // A slip of the unit may be in each of them, as they were written one after the other.
    return alone.length > 0 || links.length < 2 ? alone : foundOn([...links.keys()], plan, late);
  },
  without: ({ estate }, { evidence: { link } }) => {
    const slow = estate.links.flatMap((_, index) =>
      String(link).split(" ").includes(placeOf(index)) ? [index] : [],
    );
    return slow.length > 0 ? [faster(estate, slow)] : [];
  },
  explains: (_, { code }) => /^(promises\/(rto|restored-together)|order\/too-much-for-budget)$/.test(code),
  examples: {
    bad: [
      mended(
        example("a NAS that somebody has to drive to", ({ links }) => edit(links[0], { latency: "2d" })),
        {
          says: "Correct bandwidth and latency of links[0]",
          edit: ({ links }) => edit(links[0], { latency: "10min" }),
        },
        {
          says: "give each of what is told below more time",
          edit: ({ services }) => {
            for (const { promise } of Object.values(services))
              if (promise?.rto !== undefined) promise.rto = "51h";
          },
        },
      ),
    ],
    good: [example("a link on which everything is back in time")],
  },
});

const placeOf = (index: number): string => `links[${index}]`;

/** @param slow numbers of the links that are taken for too slow, all of them together */
function foundOn(slow: readonly number[], plan: Plan, late: Late): Found[] {
  const left = lateOn(planOf(faster(plan.estate, slow)));
  const [services, runs] = [late.services - left.services, late.runs - left.runs];
  if (!isShared(services, runs)) return [];
  const links = plan.estate.links.filter((_, index) => slow.includes(index));
  const named = links.map(
    ({ from, to, bandwidth, latency }) =>
      `${from} > ${to}: ${bandwidth} a second, the first byte after ${latency}`,
  );
  const told = [
    ...(services > 0
      ? [
          `${counted(services, "service is", "services are")} promised to be back sooner than what ${services === 1 ? "it needs" : "they need"} comes`,
        ]
      : []),
    ...(runs > 0
      ? [
          `${counted(runs, "run has", "runs have")} more to carry than ${runs === 1 ? "its budget has" : "their budgets have"} time for`,
        ]
      : []),
  ];
  const [first] = links;
  const places = slow.map(placeOf);
  return [
    {
      subject: first && links.length === 1 ? `${first.from} > ${first.to}` : "links",
      message: `${told.join(", and ")} over the ${links.length === 1 ? "link" : "links"} ${named.join("; ")}.`,
      fix: `Correct bandwidth and latency of ${places.join(", ")}, or give each of what is told below more time.`,
      evidence: {
        link: places.join(" "),
        ...{
          bandwidth: links.map(each => each.bandwidth).join(" "),
          latency: links.map(each => each.latency).join(" "),
        },
        ...{ services, runs },
      },
    },
  ];
}

interface Late {
  readonly services: number;
  readonly runs: number;
}

/** What is too late for its promise or its budget. */
function lateOn(plan: Plan): Late {
  return { services: rto.run(plan, 0).length, runs: tooMuchForBudget.run(plan, 0).length };
}

function faster(estate: Estate, slow: readonly number[]): Estate {
  return {
    ...estate,
    links: estate.links.map((link, index) => (slow.includes(index) ? { ...link, ...atOnce } : link)),
  };
}
