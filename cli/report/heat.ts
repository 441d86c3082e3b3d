import { shellWord } from "../../plan/contracts/shell-word";
import { type Domain, domains } from "../../plan/estate/services";
import { type Copy, chainOf } from "../../plan/graph/copies";
import type { Location } from "../../plan/place";
import { type Loss, lossesOf } from "../../plan/graph/loss";
import { placeText } from "../../plan/graph/lose";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { escaped } from "../html";
import { timeTag } from "./moment";
import type { Reported } from "./reported";
import { scrolled } from "./parts";

type Kind = "safe" | "kept" | "broken" | "unpromised" | "gone";

/** In one word, as no colour alone says it. */
const signs: Readonly<Record<Kind, string>> = {
  safe: "",
  kept: "✓",
  broken: "✗",
  unpromised: "·",
  gone: "·",
};
const spoken: Readonly<Record<Kind, string>> = {
  safe: "unharmed",
  kept: "promise kept",
  broken: "PROMISE BROKEN",
  unpromised: "nothing promised",
  gone: "nothing promised",
};

/** The worst loss of each service in each disaster against what is promised; each cell opens the way of what is left, and the worst instant. */
export function heatPart(of: Reported): string {
  const losses = lossesOf(of.plan).filter(({ leftOut }) => leftOut === undefined);
  const byService = new Map<string, Map<Domain, Loss>>();
  for (const loss of losses) {
    const row = byService.get(loss.service) ?? new Map<Domain, Loss>();
    byService.set(loss.service, row.set(loss.domain, loss));
  }
  const copyOf = finder(of.plan.copies);
  const rows = [...byService].map(
    ([service, row]) =>
      `<tr><th scope="row">${escaped(service)}</th>${domains.map(domain => cell(of, row.get(domain), copyOf)).join("")}</tr>`,
  );
  const broken = losses.filter(loss => kindOf(of, loss) === "broken").length;
  return `<p>${
    broken === 0
      ? "Every promise is kept, at each minute of the estate's years."
      : `<b>${broken === 1 ? "1 promise is" : `${broken} promises are`} broken.</b>`
  } A cell says what is lost at worst, over each minute of the estate's years; opened, when that is, and by which way what is left came. <code>${escaped(["holdfast", "lose", ...of.named.map(shellWord)].join(" "))} --domain NAME --at TIME</code> says what brings it back.</p>
<p class="legend"><span class="kept">✓ promise kept</span> <span class="broken">✗ promise broken</span> <span class="unpromised">· nothing promised</span> <span class="safe">– the data itself is unharmed</span></p>
<p class="filter" hidden><label for="find">Services whose name has <input id="find" type="search" autocomplete="off"></label> <span id="found" role="status"></span></p>
${scrolled(
  "Worst loss of each service in each disaster",
  `<table class="heat"><thead><tr><th scope="col">service</th>${domains.map(name => `<th scope="col">${name}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table>`,
)}`;
}

function promisedMs({ plan }: Reported, { service, domain }: Loss): number | undefined {
  const text = plan.estate.services[service]?.promise?.rpo[domain];
  return text === undefined ? undefined : parseDuration(text);
}

function kindOf(of: Reported, loss: Loss): Kind {
  const promised = promisedMs(of, loss);
  const lostMs = loss.worstLossMs ?? Infinity;
  if (lostMs === 0) return "safe";
  if (promised === undefined) return loss.worstLossMs === undefined ? "gone" : "unpromised";
  return lostMs <= promised ? "kept" : "broken";
}

function cell(of: Reported, loss: Loss | undefined, copyOf: CopyOf): string {
  if (!loss) return "<td></td>";
  const kind = kindOf(of, loss);
  if (kind === "safe") return `<td class="safe"><span class="spoken">unharmed</span></td>`;
  const text = loss.worstLossMs === undefined ? "ALL" : formatDuration(loss.worstLossMs);
  return `<td class="${kind}"><details><summary>${signs[kind]} ${text}<span class="spoken">, ${spoken[kind]}</span></summary>${opened(of, loss, copyOf)}</details></td>`;
}

function opened(of: Reported, loss: Loss, copyOf: CopyOf): string {
  const { estate } = of.plan;
  const promised = promisedMs(of, loss);
  const { service, dataset, worstLossMs, worstAtMs, unheardMs, countsAfterMs } = loss;
  const said = [
    promised === undefined ? "Nothing is promised." : `Promised: ${formatDuration(promised)} at most.`,
    ...(dataset === service ? [] : [`Of its data, ${escaped(dataset)} loses most.`]),
    ...(worstAtMs === undefined ? [] : [`Worst at ${timeTag(worstAtMs, estate.zone)}.`]),
    ...(unheardMs === undefined
      ? []
      : [`What the kernel tells nobody of may be ${formatDuration(unheardMs)} older.`]),
    ...(countsAfterMs === undefined
      ? []
      : [`The copy counts ${formatDuration(countsAfterMs)} after it was made, once all of it was compared.`]),
  ];
  const copy = copyOf(loss);
  const way = copy
    ? [`Left: ${escaped(wayText(copy))}.`]
    : worstLossMs === undefined
      ? ["There is a minute at which nothing is left."]
      : [];
  return `<p>${[...said, ...way].join(" ")}</p>`;
}

/** The same as `wayList`, for a cell of many. */
function wayText(copy: Copy): string {
  const at = (place: Location): string =>
    placeText(place) + (place.disk === undefined ? "" : ` on ${place.disk}`);
  return [
    at(copy.dataset.location),
    ...chainOf(copy).map(({ job, location }) => `by ${job.called} ${at(location)}`),
  ].join(" → ");
}

/** The live data, and each copy on the way with the job that made it. */
export function wayList(copy: Copy): string {
  const live = copy.dataset.location;
  const hops = chainOf(copy).map(
    ({ job, location }) =>
      `<li><b>${escaped(job.called)}</b> → <span>${escaped(placeText(location))}</span>${diskText(location.disk)}</li>`,
  );
  return `<ol class="way"><li><span>${escaped(placeText(live))}</span>${diskText(live.disk)}</li>${hops.join("")}</ol>`;
}

function diskText(disk: string | undefined): string {
  return disk === undefined ? "" : ` <small>on ${escaped(disk)}</small>`;
}

type CopyOf = (loss: Loss) => Copy | undefined;

function finder(copies: readonly Copy[]): CopyOf {
  const known = new Map<string, Copy>();
  const keyOf = (dataset: string, via: readonly string[]): string => JSON.stringify([dataset, via]);
  for (const copy of copies) {
    const key = keyOf(
      copy.dataset.id,
      copy.way.jobs.map(({ called }) => called),
    );
    if (!known.has(key)) known.set(key, copy);
  }
  return ({ dataset, via }) => known.get(keyOf(dataset, via));
}
