import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  changeTrackerMetricNames as names,
  changeTrackerMetrics,
} from "../../plan/contracts/nfs-change-tracker";
import { exitCodes, messageOf } from "../runtime/errors";
import { recordEnd, TextfileNotWritten } from "../runtime/metrics";
import { pushKept, type Reporter } from "../runtime/report";
import type { Counted } from "./tracker";

/** What is told while it watches. */
export function valuesOf(counted: Counted): Record<string, number> {
  return {
    [names.up]: 1,
    [names.events]: counted.events.sum(),
    [names.overflows]: counted.overflows.sum(),
    [names.reconciles]: counted.reconciles.sum(),
    [names.memory]: process.memoryUsage().rss + residentOf(counted.watcherPid),
    ...(counted.lastEventMs !== undefined && { [names.lastEvent]: Math.floor(counted.lastEventMs / 1000) }),
  };
}

/** The reporter of one that tells again and again: what it has warned of, it says once more only when that has changed or was over. */
export function tellingOnce(reporter: Reporter): Reporter & { readonly forget: () => void } {
  const { log } = reporter;
  let last = "";
  const warn = (text: string): void => {
    if (text !== last) log.warn(text);
    last = text;
  };
  return { ...reporter, log: { ...log, warn }, forget: () => (last = "") };
}

/** Tells that it works, as a run tells of its success. Never fails: that it works is no less true. */
export async function tellProof(reporter: ReturnType<typeof tellingOnce>, counted: Counted): Promise<void> {
  const { textfile, stateDir } = reporter.config;
  const end = { status: exitCodes.ok, at: Math.floor(Date.now() / 1000), values: valuesOf(counted) };
  let text: string;
  try {
    text = await recordEnd(textfile, join(stateDir, "metrics.lock"), changeTrackerMetrics, end);
  } catch (error) {
    reporter.log.error(messageOf(error));
    text = error instanceof TextfileNotWritten ? error.text : "";
  }
  if (await pushKept(reporter, text)) reporter.forget();
}

/** Resident memory of a process, in bytes; 0 of one that is gone. */
function residentOf(pid: number): number {
  try {
    const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}
