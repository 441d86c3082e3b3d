import { planOf } from "../../plan";
import type { Estate } from "../../plan/estate/schema";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { rto } from "./rto";

/** Fewer are promises of those services that are too short. */
const many = 3;
/** The fastest that an estate may say. */
const atOnce = { bandwidth: "10GB", latency: "0s" };

export const linkTooSlow = defineCheck({
  code: "promises/link-too-slow",
  severity: "error",
  title: "A link is too slow for what several services promise",
  why: "Ten days for ten minutes, or a megabyte for a hundred, in the one line of an estate that all restores go over: what is told of it is a broken promise of each service.",
  suspicion: true,
  run: plan => {
    const late = rto.run(plan, 0).length;
    if (late < many) return [];
    return plan.estate.links.flatMap(({ from, to, bandwidth, latency }, index) => {
      const left = rto.run(planOf(faster(plan.estate, index)), 0).length;
      if (late - left < many) return [];
      return [
        {
          subject: `${from} > ${to}`,
          message: `${late - left} services are promised to be back sooner than what they need comes over the link ${from} > ${to}: ${bandwidth} a second, the first byte after ${latency}.`,
          fix: `Correct bandwidth and latency of links[${index}], or promise each of the services below more time.`,
          evidence: { link: `links[${index}]`, bandwidth, latency, services: late - left },
        },
      ];
    });
  },
  without: ({ estate }, { evidence: { link } }) =>
    estate.links.flatMap((_, index) => (link === `links[${index}]` ? [faster(estate, index)] : [])),
  explains: (_, { code }) => /^promises\/(rto|restored-together)$/.test(code),
  examples: {
    bad: [
      mended(
        example("a NAS that somebody has to drive to", ({ links }) => edit(links[0], { latency: "2d" })),
        {
          says: "Correct bandwidth and latency of links[0]",
          edit: ({ links }) => edit(links[0], { latency: "10min" }),
        },
        {
          says: "promise each of the services below more time",
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

function faster(estate: Estate, index: number): Estate {
  return { ...estate, links: estate.links.map((link, at) => (at === index ? { ...link, ...atOnce } : link)) };
}
