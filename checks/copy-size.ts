import type { Plan } from "../plan";
import { type Copy } from "../plan/graph/copies";
import { timelineOf } from "./timeline";

const dayMs = 86_400_000;
const periodDays = { day: 1, week: 7, month: 30 };

/** What a copy occupies, and what changes in it each day. Bytes. */
export interface CopySize {
  readonly bytes: number;
  /** Of `bytes`, what only earlier generations hold: blocks that a snapshot keeps after the data has changed. */
  readonly pinnedBytes: number;
  readonly churnPerDayBytes: number;
  readonly growthPerDayBytes: number;
}

/**
 * Sizes of a plan's copies. A mirror is as large as its source. Snapshots pin what changes while they are kept.
 * daily-backup's generations of a volume share unchanged files by hard links, so each further one holds what changed.
 * A dump is whole each time, and as large as the data: compression is a bonus that nobody promised.
 */
export class CopySizes {
  private readonly known = new Map<Copy, CopySize>();
  private readonly runs = new Map<Copy["job"], number>();

  constructor(private readonly plan: Plan) {}

  of(copy: Copy): CopySize {
    const found = this.known.get(copy) ?? this.sizeOf(copy);
    this.known.set(copy, found);
    return found;
  }

  private sizeOf(copy: Copy): CopySize {
    const { dataset, from, job, flow } = copy;
    const live = {
      bytes: dataset.sizeBytes * dataset.count,
      pinnedBytes: 0,
      churnPerDayBytes: dataset.churnPerDayBytes * dataset.count,
      growthPerDayBytes: dataset.growthPerDayBytes * dataset.count,
    };
    // A snapshot's own blocks lie in the pool; who reads it finds the whole volume.
    const source = from && flow.source.kind === "tree" ? this.of(from) : live;
    const { generations, days } = this.kept(copy);
    const changedBytes = (spanDays: number): number =>
      Math.min(source.churnPerDayBytes * spanDays, source.bytes * Math.max(1, generations));
    if (job.layer === "lvm-pvc-snapshot" || job.layer === "nas-snapshots") {
      const pinnedBytes = changedBytes(days);
      return { bytes: pinnedBytes, pinnedBytes, churnPerDayBytes: 0, growthPerDayBytes: 0 };
    }
    if (flow.retention.kind === "latest") return source;
    if (flow.source.kind === "copies-of" && flow.source.holds === undefined) {
      const pinnedBytes = Math.min(changedBytes(days), source.bytes * (generations - 1));
      return { ...source, bytes: source.bytes + pinnedBytes, pinnedBytes };
    }
    return {
      bytes: source.bytes * generations,
      pinnedBytes: source.bytes * (generations - 1),
      churnPerDayBytes: source.bytes * this.runsPerDay(copy.job),
      growthPerDayBytes: source.growthPerDayBytes * generations,
    };
  }

  /** Generations that lie there at once, and the days that they reach back. */
  private kept({ job, flow: { retention } }: Copy): { generations: number; days: number } {
    const perDay = this.runsPerDay(job);
    switch (retention.kind) {
      case "latest":
        return { generations: 1, days: 0 };
      case "age": {
        const days = retention.ms / dayMs;
        return { generations: Math.max(1, retention.atLeast, Math.ceil(days * perDay)), days };
      }
      case "count": {
        const days = retention.every === "run" ? 1 / perDay : periodDays[retention.every];
        return { generations: retention.count, days: retention.count * days };
      }
    }
  }

  /** Mean number of runs a day over the estate's years. */
  private runsPerDay(job: Copy["job"]): number {
    const known = this.runs.get(job);
    if (known !== undefined) return known;
    const timeline = timelineOf(this.plan);
    const { fromMs, toMs } = timeline.horizon;
    const count = timeline.runsOf(job).startMs.filter(start => start >= fromMs).length;
    const perDay = Math.max(1, count) / ((toMs - fromMs) / dayMs);
    this.runs.set(job, perDay);
    return perDay;
  }
}
