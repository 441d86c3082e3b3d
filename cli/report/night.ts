import { counted, listed } from "../../checks/wording";
import { oftenOf, type PlannedRun, timelineOf } from "../../plan/timeline";
import { formatDuration } from "../../plan/units/duration";
import { escaped } from "../html";
import { clockText, noonAfter, timeTag } from "./moment";
import type { Reported } from "./reported";
import { scrolled } from "./parts";

const hourMs = 3_600_000;
const nights = 7;

/** The coming night, and of the week's others the one with most that this one hasn't. */
export function nightPart(of: Reported): string {
  const { plan, asOfMs } = of;
  const { zone } = plan.estate;
  const noons = Array.from({ length: nights + 1 }, (_, day) => noonAfter(asOfMs, day, zone));
  const runs = timelineOf(plan, asOfMs, noons[nights] ?? asOfMs);
  // What runs each hour or more often would hide the night.
  const often = oftenOf(runs);
  const shown = runs.filter(({ job }) => !often.has(job));
  const night = (index: number): Night => {
    const [fromMs = 0, toMs = 0] = [noons[index], noons[index + 1]];
    return { fromMs, toMs, runs: shown.filter(({ startMs }) => startMs >= fromMs && startMs < toMs) };
  };
  const first = night(0);
  const known = new Set(first.runs.map(({ job }) => job));
  const more = ({ runs }: Night): number =>
    new Set(runs.map(({ job }) => job).filter(job => !known.has(job))).size;
  const [fullest] = Array.from({ length: nights - 1 }, (_, index) => night(index + 1)).sort(
    (a, b) => more(b) - more(a) || a.fromMs - b.fromMs,
  );
  const rest =
    often.size === 0
      ? ""
      : `<p>Not drawn, as they run each hour or more often: ${escaped(listed([...often], 8))}.</p>`;
  return `<p>A bar is a run: its strong part what it usually takes, its pale part until it stops itself. Slack is from there until another job begins on one of its disks; a negative one means that the two may meet.</p>
${nightTable(first, of)}
${fullest && more(fullest) > 0 ? `<h3>The week's other night, with ${counted(more(fullest), "job")} more</h3>\n${nightTable(fullest, of)}` : ""}${rest}`;
}

interface Night {
  readonly fromMs: number;
  readonly toMs: number;
  readonly runs: readonly PlannedRun[];
}

function nightTable({ fromMs, toMs, runs }: Night, { plan }: Reported): string {
  const { zone } = plan.estate;
  const caption = `From ${clockText(fromMs, zone)} to ${clockText(toMs, zone)}`;
  if (runs.length === 0) return `<p>${caption} nothing runs.</p>`;
  const clock = (ms: number): string => timeTag(ms, zone, clockText(ms, zone).slice(11));
  const rows = runs.map(run => {
    const { job, startMs, usualEndMs, budgetEndMs, next, slackMs } = run;
    const meets = slackMs !== undefined && slackMs < 0;
    const slack =
      slackMs === undefined || !next
        ? "–"
        : `${slackMs < 0 ? "−" : ""}${formatDuration(Math.abs(slackMs))} to ${escaped(next.job)} <small>(${escaped(next.disk)})</small>`;
    return `<tr><th scope="row">${escaped(job)}</th><td class="bar">${bar(run, fromMs, toMs)}</td><td>${clock(startMs)}</td><td>${clock(usualEndMs)}</td><td>${clock(budgetEndMs)}</td><td${meets ? ' class="unpromised"' : ""}>${meets ? "! " : ""}${slack}</td></tr>`;
  });
  return scrolled(
    `Runs. ${caption}`,
    `<table class="night"><caption>${caption}</caption><thead><tr><th scope="col">job</th><th scope="col" class="bar">${axis(fromMs, toMs, zone)}</th><th scope="col">starts</th><th scope="col">usually until</th><th scope="col">at most until</th><th scope="col">slack</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table>`,
  );
}

/** Minutes of the night as units of the picture: it stretches to whatever width there is, and holds no text. */
function bar({ startMs, usualEndMs, budgetEndMs }: PlannedRun, fromMs: number, toMs: number): string {
  const minutes = (ms: number): number => Math.round((Math.min(ms, toMs) - fromMs) / 60_000);
  const [start, usual, most] = [minutes(startMs), minutes(usualEndMs), minutes(budgetEndMs)];
  const width = minutes(toMs);
  const lines = Array.from({ length: Math.floor(width / 180) }, (_, index) => `M${(index + 1) * 180} 0V10`);
  return `<svg viewBox="0 0 ${width} 10" preserveAspectRatio="none" aria-hidden="true"><path class="hour" d="${lines.join("")}"/><rect class="budget" x="${start}" y="2" width="${Math.max(most - start, 3)}" height="6"/><rect class="usual" x="${start}" y="2" width="${Math.max(usual - start, 3)}" height="6"/></svg>`;
}

/** The clock each three hours, as text in the column's head. */
function axis(fromMs: number, toMs: number, zone: string): string {
  const marks = Array.from({ length: Math.round((toMs - fromMs) / (3 * hourMs)) }, (_, index) =>
    clockText(fromMs + index * 3 * hourMs, zone).slice(11, 13),
  );
  return `<span class="spoken">picture of the run</span><span class="axis" aria-hidden="true">${marks.map(hour => `<span>${hour}</span>`).join("")}</span>`;
}
