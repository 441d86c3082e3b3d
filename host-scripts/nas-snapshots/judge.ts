import { snapshotProgram as program } from "../../plan/contracts/nas-snapshots";
import { exitCodes, RunnerError } from "../runtime/errors";
import { momentText } from "../runtime/moment";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { shell } from "../runtime/shell";
import { comeBy, mostSkewMs } from "./come";
import { driftsOf } from "./drift";
import { lastDue } from "./due";
import { daysToFull, isCleaning } from "./forecast";
import { formatHours } from "./hours";
import { type Memory, writeMemory } from "./memory";
import { verifiedEnds } from "./senders";
import type { Facts, NasLook } from "./nas-snapshots";

const dayMs = 86_400_000;

/** Compares what the NAS has with what the estate says it has. */
export const judge: Phase<NasLook> = {
  name: "judge",
  async run(run) {
    const { config, dryRun, log, stop, faults, lookedAt } = run;
    const facts = required(run.facts, "facts");
    const nasMs = lookedAt.getTime() + (facts.skewMs ?? 0);
    const before = run.memory;
    run.memory = {
      ...remembered(before, facts, nasMs, lookedAt.getTime(), config.keepMs),
      verified: verifiedEnds(config, before),
    };
    const dueMs = await lastDue(config, nasMs - config.graceMs, stop.signal);
    faults.push(...faultsOf(run, facts, nasMs, dueMs));
    run.drifts = driftsOf(config, facts, run.memory.gone, nasMs, dueMs);
    for (const { setting, text } of run.drifts) log.warn(`drift of ${setting}: ${text}`);
    const days = daysToFull(run.memory.used, facts, nasMs, config.keepMs);
    if (days !== undefined) run.daysToFull = days;
    if (!dryRun) writeMemory(config, run.memory);
    const [first] = faults;
    for (const { text } of faults) log.warn(text);
    if (first)
      throw new RunnerError(exitCodes.failed, {
        failed:
          faults.length === 1 ? first.text : `${faults.length} things are wrong, the first: ${first.text}`,
        kept: "Nothing was changed on the NAS; what it has is as it was.",
        next: first.next,
      });
  },
};

function faultsOf(
  { config }: NasLook,
  { snapshots, unknownLines, skewMs }: Facts,
  nasMs: number,
  dueMs: number | undefined,
): NasLook["faults"] {
  const { nas, job } = config;
  const login = `${nas.user}@${nas.address}`;
  const list = shell`ssh -t -p ${nas.port} ${login} sudo ${program} list ${nas.share}`;
  const faults: NasLook["faults"] = [];
  const [unknown] = unknownLines;
  if (unknown !== undefined)
    faults.push({
      text: `the list of ${nas.name} has ${unknownLines.length} lines that are no snapshot's name, the first is ${quoted(unknown)}: another version of DSM may write it in another way, and what they stand for isn't guessed`,
      next: list,
    });
  if (skewMs === undefined)
    faults.push({
      text: `${nas.name} doesn't say what time it is, so that no age of a snapshot can be believed`,
      next: shell`ssh -p ${nas.port} ${login} date +%s`,
    });
  else if (Math.abs(skewMs) > mostSkewMs)
    faults.push({
      text: `the clock of ${nas.name} is ${formatHours(Math.abs(skewMs))} (${Math.round(Math.abs(skewMs) / 1000)} s) ${skewMs > 0 ? "ahead" : "behind"}: it dates snapshots wrongly, and one that is ahead removes them before their time`,
      next: shell`ssh -p ${nas.port} ${login} date; date   (then let both follow a time server)`,
    });
  const come = comeBy(snapshots, nasMs);
  const ahead = snapshots.filter(snapshot => !come.includes(snapshot));
  const [future] = ahead;
  if (future)
    faults.push({
      text: `${ahead.length} snapshots are of a time that hasn't come, the first is ${future.name}: a clock was ahead when they were made, and they count for nothing`,
      next: list,
    });
  const newest = come.at(-1);
  if (!newest)
    faults.push({
      text: `${nas.share} on ${nas.name} has no snapshot at all`,
      next: shell`ssh -t -p ${nas.port} ${login} sudo ${program} shareconf get ${nas.share}   (its schedule is in Snapshot Replication)`,
    });
  else if (dueMs === undefined || newest.atMs < dueMs - 60_000)
    faults.push({
      text: `the newest snapshot of ${nas.share} on ${nas.name} is of ${momentText(newest.atMs)}, and ${dueMs === undefined ? "its calendar gives no time at which one was due" : `one was due at ${momentText(dueMs)}`}`,
      next: shell`${job} list   (then look at its schedule in Snapshot Replication)`,
    });
  return faults;
}

/** What was there and is gone, though it was younger than it is kept, and what is used while no cleaner is at work. */
function remembered(
  before: Memory,
  { snapshots, volume }: Facts,
  nasMs: number,
  nowMs: number,
  keepMs: number | undefined,
): Pick<Memory, "seen" | "gone" | "used"> {
  const names = new Set(snapshots.map(({ name }) => name));
  const missing = before.seen.filter(({ name }) => !names.has(name));
  const gone = [...before.gone, ...missing.map(snapshot => ({ ...snapshot, missedMs: nasMs }))].filter(
    // It removes at its own time of day.
    ({ name, atMs, missedMs }) =>
      keepMs !== undefined && !names.has(name) && missedMs - atMs < keepMs - dayMs && nasMs - atMs < keepMs,
  );
  const used = [
    ...before.used,
    ...(volume && !isCleaning(before.seen, snapshots)
      ? [{ atMs: nowMs, bytes: volume.sizeBytes - volume.freeBytes }]
      : []),
  ].filter(({ atMs }) => nowMs - atMs < 60 * dayMs && atMs <= nowMs);
  return { seen: [...snapshots], gone, used };
}
