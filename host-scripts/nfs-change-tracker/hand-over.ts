import { openSegment, type SegmentKind } from "../runtime/journal";
import type { Named } from "./pending";

/** Makes what changed durable, and a consumer's to bring. */
export function handOver(journal: string, { paths, subtrees }: Named): void {
  // First what stands for more.
  write(journal, "reconcile", subtrees);
  write(journal, "paths", paths);
}

function write(journal: string, kind: SegmentKind, names: readonly string[]): void {
  if (names.length === 0) return;
  const segment = openSegment(journal, kind, false);
  for (const name of names) segment.add(Buffer.from(name, "latin1"));
  segment.promote();
}
