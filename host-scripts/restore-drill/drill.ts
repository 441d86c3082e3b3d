import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { z } from "zod";
import { pathOf } from "../backup-scrub/paths";
import { type Tally, tallyOf } from "../runtime/tally";
import { exitCodes, messageOf } from "../runtime/errors";
import { LockHeld, takeLock } from "../runtime/lock";
import type { Phase } from "../runtime/phases";
import { notedName, quoted, shortened } from "../runtime/quoted";
import { required } from "../runtime/required";
import { run as runCommand } from "../runtime/run";
import { sizeText } from "../runtime/size-text";
import { firstLines } from "../runtime/tail";
import { compare, type Comparison } from "./compare";
import { compareSent, isSentAsItIs } from "./compare-sent";
import { failedAnswer } from "./copies";
import { commandOf, type Tier } from "./tier";
import type { DrillFacts } from "../../plan/contracts/drill-record";
import type { RestoreDrill } from "./restore-drill";
import { type Sample, sampleOf } from "./sample";
import { clearScratch, drillFolder, scratchRoom } from "./scratch";
import { writeState } from "../runtime/drill-state";
import type { DrillCopy } from "./turns";

/** Of the budget: the rest is for what has begun, and for the report. */
const share = 0.8;
/** Memory and a list of names grow with the entries. */
const mostEntries = 200_000;
/** Where no drill of the tier says it yet; the first ones of a new host are small or slow. */
const guessedBytesPerS = 20e6;
/** Less than that says more of how long a restore takes to begin than of how fast it is. */
const tellingBytes = 16e6;
const shown = 10;

/** Restores what has its turn, one after the other, compares it, and takes it down again; each leaves a record. */
export const drill: Phase<RestoreDrill> = {
  name: "drill",
  async run(run) {
    const { config, stop, log, notes } = run;
    const due = required(run.due, "copies whose turn it is");
    for (const [index, copy] of due.entries()) {
      stop.check("drill");
      const tier = config.tiers.find(({ tier: name }) => name === copy.tier);
      if (!tier) continue;
      log.progress(`drill: ${index} of ${due.length} copies; at ${quoted(copy.path)}`);
      const tally = await sizeOf(run, tier, copy);
      if (typeof tally === "string") {
        passOver(run, copy, tally);
        continue;
      }
      if (index > 0 && !fits(run, tier, tally)) {
        const rest = due.slice(index);
        const why = "no time was left in this run";
        run.passedOver.push(...rest.map(({ tier, of }) => ({ tier, of, why })));
        notes.push(
          `no time is left in this run for ${rest.length} of ${due.length} copies: they come first in the next`,
        );
        return;
      }
      const skipped = await drillOne(run, tier, copy, tally);
      if (skipped !== undefined) passOver(run, copy, skipped);
    }
  },
};

function passOver({ done, passedOver, notes }: RestoreDrill, copy: DrillCopy, why: string): void {
  done.skipped += 1;
  passedOver.push({ tier: copy.tier, of: copy.of, why });
  notes.push(`${nameOf(copy)} was not drilled: ${why}`);
}

function nameOf({ tier, of, path, sent }: DrillCopy): string {
  const name = notedName(pathOf(of));
  if (sent !== undefined) return `${name} at ${notedName(pathOf(path))}`;
  if (tier === "databases") return `the newest generation of ${name}'s databases`;
  return `${tier === "mirror" ? "the mirror" : "the newest generation"} of ${name}`;
}

const sizeAnswer = z.object({ entries: z.int().min(0), bytes: z.int().min(0) });

/** What all of a copy is: of one off site its program asks the destination. @returns why that isn't known */
async function sizeOf(run: RestoreDrill, tier: Tier, { path, sent }: DrillCopy): Promise<Tally | string> {
  const { config, stop, faults } = run;
  if (sent === undefined) return tallyOf(dirname(path), [pathOf(basename(path))], () => stop.check("drill"));
  const words = ["--dry-run", "--into", drillFolder(config), "--json", "--", notedName(pathOf(sent.path))];
  const timeoutMs = Math.max(1000, leftMs(run));
  const result = await runCommand([...commandOf(tier), "restore", ...words], {
    timeoutMs,
    stop: stop.signal,
  });
  stop.check("drill");
  const size = sizeAnswer.safeParse(jsonOf(result.stdout));
  if (result.exitCode === 0 && size.success) return { ...size.data, blockBytes: size.data.bytes };
  const why = `${tier.job} can't be asked for it: ${saidIn(result.stdout) ?? (firstLines(result.stderr) || `it ended with ${result.exitCode ?? result.ended}`)}`;
  if (sent.isYounger && /has no folder |No such file or directory \(2\)/.test(why))
    return `it was made since all was last sent, and may not be there yet; ${why}`;
  faults.push(`${path} was not drilled: ${why}`);
  return why;
}

function leftMs({ config, startMs }: RestoreDrill): number {
  return config.budgetMs * share - (performance.now() - startMs);
}

/** Whether a copy is through before the run's share of its budget is used up. */
function fits(run: RestoreDrill, tier: Tier, { bytes }: Tally): boolean {
  return Math.min(bytes, run.config.mostBytes) < bytesLeft(run, tier);
}

/** What can be drilled of a tier in the time that is left, by what the last drills took, or else by the estate's link. */
function bytesLeft(run: RestoreDrill, tier: Tier): number {
  const past =
    run.evidence?.records.filter(
      record =>
        record.tier === tier.tier && record.result === "proved" && record.restored.bytes >= tellingBytes,
    ) ?? [];
  const took = past.reduce((sum, { seconds }) => sum + seconds.restore + seconds.compare, 0);
  const read = past.reduce((sum, { restored }) => sum + restored.bytes, 0);
  const link = tier.kind === "offsite" ? tier.bytesPerSecond : undefined;
  const bytesPerS = took > 0 && read > 0 ? read / took : (link ?? guessedBytesPerS);
  return Math.max(0, (bytesPerS * leftMs(run)) / 1000);
}

/** What is restored of a copy. */
interface Scope {
  readonly kind: DrillFacts["scope"];
  readonly sample?: Sample;
}

/** @returns why it was passed over; undefined for a drill that left its record */
async function drillOne(
  run: RestoreDrill,
  tier: Tier,
  copy: DrillCopy,
  tally: Tally,
): Promise<string | undefined> {
  const { config, log, done } = run;
  const scope = await scopeOf(run, tier, copy, tally);
  if (typeof scope === "string") return scope;
  const at = new Date();
  const begunMs = performance.now();
  let [restoreMs, endMs] = [begunMs, begunMs];
  let reason: string | undefined;
  let compared: Comparison = { recorded: 0, copy: 0, differences: [] };
  try {
    const fault = await restoreCopy(run, tier, copy, scope.sample);
    restoreMs = endMs = performance.now();
    if (fault?.isBusy) return `${tier.job} is at work`;
    reason = fault?.failed;
    if (reason === undefined) {
      // The job's own: no run changes the copy that is compared.
      const lock = await takeLock(tier.lock, 0, run.stop.signal);
      try {
        compared = await (tier.kind === "offsite"
          ? compareSent(run, tier, copy, scope.sample?.names)
          : compare(run, tier, copy, scope.sample?.names));
      } finally {
        lock.release();
      }
      endMs = performance.now();
      reason = reasonOf(compared);
    }
  } catch (error) {
    run.stop.check("drill");
    if (error instanceof LockHeld) return `${tier.job} began while it was restored`;
    reason = messageOf(error);
  } finally {
    await clearScratch(run);
  }
  const whole = { entries: tally.entries, bytes: tally.bytes };
  const restored = scope.sample ? { entries: scope.sample.names.length, bytes: scope.sample.bytes } : whole;
  const seconds = { restore: secondsOf(restoreMs - begunMs), compare: secondsOf(endMs - restoreMs) };
  leaveRecord(run, {
    ...{ at: at.toISOString(), host: config.host, tier: copy.tier, of: copy.of },
    copy: { path: copy.path, ...(copy.at !== undefined && { at: copy.at }), lacks: copy.lacks.length },
    result: reason === undefined ? "proved" : "failed",
    ...(reason !== undefined && { reason }),
    ...{ scope: scope.kind, restored, whole },
    compared: {
      ...{ recorded: compared.recorded, copy: compared.copy },
      ...(compared.far !== undefined && { far: compared.far }),
    },
    ...{ seconds, release: release() },
  });
  if (reason === undefined) {
    done.proved += 1;
    done.bytes += restored.bytes;
    log.info(
      `${nameOf(copy)} came back: ${scopeText(scope)}${restored.entries} entries, ${sizeText(restored.bytes)} in ${seconds.restore} s; ${compared.recorded} files hold what is on record, ${compared.copy} what ${tier.kind === "offsite" ? "this host has" : "the copy has"}${compared.far ? `, of ${compared.far} only the destination says what they are` : ""}`,
    );
    return undefined;
  }
  done.failed += 1;
  run.faults.push(`${nameOf(copy)} did not come back as it is to be: ${reason}`);
  return undefined;
}

function scopeText({ kind }: Scope): string {
  return kind === "sample" ? "a part of it, " : "";
}

/** What is drilled of a copy: all of it where that is small enough, or else files of it. @returns why nothing can be */
async function scopeOf(
  run: RestoreDrill,
  tier: Tier,
  copy: DrillCopy,
  tally: Tally,
): Promise<Scope | string> {
  const { config, stop, evidence } = run;
  if (tally.unread !== undefined) run.faults.push(`${nameOf(copy)} can't be looked at: ${tally.unread}`);
  const room = scratchRoom(config);
  // Over a slow line, of the first copy as much as can be through: else it would never be its turn.
  const most = Math.floor(Math.min(config.mostBytes, bytesLeft(run, tier)));
  const isSmall = tally.bytes <= most && tally.entries <= mostEntries;
  if (isSmall && tally.blockBytes <= room.bytes && tally.entries <= room.inodes) return { kind: "whole" };
  const lacksRoom = `${quoted(config.scratch.folder)} has room for ${sizeText(room.bytes)} beside what stays free, and ${sizeText(tally.blockBytes)} would come`;
  if (isSmall) return lacksRoom;
  if (isOnlyWhole(tier))
    return `it has ${sizeText(tally.bytes)}, more than the ${sizeText(most)} that one drill may take, and its program brings all of it or nothing`;
  const mostBytes = Math.min(most, room.bytes);
  // What lies off site is chosen by what this host has of it.
  const here = copy.sent?.path ?? copy.path;
  const disk = { target: { ...config.target, path: dirname(here) } };
  const seed = evidence?.records.length ?? 0;
  const check = (): void => stop.check("drill");
  const isMeant = tier.kind === "offsite" ? isSentAsItIs(tier, copy) : undefined;
  const sample = await sampleOf(disk, pathOf(basename(here)), { mostBytes, seed, isMeant, check });
  if (sample.names.length > 0) return { kind: "sample", sample };
  if (mostBytes < most) return lacksRoom;
  const larger = `larger than the ${sizeText(most)} that one drill may take`;
  return isMeant
    ? `it is ${larger}, and this host has no smaller file of it that is as it was sent`
    : `each of its files is ${larger}`;
}

function isOnlyWhole({ kind }: Tier): boolean {
  return kind === "databases" || kind === "configuration" || kind === "firewall";
}

/** Runs the restore that an operator would type. @returns how it failed */
async function restoreCopy(
  run: RestoreDrill,
  tier: Tier,
  copy: DrillCopy,
  sample: Sample | undefined,
): Promise<{ readonly failed: string; readonly isBusy: boolean } | undefined> {
  const { config, stop, startMs } = run;
  const timeoutMs = Math.max(1000, config.budgetMs * 0.9 - (performance.now() - startMs));
  // As it is typed: a backslash of its name is none of a byte's.
  const what = notedName(pathOf(copy.sent?.path ?? copy.of));
  const words = ["--into", drillFolder(config), ...copy.pick, "--json"];
  // A firewall's program has that one alone.
  const named = tier.kind === "firewall" ? [] : ["--", what];
  const paths = sample?.names.map(notedName) ?? [];
  const argv = [
    // Whatever ends this run ends the restore: nothing fills a scratch folder that nobody watches.
    ...(["setpriv", "--pdeathsig", "KILL", "--"] as const),
    ...[...commandOf(tier), "restore", ...words, ...named, ...paths],
  ] as const;
  const result = await runCommand(argv, { timeoutMs, stop: stop.signal });
  stop.check("drill");
  if (result.exitCode === 0) return undefined;
  if (result.ended === "timed-out")
    return { failed: `it wasn't through after ${secondsOf(timeoutMs)} s`, isBusy: false };
  return {
    failed:
      saidIn(result.stdout) ??
      (firstLines(result.stderr) || `it ended with ${result.exitCode ?? result.signal}`),
    isBusy: result.exitCode === exitCodes.lockHeld,
  };
}

function saidIn(stdout: string): string | undefined {
  return failedAnswer.safeParse(jsonOf(stdout)).data?.failed;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf({ differences }: Comparison): string | undefined {
  if (differences.length === 0) return undefined;
  const more = differences.length > shown ? `, and ${differences.length - shown} more` : "";
  return `${differences.length} entries differ: ${differences.slice(0, shown).map(shortened).join(", ")}${more}`;
}

function leaveRecord(run: RestoreDrill, facts: DrillFacts): void {
  const record = required(run.evidence, "records").add(facts);
  run.drills.push(record);
  run.state = { ...required(run.state, "state"), lastRecord: record.number };
  writeState(run.config.stateDir, run.state);
}

/** The folder of the release that this program lies in. */
function release(): string {
  return basename(dirname(realpathSync(process.argv[1] ?? "/")));
}

function secondsOf(ms: number): number {
  return Math.round(ms / 100) / 10;
}
