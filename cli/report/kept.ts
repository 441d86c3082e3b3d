import { listed } from "../../checks/wording";
import { countUntil } from "../../plan/ascending";
import { offsetSpans } from "../../plan/calendar/time-zone";
import { chainOf, type Copy } from "../../plan/graph/copies";
import { yearsOf } from "../../plan/graph/loss";
import { Generations } from "../../plan/graph/retention";
import type { Flow } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { escaped } from "../html";
import { clockText, noonAfter } from "./moment";
import type { Reported } from "./reported";
import { scrolled } from "./parts";
import { firstRead, mostOf, type Tryable, tryable } from "./rules";

const minuteMs = 60_000;
const days = 62;

/** Generations of copies that the same flows make, by the minute of the epoch at which its data was read, ascending. */
type Kept = readonly (readonly [readMinute: number, firstDay: number, lastDay: number])[];

/**
 * What exists on a day, of each kind of copy: a table for the first of them, which the page's script makes that of another one. What it
 * needs is in the page, day by day. A rule that is tried there is read by the script, whose test holds it to how the plan reads it.
 */
export function keptPart({ plan, asOfMs }: Reported): string {
  const { zone } = plan.estate;
  const timeline = yearsOf(plan);
  const noons = Array.from({ length: days }, (_, day) => noonAfter(asOfMs, day, zone));
  const inYears = countUntil(noons, ms => ms < timeline.horizon.toMs);
  if (asOfMs < timeline.horizon.fromMs || inYears === 0)
    return "<p>The day isn't in the estate's years, of which alone it is known what runs.</p>";
  const generations = new Generations(timeline);
  const untilMs = noons[inYears - 1] ?? asOfMs;
  const known = new Map<string, Kept>();
  const keptBy = ([copy]: readonly [Copy, ...Copy[]]): Kept => {
    const key = generations.keyOf(copy);
    const kept = known.get(key) ?? keptOf(copy, generations, noons.slice(0, inYears));
    known.set(key, kept);
    return kept;
  };
  const groups = [...alike(plan.copies)].map(copies => ({
    copies,
    kept: keptBy(copies),
    tries: tryable(copies[0], timeline, asOfMs, untilMs),
  }));
  const day = (index: number): string => clockText(noons[index] ?? asOfMs, zone).slice(0, 10);
  const rows = groups.map(({ copies, kept }) => {
    const [{ way, location }] = copies;
    const there = kept.filter(([, first]) => first === 0).map(([minute]) => minute * minuteMs);
    const [oldest, newest] = [there[0], there.at(-1)];
    const ageText = (ms: number | undefined): string =>
      ms === undefined ? "–" : `${clockText(ms, zone)}, ${formatDuration(asOfMs - ms)} old`;
    return `<tr><th scope="row">${way.jobs.map(job => escaped(job.called)).join(" → ")} <small>on ${escaped(location.machine.name)}${location.disk === undefined ? "" : `: ${escaped(location.disk)}`}</small></th><td>${escaped(
      listed(
        copies.map(({ dataset }) => dataset.id),
        4,
      ),
    )}</td><td>${there.length}</td><td>${ageText(newest)}</td><td>${ageText(oldest)}</td></tr>`;
  });
  const data = {
    minutes: noons.slice(0, inYears).map(ms => ms / minuteMs),
    // The page needs no zones: what was read before clocks changed has the time that they showed.
    offsets: offsetsOf(zone, groups, untilMs),
    days: noons.slice(0, inYears).map((_, index) => day(index)),
    groups: groups.map(({ kept }) => kept),
    tries: groups.map(({ tries }) => tries ?? null),
    most: mostOf,
  };
  const choices = groups.flatMap(({ copies: [{ way, dataset }], tries }, index) =>
    tries
      ? [
          `<option value="${index}">${escaped(way.jobs.map(job => job.called).join(" → "))}: ${escaped(dataset.id)}</option>`,
        ]
      : [],
  );
  return `<p>As all runs go as planned, at noon of <b>${day(0)}</b>. With scripts, a slider shows another day, and another rule can be tried.</p>
<p class="slider" hidden><label for="day">Day: <output id="dayname" for="day">${day(0)}</output></label> <input id="day" type="range" min="0" max="${inYears - 1}" value="0" step="1"></p>
<p class="try" hidden><label>If copies by <select id="trywhat">${choices.join("")}</select></label> <label>kept <input id="trycount" type="number" min="1" value="1"></label> <label><span class="spoken">counted as</span> <select id="tryevery"><option value="age">days, all that are younger</option><option value="run">runs</option><option value="hour">hours, the newest of each</option><option value="day">days, the newest of each</option><option value="week">weeks, the newest of each</option><option value="month">months, the newest of each</option></select></label> <button id="tryback" type="button">As planned</button> <span id="tried" role="status"></span></p>
${scrolled(
  "What exists on the day",
  `<table id="generations"><thead><tr><th scope="col">copies by</th><th scope="col">of</th><th scope="col">generations</th><th scope="col">newest</th><th scope="col">oldest</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table>`,
)}
<script type="application/json" id="keptdata">${JSON.stringify(data)}</script>`;
}

/** Copies that the same flows made one after the other: of all of them the same generations exist. */
function alike(copies: readonly Copy[]): Iterable<[Copy, ...Copy[]]> {
  const ids = new Map<Flow, number>();
  const idOf = (flow: Flow): number => {
    const id = ids.get(flow) ?? ids.size;
    ids.set(flow, id);
    return id;
  };
  const groups = new Map<string, [Copy, ...Copy[]]>();
  for (const copy of copies) {
    const key = chainOf(copy)
      .map(({ flow }) => idOf(flow))
      .join();
    const known = groups.get(key);
    if (known) known.push(copy);
    else groups.set(key, [copy]);
  }
  return groups.values();
}

function keptOf(copy: Copy, generations: Generations, noons: readonly number[]): Kept {
  const seen = new Map<number, [number, number]>();
  for (const [day, noonMs] of noons.entries())
    for (const readMs of generations.at(copy, noonMs)) {
      const known = seen.get(readMs);
      if (known) known[1] = day;
      else seen.set(readMs, [day, day]);
    }
  return [...seen]
    .sort(([a], [b]) => a - b)
    .map(([readMs, [first, last]]) => [Math.floor(readMs / minuteMs), first, last]);
}

/** From which minute on clocks of the estate's zone are ahead of UTC by how many, from before the first of all that was read. */
function offsetsOf(
  zone: string,
  groups: readonly { readonly kept: Kept; readonly tries: Tryable | undefined }[],
  untilMs: number,
): (readonly [fromMinute: number, ahead: number])[] {
  const first = Math.min(
    untilMs / minuteMs,
    ...groups.flatMap(({ kept, tries }) => [kept[0]?.[0] ?? Infinity, tries ? firstRead(tries) : Infinity]),
  );
  return offsetSpans(zone, first * minuteMs, untilMs).map(({ fromMs, offsetMs }) => [
    Math.ceil(fromMs / minuteMs),
    Math.round(offsetMs / minuteMs),
  ]);
}
