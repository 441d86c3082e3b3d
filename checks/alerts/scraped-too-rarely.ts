import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { example, mended } from "../examples";

/** How long Prometheus takes a sample for current (its query.lookback-delta). */
const lookbackMs = 5 * 60_000;
/** Two scrapes within it, so that one that fails isn't a gap. */
const safeMs = lookbackMs / 2;

/** Of Prometheus' own a minute: what is looked at but once an hour wakes nobody in time. */
const rarelyMs = 3_600_000;

export const scrapedTooRarely = defineCheck({
  code: "alerts/scraped-too-rarely",
  severity: "error",
  title: "Series are gone between two scrapes, or rules are looked at but once an hour",
  why: "Prometheus takes what it scraped for current for five minutes. Scraped less often, each series comes and goes: a condition never holds for as long as its alert waits, and an absence is told between the scrapes.",
  run: ({ estate }) => {
    const { scrapeInterval, evaluationInterval } = estate.monitoring;
    const [intervalMs, rulesMs] = [parseDuration(scrapeInterval), parseDuration(evaluationInterval)];
    const scraped: Found = {
      subject: "pushgateway",
      message: `The Pushgateway is scraped every ${formatDuration(intervalMs)}, and Prometheus forgets a sample after ${formatDuration(lookbackMs)}: between the scrapes there is no metric of any job.`,
      fix: `Set monitoring.scrapeInterval to ${formatDuration(safeMs)} or less, e.g. "1min", there and in Prometheus.`,
      evidence: { scrapeIntervalMs: intervalMs, lookbackMs },
    };
    const evaluated: Found = {
      subject: "rules",
      message: `The rules are evaluated every ${formatDuration(rulesMs)}: nobody hears of anything earlier, and a condition that has to hold is seen to hold at the look after that.`,
      fix: 'Set monitoring.evaluationInterval to what Prometheus has (global.evaluation_interval), e.g. "1min".',
      evidence: { evaluationIntervalMs: rulesMs },
    };
    return [...(intervalMs < lookbackMs ? [] : [scraped]), ...(rulesMs < rarelyMs ? [] : [evaluated])];
  },
  // Thresholds that no longer fit their promises follow from it.
  without: ({ estate }, { subject }) => {
    const field = subject === "rules" ? "evaluationInterval" : "scrapeInterval";
    return [{ ...estate, monitoring: { ...estate.monitoring, [field]: "1min" } }];
  },
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
      mended(
        example("rules once a day", ({ monitoring }) => {
          monitoring.evaluationInterval = "1d";
        }),
        {
          says: "monitoring.evaluationInterval",
          edit: ({ monitoring }) => {
            monitoring.evaluationInterval = "1min";
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
