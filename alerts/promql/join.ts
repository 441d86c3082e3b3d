import type { Labels } from "../series";
import type { Sample } from "./sample";
import type { Binary, Matching } from "./syntax";

/** Samples of both sides that were matched, and which samples a set operator keeps. */
export interface Joined {
  readonly pairs: readonly { labels: Labels; left: Sample; right: Sample; kept: Sample }[];
  readonly samples: readonly Sample[];
  /** Labels of a match group with more than one sample on a side that may have just one. */
  readonly ambiguous?: Labels;
}

/**
 * Matches two vectors as Prometheus does: by all labels, or those that on() and ignoring() leave; one to one unless
 * group_left or group_right say otherwise.
 */
export function join({ op, matching }: Binary, left: readonly Sample[], right: readonly Sample[]): Joined {
  const rights = grouped(right, matching);
  const partners = (sample: Sample): readonly Sample[] => rights.get(keyOf(sample.labels, matching)) ?? [];
  const isSure = (sample: Sample): boolean => partners(sample).some(({ sure }) => sure);
  if (op === "and")
    return {
      pairs: [],
      samples: left
        .filter(sample => partners(sample).length > 0)
        .map(sample => ({ ...sample, sure: sample.sure && isSure(sample) })),
    };
  // The right side may be gone at times, so everything of the left can come through.
  if (op === "unless")
    return {
      pairs: [],
      samples: left
        .filter(sample => !isSure(sample))
        .map(sample => ({ ...sample, sure: sample.sure && partners(sample).length === 0 })),
    };
  if (op === "or") {
    const lefts = grouped(left, matching);
    const hidden = ({ labels }: Sample): boolean =>
      (lefts.get(keyOf(labels, matching)) ?? []).some(({ sure }) => sure);
    return { pairs: [], samples: [...left, ...right.filter(sample => !hidden(sample))] };
  }
  const pairs = left.flatMap(one =>
    partners(one).map(other => ({
      labels: resultLabels(one, other, matching),
      left: one,
      right: other,
      kept: matching?.group === "right" ? other : one,
    })),
  );
  const ambiguous = firstAmbiguous(grouped(left, matching), rights, matching);
  return { pairs, samples: [], ...(ambiguous ? { ambiguous } : {}) };
}

/** The labels that two samples are matched by. */
function keyLabels(labels: Labels, matching: Matching | undefined): [string, string][] {
  return Object.entries(labels)
    .filter(([label]) => !matching || matching.labels.includes(label) === (matching.kind === "on"))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Series have the same labels at each of the thousands of instants at which a course is asked. */
const keys = new WeakMap<Labels, Map<Matching | undefined, string>>();

function keyOf(labels: Labels, matching: Matching | undefined): string {
  const known = keys.get(labels) ?? new Map<Matching | undefined, string>();
  keys.set(labels, known);
  const key = known.get(matching) ?? JSON.stringify(keyLabels(labels, matching));
  known.set(matching, key);
  return key;
}

function grouped(samples: readonly Sample[], matching: Matching | undefined): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = keyOf(sample.labels, matching);
    const group = groups.get(key);
    if (group) group.push(sample);
    else groups.set(key, [sample]);
  }
  return groups;
}

function resultLabels(left: Sample, right: Sample, matching: Matching | undefined): Labels {
  if (matching?.group === "left") return left.labels;
  if (matching?.group === "right") return right.labels;
  return Object.fromEntries(keyLabels(left.labels, matching));
}

function firstAmbiguous(
  lefts: Map<string, Sample[]>,
  rights: Map<string, Sample[]>,
  matching: Matching | undefined,
): Labels | undefined {
  for (const [key, left] of lefts) {
    const right = rights.get(key) ?? [];
    if (right.length === 0) continue;
    const isAmbiguous =
      (right.length > 1 && matching?.group !== "right") || (left.length > 1 && matching?.group !== "left");
    if (isAmbiguous) return Object.fromEntries(keyLabels(left[0]?.labels ?? {}, matching));
  }
  return undefined;
}
