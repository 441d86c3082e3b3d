import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { complain } from "./accept";
import type { Scrub } from "./backup-scrub";
import { type Listing, lookOver } from "./list";
import { bytesOf } from "./paths";
import type { UnitState } from "./state";
import { type Closed, closedAbove, type Unit } from "./units";

/**
 * Tells what the disk doesn't show of a unit: a name that can't be looked at, and names that a generation, from which nobody
 * may take any, had before. What was recorded of it stays, and without somebody's answer the unit doesn't count as read.
 * @returns undefined where nothing is lacking
 */
export function judgeListing(
  scrub: Scrub,
  unit: Unit,
  own: UnitState,
  { hidden, generations }: Listing,
): UnitState["lacks"] {
  const name = quoted(bytesOf(unit.name));
  let lacks: UnitState["lacks"];
  const lack = (path: string, text: string): void => {
    const isAnswered = complain(scrub, path, text);
    if (!isAnswered || lacks === undefined) lacks = isAnswered ? "accepted" : "unanswered";
  };
  for (const { path, reason } of hidden)
    lack(path, `${quoted(bytesOf(path))} of ${name} can't be looked at: ${reason}`);
  const before = own.generations ?? {};
  own.generations = {};
  for (const [path, now] of generations) {
    const known = before[path];
    const most = known?.identity === now.identity ? Math.max(known.files, now.files) : now.files;
    own.generations[path] = { ...now, files: most };
    const isTold = hidden.some(one => one.path === path || one.path.startsWith(`${path}/`));
    if (now.files < most && !isTold)
      lack(
        path,
        `${most - now.files} of ${most} files are gone from the generation ${quoted(bytesOf(path))}, from which nobody may take any; what was recorded of them is kept`,
      );
  }
  for (const [path, known] of Object.entries(before)) {
    if (generations.has(path)) continue;
    const above = closedAbove(scrub.config, path);
    if (above === undefined) continue;
    own.generations[path] = known;
    lack(path, unseen(path, above));
  }
  return lacks;
}

/** A generation that lies in a folder which doesn't show it. */
export function unseen(path: string, { folder, fault }: Closed): string {
  return `the generation ${quoted(bytesOf(path))} can't be seen, as ${quoted(bytesOf(folder))} ${fault}; what was recorded of it is kept`;
}

/**
 * Looks again at each unit that lacked something when it was listed last, and tells what it still lacks: a list is made once a
 * period, and nobody would hear of it in all other nights.
 */
export async function tellLacking(scrub: Scrub): Promise<void> {
  const { startedAt, units } = scrub;
  const state = required(scrub.state, "state");
  for (const unit of required(units, "units")) {
    const own = required(state.units[unit.name], "state of the unit");
    const isListedNow = (own.passMs ?? own.readMs) === startedAt.getTime();
    if (own.lacks === undefined || isListedNow) continue;
    // A pass that is going on goes by its own list.
    judgeListing(scrub, unit, own, await lookOver(scrub, unit, () => undefined));
  }
}
