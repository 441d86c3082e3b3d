import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { example, mended } from "../examples";

/** How long Prometheus takes a sample for current (its query.lookback-delta). */
const lookbackMs = 5 * 60_000;
/** Two scrapes within it, so that one that fails isn't a gap. */
const safeMs = lookbackMs / 2;

export const scrapedTooRarely = defineCheck({
  code: "alerts/scraped-too-rarely",
  severity: "error",
  title: "Series are gone between two scrapes",
  why: "Prometheus takes what it scraped for current for five minutes. Scraped less often, each series comes and goes: a condition never holds for as long as its alert waits, and an absence is told between the scrapes.",
  run: ({ estate }) => {
    const intervalMs = parseDuration(estate.monitoring.scrapeInterval);
    if (intervalMs < lookbackMs) return [];
    return [
      {
        subject: "pushgateway",
        message: `The Pushgateway is scraped every ${formatDuration(intervalMs)}, and Prometheus forgets a sample after ${formatDuration(lookbackMs)}: between the scrapes there is no metric of any job.`,
        fix: `Set monitoring.scrapeInterval to ${formatDuration(safeMs)} or less, e.g. "1min", there and in Prometheus.`,
        evidence: { scrapeIntervalMs: intervalMs, lookbackMs },
      },
    ];
  },
  // Thresholds that no longer fit their promises follow from it.
  without: ({ estate }) => [{ ...estate, monitoring: { ...estate.monitoring, scrapeInterval: "1min" } }],
  examples: {
    bad: [
      mended(
        example("a scrape every six minutes", ({ monitoring }) => {
          monitoring.scrapeInterval = "6min";
        }),
        {
          says: 'e.g. "1min"',
          edit: ({ monitoring }) => {
            monitoring.scrapeInterval = "1min";
          },
        },
      ),
    ],
    good: [
      example("every half minute"),
      example("every two minutes", ({ monitoring }) => {
        monitoring.scrapeInterval = "2min";
      }),
    ],
  },
});
