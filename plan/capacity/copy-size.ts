import type { Plan } from "..";
import { bytesOf, type Dataset } from "../datasets";
import type { Copy } from "../graph/copies";
import { yearsOf } from "../graph/loss";
import { Generations } from "../graph/retention";
import type { Location } from "../job";
import { isBelow, sameMachine } from "../layers/places";

const dayMs = 86_400_000;

/** What of a dataset changes each day where the estate doesn't say: nothing at least, all of it at most. */
export type Unsaid = "least" | "most";

/** What a copy occupies once its retention has filled up, and what changes in it each day. Bytes. */
export interface CopySize {
  readonly bytes: number;
  /** Of `bytes`, what only earlier generations hold: blocks that a snapshot keeps after the data has changed. */
  readonly pinnedBytes: number;
  /** Infinity, and so is `growthPerDayBytes`, where the estate doesn't say and the most is asked for. */
  readonly churnPerDayBytes: number;
  readonly growthPerDayBytes: number;
  /** What it becomes where hard links are lost: each generation that shared files has them all. */
  readonly unlinkedBytes: number;
}

/**
 * Sizes of a plan's copies, with as many generations as the estate's years ever see at once. A mirror is as large as its
 * source. A snapshot in its source's own pool or share pins what changes while it is kept. Generations that are copied
 * from a volume's newest snapshot share unchanged files by hard links, so each further one holds what changed. A dump is
 * whole each time, and as large as the data unless the estate says what the last ones had: nobody promises what compression gives. A tree whose hard links are lost on
 * the way has every generation whole.
 */
class CopySizes {
  private readonly known = new Map<Copy, CopySize>();
  private readonly runs = new Map<Copy["job"], number>();
  private readonly generations: Generations;

  private readonly unsaidBytes: number;

  constructor(
    private readonly plan: Plan,
    unsaid: Unsaid,
  ) {
    this.unsaidBytes = unsaid === "most" ? Infinity : 0;
    this.generations = new Generations(yearsOf(plan));
  }

  of(copy: Copy): CopySize {
    const found = this.known.get(copy) ?? this.sizeOf(copy);
    this.known.set(copy, found);
    return found;
  }

  private sizeOf(copy: Copy): CopySize {
    const { dataset, from, flow } = copy;
    // A snapshot's own blocks lie in the pool; who reads it finds the whole volume.
    const source = from && flow.source.kind === "tree" ? this.of(from) : this.live(dataset);
    if (flow.retention.kind === "latest")
      return flow.metadata === "lost" ? { ...source, bytes: source.unlinkedBytes } : source;
    const { generations, longestMs } = this.generations.keptBy(copy);
    const changedBytes = longestMs > 0 ? source.churnPerDayBytes * (longestMs / dayMs) : 0;
    if (sharesBlocks(copy)) {
      const pinnedBytes = Math.round(Math.min(changedBytes, source.bytes * generations));
      return {
        bytes: pinnedBytes,
        pinnedBytes,
        churnPerDayBytes: 0,
        growthPerDayBytes: 0,
        unlinkedBytes: pinnedBytes,
      };
    }
    if (flow.source.kind === "copies-of" && flow.source.holds === undefined) {
      const pinnedBytes = Math.round(Math.min(changedBytes, source.bytes * (generations - 1)));
      return {
        ...source,
        bytes: source.bytes + pinnedBytes,
        pinnedBytes,
        unlinkedBytes: source.bytes * generations,
      };
    }
    const each = flow.generationBytes ?? source.bytes;
    const share = source.bytes > 0 ? each / source.bytes : 1;
    return {
      bytes: each * generations,
      pinnedBytes: each * (generations - 1),
      churnPerDayBytes: each * this.runsPerDay(copy.job),
      growthPerDayBytes: source.growthPerDayBytes * share * generations,
      unlinkedBytes: each * generations,
    };
  }

  /** The most that its job keeps of it after a run. */
  generationsOf(copy: Copy): number {
    return copy.flow.retention.kind === "latest" ? 1 : this.generations.keptBy(copy).generations;
  }

  /** The dataset itself. */
  live(dataset: Dataset): CopySize {
    const { churnPerDayBytes, growthPerDayBytes, count } = dataset;
    // What nobody has said is told of by the store: `unsized`.
    const bytes = bytesOf(dataset) ?? 0;
    return {
      bytes,
      pinnedBytes: 0,
      churnPerDayBytes: churnPerDayBytes === undefined ? this.unsaidBytes : churnPerDayBytes * count,
      growthPerDayBytes: growthPerDayBytes === undefined ? this.unsaidBytes : growthPerDayBytes * count,
      unlinkedBytes: bytes,
    };
  }

  /** Mean number of runs a day over the estate's years. */
  private runsPerDay(job: Copy["job"]): number {
    const known = this.runs.get(job);
    if (known !== undefined) return known;
    const timeline = yearsOf(this.plan);
    const { horizon } = timeline;
    const count = timeline.runsOf(job).startMs.filter(start => start >= horizon.fromMs).length;
    const perDay = Math.max(1, count) / ((horizon.toMs - horizon.fromMs) / dayMs);
    this.runs.set(job, perDay);
    return perDay;
  }
}

const sizesOfPlans = new WeakMap<Plan, Readonly<Record<Unsaid, CopySizes>>>();

/** Sizes of a plan's copies: made once for a plan, as stores and budgets ask. */
export function sizesOf(plan: Plan, unsaid: Unsaid): CopySizes {
  const sizes = sizesOfPlans.get(plan) ?? {
    least: new CopySizes(plan, "least"),
    most: new CopySizes(plan, "most"),
  };
  sizesOfPlans.set(plan, sizes);
  return sizes[unsaid];
}

/** A snapshot in its source's own pool, or below its source's own tree, holds no second copy of what hasn't changed. */
function sharesBlocks({ dataset, from, flow, location }: Copy): boolean {
  const source = from?.location ?? dataset.location;
  if (!sameMachine(source.machine, location.machine)) return false;
  const pool = poolOf(source);
  if (pool !== undefined) return pool === poolOf(location);
  return flow.source.kind === "tree" && isBelow(flow.target.path, flow.source.location.path);
}

function poolOf({ path }: Location): string | undefined {
  return path.startsWith("pool:") ? path.split("/", 1)[0] : undefined;
}
