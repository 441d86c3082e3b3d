import type { Plan } from "../plan";
import type { Job } from "../plan/job";
import { tightestStaleAfter } from "../plan/staleness";
import { formatDuration, parseDuration } from "../plan/units/duration";
import type { ReadAlert } from "./alert";
import { ageOf } from "./courses";
import { flawIn } from "./flaw";
import { PromqlSyntaxError } from "./promql/parse";
import { readPromql } from "./promql/read";
import { selected } from "./promql/select";
import type { Sample } from "./promql/sample";
import {
  type Aggregate,
  type Binary,
  type Comparison,
  type Expr,
  isComparison,
  selectorsOf,
  walk,
} from "./promql/syntax";
import { evaluate } from "./promql/evaluate";
import { instants } from "./ranges";
import { type Labels, type Meaning, seriesOf } from "./series";

/** An alert that does what its author meant, as far as one can say. */
export interface Repair {
  readonly expr: string;
  /** Where it has to hold for another time, as an estate has it. */
  readonly for?: string;
}

/** A part of an expression, and what to write in its place. */
type Edit = readonly [part: string, instead: string];

/** Whoever has two slips in one alert is helped; with three, the alert is better written anew. */
const mostTried = 400;
const usualFor = "5min";

/**
 * The smallest change after which an alert has no flaw: each is tried as a whole, so what is printed works. Nothing where
 * no usual change helps.
 */
export function repairOf(alert: ReadAlert, plan: Plan): Repair | undefined {
  const { parsed, rule } = alert;
  const forMs = parseDuration(rule.for);
  const single = editsOf(parsed, plan);
  const double = single.flatMap((edit, at) => single.slice(at + 1).map(other => [edit, other]));
  const edits: readonly (readonly Edit[])[] = [...single.map(edit => [edit]), ...double].slice(0, mostTried);
  const works = (expr: string, ms: number): boolean => {
    const read = readPromql(expr);
    return (
      !(read instanceof PromqlSyntaxError) &&
      givesSomething(read, plan) &&
      flawIn(read, ms, plan, "estate") === undefined
    );
  };
  if (forMs > parseDuration(usualFor) && works(rule.expr, parseDuration(usualFor)))
    return { expr: rule.expr, for: usualFor };
  const tried = new Set<string>([rule.expr]);
  for (const changes of edits) {
    const expr = changes.reduce((text, [part, instead]) => text.replace(part, () => instead), rule.expr);
    if (tried.has(expr)) continue;
    tried.add(expr);
    if (works(expr, forMs)) return { expr };
  }
  return undefined;
}

/** The sentence of a fix: what to write, and a number of seconds as people read it. */
export function repairText({ expr, for: holds }: Repair, alert: ReadAlert): string {
  if (holds !== undefined) return `Write for: "${holds}".`;
  const read = readPromql(expr);
  const numbers =
    read instanceof PromqlSyntaxError
      ? []
      : [...walk(read)].flatMap(part =>
          isComparison(part) && part.right.kind === "number" && part.right.value >= 3_600 && isAge(part.left)
            ? [`${part.right.text} s are ${formatDuration(part.right.value * 1000)}`]
            : [],
        );
  const isNew = numbers.filter(text => !alert.rule.expr.includes(text.split(" ")[0] ?? ""));
  return `Write ${expr}${isNew.length === 0 ? "" : ` (${isNew.join(", ")})`}.`;
}

function isAge(expr: Expr): boolean {
  return expr.kind === "binary" && expr.op === "-" && expr.left.kind === "call" && expr.left.name === "time";
}

function givesSomething(expr: Expr, plan: Plan): boolean {
  const result = evaluate(expr, seriesOf(plan));
  return result.kind === "vector" && result.samples.length > 0;
}

/** What is usually meant by each part, the likeliest first. */
function editsOf(expr: Expr, plan: Plan): Edit[] {
  const index = seriesOf(plan);
  const series = selectorsOf(expr).flatMap(selector => selected(selector, index));
  const jobs = plan.jobs.filter(({ name, host }) =>
    series.some(
      ({ kind, emitter, labels }) => kind === "job" && emitter === name && labels["instance"] === host,
    ),
  );
  const longest = [...jobs].sort((a, b) => ageOf(b, plan).ms - ageOf(a, plan).ms)[0];
  const due = series.every(({ dueMs }) => dueMs !== undefined) ? series[0]?.dueMs : undefined;
  const compared = new Map<Expr, readonly Compared[]>();
  evaluate(expr, index, { compared: (comparison, _, left) => void compared.set(comparison, left) });
  return [...walk(expr)].flatMap((part): Edit[] => {
    if (isComparison(part)) return comparisonEdits(part, compared.get(part) ?? [], longest, plan, due);
    if (part.kind === "shifted") return [[part.text, part.of.text]];
    if (part.kind === "range" && !part.isSubquery) return windowEdits(part.text, part.of.text, longest, plan);
    if (part.kind === "call") return callEdits(part.text, part.name);
    if (part.kind === "binary") return [...joinEdits(part, plan), ...divisionEdits(part)];
    return [];
  });
}

type Compared = Pick<Sample, "range" | "series">;

/** A threshold in the unit of what it is compared with, and the side of it on which something is wrong. */
function comparisonEdits(
  comparison: Comparison,
  left: readonly Compared[],
  job: Job | undefined,
  plan: Plan,
  due: number | undefined,
): Edit[] {
  const { op, right, text, bool } = comparison;
  if (right.kind !== "number") return joinEdits(comparison, plan);
  // When a sample was scraped is never what an alert on a job asks.
  const side = comparison.left.text.replace(/\btimestamp\(([^()]*)\)/g, "$1");
  const { value } = right;
  const write = (nextOp: string, number: number | string, of = side): Edit => [
    text,
    `${of} ${nextOp} ${number}`,
  ];
  const means = (meaning: Meaning): boolean => left.some(({ series }) => series?.means === meaning);
  const within = (min: number, max: number): boolean =>
    left.length > 0 && left.every(({ range }) => range.min >= min && range.max <= max);
  if (bool) return [write(op, right.text)];
  if (means("flag")) return [write("==", 0)];
  if (means("status")) return [write("!=", 0)];
  const [first] = left;
  if (first?.series?.well !== undefined) return [write("!=", first.series.well)];
  const times = due === undefined ? timesOf(value, job, plan) : dueTimes(due);
  if (within(instants.min, instants.max)) return times.map(number => write(">", number, `time() - ${side}`));
  if (side.includes("time()")) return times.map(number => write(">", number));
  if (within(0, 1)) return [write(op, exact(value / 100))];
  if (within(0, 100)) return [write(op, exact(value * 100))];
  return [];
}

/** Thresholds of an age that a number may stand for, in seconds and in the units into which ages are divided; the tightest last. */
function timesOf(value: number, job: Job | undefined, plan: Plan): number[] {
  const units = value === 0 ? [] : [1, 3_600, 60, 86_400, 1 / 1_000, 1 / 60, 1 / 3_600];
  const tightS = job ? tightestStaleAfter(ageOf(job, plan)) / 1000 : undefined;
  const tight =
    tightS === undefined ? [] : [tightS, upToTenth(tightS / 60), upToTenth(tightS / 3_600), tightS * 1000];
  return [...units.map(factor => exact(value * factor)), ...tight];
}

/** Ages at which something has missed its turn, in the units into which ages are divided; the smallest first. */
function dueTimes(dueMs: number): number[] {
  return [86_400_000, 3_600_000, 60_000, 1_000].map(unit => exact(dueMs / unit));
}

/** Without what a division of floating point leaves. */
function exact(value: number): number {
  return Number(value.toPrecision(12));
}

/** Up, so that what is rounded is no shorter than it has to be. */
function upToTenth(value: number): number {
  return Math.ceil(value * 10) / 10;
}

function windowEdits(whole: string, of: string, job: Job | undefined, plan: Plan): Edit[] {
  if (!job) return [];
  const hours = Math.ceil(ageOf(job, plan).ms / 3_600_000);
  return [hours, hours + 1].map(window => [whole, `${of}[${window}h]`]);
}

function callEdits(whole: string, name: string): Edit[] {
  const others = /^(rate|irate|increase|resets)$/.test(name) ? ["changes", "delta", "deriv"] : [];
  return others.map(other => [whole, whole.replace(name, other)]);
}

/** Joins by the labels whose values both sides have, and aggregates that keep one of them. */
function joinEdits({ op, left, right, text }: Binary, plan: Plan): Edit[] {
  const [ours, theirs] = [labelsOf(left, plan), labelsOf(right, plan)];
  if (ours.length === 0 || theirs.length === 0) return [];
  const groups = /^(and|or|unless)$/.test(op) ? [""] : ["", " group_left", " group_right"];
  const written = (one: string, by: readonly string[], other: string): Edit[] =>
    groups.map(group => [text, `${one} ${op} on(${by.join(", ")})${group} ${other}`]);
  const both = shared(ours, theirs);
  return [
    ...sameSeries(left, right).map(([one, other]): Edit => [text, `${one} ${op} ${other}`]),
    ...(both.length === 0 ? [] : written(left.text, both, right.text)),
    ...keptLabels(left, right, plan).flatMap(({ one, by, other }): Edit[] =>
      one === left.text || other === right.text
        ? written(one, [by], other)
        : [[text, `${one} ${op} ${other}`]],
    ),
    ...written(left.text, [], right.text).slice(0, 1),
  ];
}

/** Both sides with one value of a label of which each selects another: of two mounts, a room and a size are of one. */
function sameSeries(left: Expr, right: Expr): (readonly [one: string, other: string])[] {
  const [ours, theirs] = [left, right].map(side => selectorsOf(side).flatMap(({ matchers }) => matchers));
  return (ours ?? []).flatMap(one =>
    (theirs ?? [])
      .filter(other => other.label === one.label && other.op === one.op && other.value !== one.value)
      .flatMap(other => {
        const written = (side: Expr, from: string, to: string): string =>
          side.text.replaceAll(
            `${one.label}${one.op}${JSON.stringify(from)}`,
            () => `${one.label}${one.op}${JSON.stringify(to)}`,
          );
        return [
          [left.text, written(right, other.value, one.value)] as const,
          [written(left, one.value, other.value), right.text] as const,
        ];
      }),
  );
}

/** A share of the whole, where something is divided by itself, or the whole by a share of it. */
function divisionEdits({ op, left, right, text }: Binary): Edit[] {
  if (op !== "/") return [];
  const whole = right.text
    .replace(/_(avail|free)_bytes\b/, "_size_bytes")
    .replace(/_Mem(Available|Free)_/, "_MemTotal_");
  if (left.text !== right.text) return [[text, `${right.text} / ${left.text}`]];
  return whole === right.text ? [] : [[text, `${left.text} / ${whole}`]];
}

/** Both sides with their aggregates grouped by a label that what they aggregate shares. */
function keptLabels(left: Expr, right: Expr, plan: Plan): { one: string; by: string; other: string }[] {
  const [ours, theirs] = [aggregateIn(left), aggregateIn(right)];
  const sources = [ours?.args.at(-1) ?? left, theirs?.args.at(-1) ?? right] as const;
  const by = shared(labelsOf(sources[0], plan), labelsOf(sources[1], plan));
  const grouped = (side: Expr, aggregate: Aggregate | undefined, label: string): string =>
    aggregate
      ? side.text.replace(
          aggregate.text,
          () => `${aggregate.op} by (${label}) (${aggregate.args.map(arg => arg.text).join(", ")})`,
        )
      : side.text;
  if (!ours && !theirs) return [];
  return by.map(label => ({
    one: grouped(left, ours, label),
    by: label,
    other: grouped(right, theirs, label),
  }));
}

/** The aggregate that a side is, or that it compares with a number. */
function aggregateIn(side: Expr): Aggregate | undefined {
  const bare = isComparison(side) && side.right.kind === "number" ? side.left : side;
  return bare.kind === "aggregate" ? bare : undefined;
}

function labelsOf(expr: Expr, plan: Plan): Labels[] {
  const result = evaluate(expr, seriesOf(plan));
  return result.kind === "vector" ? result.samples.map(({ labels }) => labels) : [];
}

/** Labels of which both have a value in common; those that tell things apart before those that are everywhere the same. */
function shared(ours: readonly Labels[], theirs: readonly Labels[]): string[] {
  const labels = [...new Set(ours.flatMap(Object.keys))].filter(label =>
    ours.some(one => theirs.some(other => other[label] === one[label])),
  );
  const generality = (label: string): number => (label === "job" || label === "instance" ? 1 : 0);
  return labels.sort((a, b) => generality(a) - generality(b));
}
