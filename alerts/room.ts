import type { Plan } from "../plan";
import { evaluate } from "./promql/evaluate";
import type { Course } from "./promql/moment";
import { selected } from "./promql/select";
import { type Expr, selectorsOf } from "./promql/syntax";
import { exactly } from "./ranges";
import { type Series, seriesOf } from "./series";

/** What an alert on file systems' room gets wrong: it fires where there is plenty, or is silent where there is none left. */
export type RoomFlaw =
  | {
      readonly kind: "roomy";
      readonly freeShare: number;
      /** What is little, as this alert would have to say it: a share, or per cent. */
      readonly little: number;
    }
  | { readonly kind: "full-unseen"; readonly freeShare: number; readonly of: string };

/** Shares of free room: those that nobody is woken for, one that is as good as full, and one that only an emptied disk has. */
const [plenty, hardlyAny, emptied] = [[0.9, 0.8], 0.005, 0.99] as const;

/**
 * Follows an alert on nothing but how much room file systems have, which the estate knows the sizes of. One that fires where all is gone
 * alone is meant so.
 */
export function roomFlawOf(expr: Expr, plan: Plan): RoomFlaw | undefined {
  const index = seriesOf(plan);
  const series = [...new Set(selectorsOf(expr).flatMap(selector => selected(selector, index)))];
  if (!series.some(isFree) || !series.every(each => isFree(each) || isSize(each))) return undefined;
  const isShare = series.some(each => isSize(each) || isPercent(each));
  // Of a share it says the same whatever the size.
  if (!isShare && !series.every(({ range }) => Number.isFinite(range.max))) return undefined;
  const firesAt = (shareOf: (place: string) => number | undefined): "surely" | "perhaps" | "no" => {
    const valueAt = (each: Series) => {
      const share = shareOf(placeOf(each));
      return share === undefined ? undefined : exactly(sizeOf(each) * (isFree(each) ? share : 1));
    };
    const course: Course = { valueAt, valuesIn: () => undefined };
    const result = evaluate(expr, index, {}, { atMs: Date.UTC(2026, 5, 15), course });
    if (result.kind !== "vector") return "perhaps";
    return result.samples.length === 0
      ? "no"
      : result.samples.some(({ sure }) => sure)
        ? "surely"
        : "perhaps";
  };
  const roomy = plenty.find(share => firesAt(() => share) === "surely");
  if (roomy !== undefined)
    return { kind: "roomy", freeShare: roomy, little: series.some(isPercent) ? 15 : 0.15 };
  // Fifty gigabytes may be less than that of a large disk: just a share is held against one.
  const none = isShare ? hardlyAny : 0;
  if (firesAt(() => none) === "no")
    return firesAt(() => emptied) === "no" && firesAt(() => undefined) === "no"
      ? { kind: "full-unseen", freeShare: none, of: [...new Set(series.map(placeOf))].join(", ") }
      : undefined;
  const unseen = [...new Set(series.filter(isFree).map(placeOf))].find(
    full => firesAt(place => (place === full ? none : plenty[0])) === "no",
  );
  return unseen === undefined ? undefined : { kind: "full-unseen", freeShare: none, of: unseen };
}

const isPercent = ({ metric }: Series): boolean => /_free_(pct|percent)$/.test(metric);
const isFree = (series: Series): boolean =>
  isPercent(series) || /^(node_filesystem_(avail|free)|nas_snapshot_volume_free)_bytes$/.test(series.metric);
const isSize = ({ metric }: Series): boolean =>
  /^(node_filesystem|nas_snapshot_volume)_size_bytes$/.test(metric);

/** All that there is of a place's room. A series' range leaves a tenth for how sizes are rounded. */
function sizeOf(series: Series): number {
  if (isPercent(series)) return 100;
  return Number.isFinite(series.range.max) ? series.range.max / 1.1 : anySize;
}

const anySize = 1e12;

function placeOf({ labels }: Series): string {
  return `${labels["instance"] ?? ""}:${labels["mountpoint"] ?? ""}`;
}
