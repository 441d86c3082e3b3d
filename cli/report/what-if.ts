import { shellWord } from "../../plan/contracts/shell-word";
import { type Domain, domains } from "../../plan/estate/services";
import type { Plan } from "../../plan";
import type { Way } from "../../plan/graph/copies";
import { survivorsOf, yearsOf } from "../../plan/graph/loss";
import { newestOver } from "../../plan/graph/newest";
import { parseDuration } from "../../plan/units/duration";
import { escaped } from "../html";
import { clockText, noonAfter } from "./moment";
import type { Reported } from "./reported";
import { scrolled } from "./parts";

const minuteMs = 60_000;
const stepMinutes = 15;
const days = 7;

/** Versions that were the newest one left, the oldest first: from which minute on, the minute at which its data was read, and the way that brought it. */
type Left = readonly (readonly [from: number, read: number, way: number])[];

/** What the page's script needs: what is alike is there once. Minutes since the epoch began. */
interface Data {
  readonly from: number;
  readonly step: number;
  /** What clocks show at each step, as "2026-10-25 05:45". */
  readonly clocks: readonly string[];
  readonly ways: readonly string[];
  readonly left: readonly Left[];
  /** For each disaster what is left of each harmed dataset of a service, as an index of `left`; null where none is harmed. */
  readonly fates: readonly (readonly (readonly number[] | null)[])[];
  /** For each disaster the promise in minutes. */
  readonly promises: readonly (readonly (number | null)[])[];
  /** Name, fate and promises of each service. */
  readonly services: readonly (readonly [name: string, fate: number, promises: number])[];
}

/** What any disaster takes from each service at any quarter of an hour of the coming week, as `lose` tells it: the page's script fills the table. */
export function whatIfPart({ plan, asOfMs, named }: Reported): string {
  const { zone } = plan.estate;
  const { horizon } = yearsOf(plan);
  const command = ["holdfast", "lose", ...named.map(shellWord)].join(" ");
  const untilMs = Math.min(noonAfter(asOfMs, days, zone), horizon.toMs);
  if (asOfMs < horizon.fromMs || untilMs <= asOfMs)
    return "<p>The day isn't in the estate's years, of which alone it is known what runs.</p>";
  const data = dataOf(plan, asOfMs, untilMs);
  const options = domains.map(
    name => `<option value="${domains.indexOf(name)}"${name === "site" ? " selected" : ""}>${name}</option>`,
  );
  const rows = data.services.map(
    ([name]) => `<tr><th scope="row">${escaped(name)}</th><td></td><td></td><td></td></tr>`,
  );
  return `<p>As all runs go as planned. With scripts, a disaster and an instant of the coming week can be chosen here; <code>${escaped(command)} --domain NAME --at TIME</code> says it of any other, and what brings it back.</p>
<div id="if" hidden><p class="try"><label>If this is lost: <select id="ifdomain">${options.join("")}</select></label></p>
<p class="slider"><label for="ifat">At <output id="ifclock" for="ifat"></output></label> <input id="ifat" type="range" min="0" max="${data.clocks.length - 1}" value="0" step="1"></p>
<p id="ifsaid" role="status"></p>
${scrolled(
  "What a disaster takes then",
  `<table id="whatif"><thead><tr><th scope="col">service</th><th scope="col">lost</th><th scope="col">promised at most</th><th scope="col">the newest copy that is left came by</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table>`,
)}</div>
<script type="application/json" id="ifdata">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>`;
}

function dataOf(plan: Plan, fromMs: number, untilMs: number): Data {
  const timeline = yearsOf(plan);
  const ways = new Numbered<string>();
  const left = new Map<readonly Way[], number>();
  const lists: Left[] = [];
  const leftOf = (of: readonly Way[]): number => {
    const known = left.get(of) ?? lists.length;
    if (known === lists.length) {
      const versions = of.map(way => timeline.versionsOf({ way }));
      const newest = newestOver(versions, fromMs, untilMs);
      const names = of.map(({ jobs }) => jobs.map(job => job.called).join(" > "));
      lists.push(
        Array.from({ length: newest.count }, (_, at) => [
          Math.ceil((newest.availableMs[at] ?? 0) / minuteMs),
          Math.floor((newest.readMs[at] ?? 0) / minuteMs),
          ways.of(names[newest.way[at] ?? 0] ?? ""),
        ]),
      );
      left.set(of, known);
    }
    return known;
  };
  const fates = new Numbered<readonly (readonly number[] | null)[]>();
  const promises = new Numbered<readonly (number | null)[]>();
  const services = [...survivorsOf(plan)].map(([service, datasets]) => {
    const fate = domains.map(domain => {
      const harmed = datasets.flatMap(({ ways }) => {
        const found = ways.get(domain) ?? [];
        return found === "live" ? [] : [leftOf(found)];
      });
      return harmed.length === 0 ? null : [...new Set(harmed)];
    });
    const { rpo = {} } = plan.estate.services[service]?.promise ?? {};
    return [service, fates.of(fate), promises.of(domains.map(domain => promisedIn(rpo, domain)))] as const;
  });
  const steps = Math.floor((untilMs - fromMs) / (stepMinutes * minuteMs)) + 1;
  const clocks = Array.from({ length: steps }, (_, at) =>
    clockText(fromMs + at * stepMinutes * minuteMs, plan.estate.zone),
  );
  return {
    ...{ from: fromMs / minuteMs, step: stepMinutes, clocks, ways: ways.all, left: lists },
    ...{ fates: fates.all, promises: promises.all, services },
  };
}

function promisedIn(rpo: Partial<Record<Domain, string>>, domain: Domain): number | null {
  const text = rpo[domain];
  return text === undefined ? null : parseDuration(text) / minuteMs;
}

/** What differs, each once, with its number. */
class Numbered<T> {
  readonly all: T[] = [];
  private readonly known = new Map<string, number>();

  of(value: T): number {
    const key = JSON.stringify(value);
    const number = this.known.get(key) ?? this.all.push(value) - 1;
    this.known.set(key, number);
    return number;
  }
}
