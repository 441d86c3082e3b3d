import { rmSync } from "node:fs";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { complain } from "./accept";
import type { Scrub } from "./backup-scrub";
import { unseen } from "./lacking";
import { bytesOf, catalogueFiles } from "./paths";
import { dropAllPieces } from "./pieces";
import { mendedShelf, nameOf, rottenShelf } from "./rotten";
import { goneKeptMs, readState, type ScrubState, type UnitState, writeState } from "./state";
import { passOf } from "./sums";
import { closedAbove, type Unit, unitsOf } from "./units";

/** What the disk holds, and when each unit of it was read last. */
export const survey: Phase<Scrub> = {
  name: "survey",
  async run(scrub) {
    const { config, dryRun, faults, log, startedAt } = scrub;
    const kept = readState(config.stateDir);
    if (kept === "damaged")
      faults.push("the record of what was read when was damaged, and was made anew from the catalogue");
    const before: ScrubState = kept === undefined || kept === "damaged" ? { units: {} } : kept;
    const nowMs = startedAt.getTime();
    const units = unitsOf(config);
    const state: ScrubState = {
      ...before,
      units: Object.fromEntries(
        units.map(({ name }) => [
          name,
          unitStateOf(scrub, name, before.units[name] ?? before.gone?.[name]?.unit, nowMs),
        ]),
      ),
    };
    scrub.state = state;
    scrub.units = [...units].sort(
      (a, b) => turnOf(state.units[a.name], nowMs) - turnOf(state.units[b.name], nowMs),
    );
    if (dryRun) {
      for (const unit of scrub.units) log.info(`would read ${describe(unit, state)}`);
      for (const file of rottenShelf.all(config)) log.info(`would look again at ${nameOf(file)}`);
      return;
    }
    const damaged: string[] = [];
    for (const shelf of [rottenShelf, mendedShelf]) shelf.all(config, damaged);
    for (const path of damaged)
      faults.push(`${quoted(path)} was damaged: remove it, and its file is found again`);
    const missing = { ...before.gone };
    for (const [name, unit] of Object.entries(before.units)) {
      if (Object.hasOwn(state.units, name)) continue;
      const hidden = hiddenBy(scrub, unit);
      if (hidden) {
        state.units[name] = unit;
        complain(scrub, hidden.path, unseen(hidden.path, hidden.above));
      } else missing[name] = { unit, goneMs: nowMs };
    }
    state.gone = {};
    for (const [name, gone] of Object.entries(missing)) {
      if (Object.hasOwn(state.units, name)) continue;
      if (nowMs - gone.goneMs < goneKeptMs) state.gone[name] = gone;
      else {
        const files = catalogueFiles(config, name);
        for (const file of [files.sums, files.list, files.part]) rmSync(file, { force: true });
        dropAllPieces(config, files);
      }
    }
    writeState(config.stateDir, state);
  },
};

/** A generation of a unit that isn't to be seen, where the folder above it is damaged. */
function hiddenBy({ config }: Scrub, { generations = {} }: UnitState) {
  for (const path of Object.keys(generations)) {
    const above = closedAbove(config, path);
    if (above !== undefined) return { path, above };
  }
  return undefined;
}

/** The catalogue itself says when it was made: a record that was lost with its disk, or with a power cut, comes from there. */
function unitStateOf(
  { config, faults }: Scrub,
  name: string,
  before: UnitState | undefined,
  nowMs: number,
): UnitState {
  const { sums, id } = catalogueFiles(config, name);
  const pass = passOf(sums, id);
  if ((before?.verifiedMs ?? before?.readMs) !== undefined && pass === undefined) {
    faults.push(
      `the catalogue of ${quoted(bytesOf(name))} is gone or damaged at its end: what it lacks is recorded anew, as it is now`,
    );
    return { firstSeenMs: nowMs, ...(before?.generations && { generations: before.generations }) };
  }
  const verifiedMs = before?.verifiedMs ?? pass;
  return {
    ...(before ?? { firstSeenMs: nowMs }),
    ...(verifiedMs !== undefined && verifiedMs > 0 && { verifiedMs }),
  };
}

/** Sorts units: one whose pass is going on, then what was never read, then what was not read for longest. */
function turnOf(state: UnitState | undefined, nowMs: number): number {
  if (state?.passMs !== undefined) return -1;
  // A pass that didn't see everything was a turn all the same: what can't be seen would starve all others.
  const readMs = state?.readMs ?? state?.verifiedMs ?? 0;
  // Read in the future, by a clock that was wrong: it says nothing.
  return readMs > nowMs ? 0 : readMs;
}

function describe({ name }: Unit, { units }: ScrubState): string {
  const { verifiedMs, passMs } = units[name] ?? {};
  const last =
    verifiedMs === undefined ? "never read to its end" : `last read ${new Date(verifiedMs).toISOString()}`;
  return `${quoted(bytesOf(name))}: ${last}${passMs === undefined ? "" : ", under way"}`;
}

/** When what was not read for longest was read, epoch ms; a unit that was never read counts from when it was first seen. */
export function oldestVerifiedMs({ state, startedAt }: Scrub): number | undefined {
  if (!state) return undefined;
  const nowMs = startedAt.getTime();
  const ages = Object.values(state.units).map(({ verifiedMs, firstSeenMs }) =>
    Math.min(verifiedMs ?? firstSeenMs, nowMs),
  );
  return Math.min(nowMs, ...ages);
}
