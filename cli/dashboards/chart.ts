import type { PanelUnit } from "../../plan/panel";
import { escaped } from "../html";
import { clockText } from "../report/moment";
import type { Span } from "./prometheus";
import { scaleStep, valueText } from "./values";

/** A line of a chart, and what it is called. */
export interface Named {
  readonly name: string;
  readonly points: readonly (readonly [atS: number, value: number])[];
}

/** The picture's own units: it is as wide as its panel, and its letters with it. */
const [width, height] = [640, 220];
const [left, right, top, bottom] = [84, 8, 10, 24];
/** Told apart by colour and by how they are dashed. */
const [colours, dashes] = [8, ["", "6 3", "2 3"]] as const;

/** Lines over time as SVG, with its scales, and under it what each is called and has at the end. */
export function chart(lines: readonly Named[], unit: PanelUnit, span: Span, zone: string): string {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  if (values.length === 0) return `<p class="empty">Nothing is told of it.</p>`;
  // No call takes as many values as the points of some hundred lines.
  const highest = unit === "yes-no" ? 1 : values.reduce((most, value) => Math.max(most, value), 0);
  const step = scaleStep(highest || 1, unit);
  const most = step * Math.max(1, Math.ceil(highest / step));
  const x = (atS: number): number =>
    left + ((atS - span.fromS) / (span.toS - span.fromS)) * (width - left - right);
  const y = (value: number): number =>
    top + (1 - Math.min(Math.max(value, 0), most) / most) * (height - top - bottom);
  const drawn = lines.map(
    ({ points }, index) =>
      `<path class="${lineClass(index)}"${dash(index)} d="${pathOf(points, x, y, span.stepS)}"/>`,
  );
  const picture = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="lines over time, each of which is named below with its last value">${levels(step, most, unit, y)}${days(span, zone, x)}${drawn.join("")}</svg>`;
  const names = lines.map(({ name, points }, index) => {
    const last = points.at(-1)?.[1];
    const mark = `<svg viewBox="0 0 24 8" aria-hidden="true"><path class="${lineClass(index)}"${dash(index)} d="M0 4H24"/></svg>`;
    return `<li>${mark}<span>${escaped(name)}</span> <b>${last === undefined ? "–" : escaped(valueText(last, unit))}</b></li>`;
  });
  return `${picture}<ul class="lines">${names.join("")}</ul>`;
}

function lineClass(index: number): string {
  return `line c${index % colours}`;
}

function dash(index: number): string {
  const pattern = dashes[Math.floor(index / colours) % dashes.length];
  return pattern === "" ? "" : ` stroke-dasharray="${pattern}"`;
}

/** Where nothing was told for longer than between two points, the line is broken. */
function pathOf(
  points: Named["points"],
  x: (atS: number) => number,
  y: (value: number) => number,
  stepS: number,
): string {
  let before = -Infinity;
  return points
    .filter(([, value]) => Number.isFinite(value))
    .map(([atS, value]) => {
      const goesOn = atS - before <= stepS * 1.5;
      before = atS;
      const at = `${round(x(atS))} ${round(y(value))}`;
      // What was told once alone is a dot.
      return goesOn ? `L${at}` : `M${at}h.1`;
    })
    .join("");
}

function levels(step: number, most: number, unit: PanelUnit, y: (value: number) => number): string {
  return Array.from({ length: Math.round(most / step) + 1 }, (_, index) => {
    const at = round(y(index * step));
    return `<path class="hour" d="M${left} ${at}H${width - right}"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${valueText(index * step, unit)}</text>`;
  }).join("");
}

/** Each local midnight, or where there are many, some of them. */
function days({ fromS, toS }: Span, zone: string, x: (atS: number) => number): string {
  const starts: number[] = [];
  let before = clockText(fromS * 1000, zone).slice(0, 10);
  for (let atS = Math.ceil(fromS / 900) * 900; atS <= toS; atS += 900) {
    const day = clockText(atS * 1000, zone).slice(0, 10);
    if (day !== before) starts.push(atS);
    before = day;
  }
  const every = Math.ceil(starts.length / 7);
  return starts
    .filter((_, index) => index % every === 0)
    .map(atS => {
      const at = round(x(atS));
      return `<path class="hour" d="M${at} ${top}V${height - bottom}"/><text x="${at}" y="${height - 8}" text-anchor="middle">${clockText(atS * 1000, zone).slice(5, 10)}</text>`;
    })
    .join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
