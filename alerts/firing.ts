import type { Story } from "./courses";
import { evaluate } from "./promql/evaluate";
import { type Expr, walk } from "./promql/syntax";
import type { SeriesIndex } from "./series";

/** When an alert fires first in a story, in epoch ms: surely, and at the earliest where its values aren't all known. */
export interface Firing {
  readonly sureMs?: number;
  readonly possibleMs?: number;
}

/** What an alert gives at one instant: each series, and whether it is there for sure. Nothing where that isn't known. */
type Given = ReadonlyMap<string, boolean> | undefined;

const yearMs = 365 * 86_400_000;

/**
 * The first firing of an expression that has to hold for a time. Between two events only the time itself goes on, so a
 * condition changes once at most; where it does is found to the second.
 * @param beyond whether to look for it in the ten years after the story too, in which nothing more happens
 */
export function firstFiring(
  expr: Expr,
  index: SeriesIndex,
  story: Story,
  forMs: number,
  beyond: boolean,
): Firing {
  const seen = new Map<number, Given>();
  const at = (atMs: number): Given => {
    if (seen.has(atMs)) return seen.get(atMs);
    const result = evaluate(expr, index, {}, { atMs, course: story.course });
    const given =
      result.kind === "vector"
        ? new Map(result.samples.map(({ labels, sure }) => [JSON.stringify(labels), sure]))
        : undefined;
    seen.set(atMs, given);
    return given;
  };
  const points = pointsOf(expr, story, beyond);
  const keys = new Set(points.flatMap(point => [...(at(point)?.keys() ?? [])]));
  const first = (holds: (atMs: number, key: string) => boolean): number | undefined => {
    const starts = [...keys].flatMap(key => holding(points, atMs => holds(atMs, key), forMs) ?? []);
    return starts.length === 0 ? undefined : Math.min(...starts);
  };
  const unknownMs = points.find(point => at(point) === undefined);
  const sureMs = first((atMs, key) => at(atMs)?.get(key) === true);
  const possibleMs = unknownMs ?? first((atMs, key) => at(atMs)?.has(key) ?? true);
  return { ...(sureMs === undefined ? {} : { sureMs }), ...(possibleMs === undefined ? {} : { possibleMs }) };
}

/** The end of the first time of at least `forMs` in which something holds. */
function holding(
  points: readonly number[],
  holds: (atMs: number) => boolean,
  forMs: number,
): number | undefined {
  let [startMs, before]: [number | undefined, number] = [undefined, points[0] ?? 0];
  for (const point of points) {
    const now = holds(point);
    if (now) startMs ??= point === before ? point : change(before, point, holds);
    if (!now && startMs !== undefined) {
      if (change(before, point, holds) - startMs > forMs) return startMs + forMs;
      startMs = undefined;
    }
    before = point;
  }
  return startMs !== undefined && before - startMs >= forMs ? startMs + forMs : undefined;
}

/** Where something that differs between two instants changes, to the second. */
function change(fromMs: number, toMs: number, holds: (atMs: number) => boolean): number {
  const before = holds(fromMs);
  let [low, high] = [fromMs, toMs];
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Instants to look at: around each event, and around when it leaves a window or comes up behind an offset. */
function pointsOf(expr: Expr, { fromMs, toMs, events }: Story, beyond: boolean): number[] {
  const delays = [0, ...lookbacksOf(expr)];
  const earliestMs = fromMs - Math.max(...delays);
  const turns = events
    .filter(event => event >= earliestMs)
    .flatMap(event => delays.map(delay => event + delay));
  const within = turns
    .filter(turn => turn > fromMs && turn < toMs)
    .flatMap(turn => [turn - 1, turn, turn + 1]);
  const edges = [...new Set([fromMs, ...within, toMs - 1])].sort((a, b) => a - b);
  const middles = edges.flatMap((edge, at) => [edge, Math.floor((edge + (edges[at + 1] ?? edge)) / 2)]);
  const later: number[] = [];
  if (beyond)
    for (let span = toMs - fromMs; span < 10 * yearMs; span *= 1.5) later.push(fromMs + Math.round(span));
  return [...new Set([...middles, ...later])].sort((a, b) => a - b);
}

/** How far an expression looks back: its windows and offsets, in ms. */
export function lookbacksOf(expr: Expr): number[] {
  return [...walk(expr)].flatMap(part => {
    if (part.kind === "range") return part.windowMs ?? [];
    return part.kind === "shifted" ? (part.byMs ?? []) : [];
  });
}
