import { promiseHead, promiseRows } from "../drill/report";
import { notProvedLines, type ServiceEvidence } from "../evidence/dossier";
import { escaped, tableOf } from "../html";
import { jobsTable, type StateTable, storesTable } from "../status/rows";
import { linesOf, summaryOf } from "../status/stands";
import type { Live } from "./live";
import { timeTag } from "./moment";
import type { Reported } from "./reported";
import { scrolled } from "./parts";

/** How each job and store stands, as hosts and clusters said it when they were asked. */
export function nowPart({ plan }: Reported, live: Live): string {
  const { stands, atMs } = live;
  const { machines } = stands;
  const lines = linesOf(stands).map(line => `<li>${escaped(line)}</li>`);
  return `<p>As hosts and clusters said at ${timeTag(atMs, plan.estate.zone)}. <b>${escaped(summaryOf(stands))}</b></p>
${lines.length === 0 ? "" : `<ul class="says">${lines.join("\n")}</ul>`}
${stateTable("Jobs now", jobsTable(machines, atMs))}${stateTable("Stores now", storesTable(machines))}`;
}

/** Which restores were proved, and the times that drills have measured against what is promised. */
export function provedPart({ plan }: Reported, { drilled, proved, times }: Live): string {
  if (drilled.length === 0)
    return "<p>No job of this estate restores copies for proof, so nothing says that one can be.</p>";
  const { zone } = plan.estate;
  const said = drilled.flatMap(({ whose, faults, notes, state, head }) => [
    ...[...faults, ...notes].map(text => `${whose}: ${text}`),
    ...(state === "broken"
      ? [`${whose}: the records aren't those that were written. Next: holdfast evidence`]
      : []),
    ...(state === "sound" && head === null ? [`${whose}: nothing was drilled yet.`] : []),
  ]);
  const unknown = new Set(drilled.filter(({ state }) => state === "unknown").map(({ host }) => host));
  const services = proved.map(each => [
    escaped(each.service),
    each.proved === null
      ? marked(...(isUnknown(each, unknown) ? unknownMark : noneMark))
      : timeTag(Date.parse(each.proved), zone),
    escaped(notProvedLines(each).join(", ")),
  ]);
  const promises = promiseRows(times).map(cells => [
    ...cells.slice(0, -1).map(escaped),
    marked(...(promiseMarks[cells.at(-1) ?? ""] ?? unknownMark)),
  ]);
  return `<p>"Proved last" is that of its copies whose proof is the oldest.</p>
${said.length === 0 ? "" : `<ul class="says">${said.map(line => `<li>${escaped(line)}</li>`).join("\n")}</ul>`}
${scrolled("Restores that were proved", tableOf(["service", "proved last", "not proved"], services))}
${promises.length === 0 ? "" : scrolled("Times of restores", tableOf(promiseHead, promises))}`;
}

type Mark = readonly [kind: string, text: string];
const unknownMark: Mark = ["unpromised", "? unknown"];
const noneMark: Mark = ["unpromised", "· not proved"];
const stateMarks: Readonly<Record<string, Mark>> = {
  well: ["kept", "✓ well"],
  owes: ["broken", "✗ owes"],
};
const promiseMarks: Readonly<Record<string, Mark>> = {
  holds: ["kept", "✓ holds"],
  owes: ["broken", "✗ owes"],
  unmeasured: ["unpromised", "· unmeasured"],
};

/** Told by sign and word: a colour alone is no text. */
function marked(kind: string, text: string): string {
  return `<span class="mark ${kind}">${text}</span>`;
}

function stateTable(label: string, { head, rows }: StateTable): string {
  if (rows.length === 0) return "";
  return scrolled(
    label,
    tableOf(
      head,
      rows.map(({ cells, state }) => [...cells.map(escaped), marked(...(stateMarks[state] ?? unknownMark))]),
    ),
  );
}

/** Copies on a host that couldn't be asked may be proved all the same. */
function isUnknown({ notProved }: ServiceEvidence, unknown: ReadonlySet<string>): boolean {
  return notProved.some(copy => unknown.has(copy.slice(copy.lastIndexOf(" on ") + 4)));
}
