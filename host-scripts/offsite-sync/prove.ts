import { dirname } from "node:path";
import { exitCodes, RunnerError } from "../runtime/errors";
import { noted, notedName, quoted, typable } from "../runtime/quoted";
import type { RsyncItem } from "../runtime/rsync-items";
import { shell } from "../runtime/shell";
import { writeMemory } from "./memory";
import { countSent, type Leg, type Offsite } from "./offsite";
import { noteSent, settle } from "./on-disk";
import { failureOf } from "./remote";
import { isAsBefore, nameInLeg, pass, passWithSums, type Transfer } from "./transfer";
import { type Differing, type Judged, whichIsGood } from "./which-is-good";

/** Files of a transfer that are compared, each as likely as any other that was sent; the last one is always among them. */
export interface Sample {
  add(name: string): void;
  names(): string[];
}

export function sampleOf(most: number, random: () => number = Math.random): Sample {
  const kept: string[] = [];
  let seen = 0;
  let last: string | undefined;
  return {
    add(name) {
      seen += 1;
      last = name;
      const place = kept.length < most ? kept.length : Math.floor(random() * seen);
      if (place < most) kept[place] = name;
    },
    names: () => [...new Set([...kept, ...(last === undefined ? [] : [last])])],
  };
}

/**
 * Compares files that were sent with what the destination reads back, by checksum, owner, mode and attributes. Where one differs,
 * each file of the transfer is compared, and sent again where what is here is the good one; then they are compared once more.
 * @param sinceMs what changed here after that is the next run's
 * @throws {RunnerError} when the destination doesn't hold what it was sent
 */
export async function prove(
  run: Offsite,
  leg: Leg,
  transfer: Transfer,
  names: readonly string[],
  sinceMs: number,
): Promise<void> {
  const wrong = await differing(run, transfer, names, sinceMs);
  if (wrong.length === 0) return;
  const { log, config } = run;
  log.warn(
    `${config.destination.name} doesn't hold what it was sent: ${wrong.length} of ${names.length} files that were compared, first ${quoted(`${transfer.from}/${wrong[0] ?? ""}`)}; all of ${quoted(transfer.from)} is compared by checksum`,
  );
  await mend(run, leg, transfer);
  const still = await differing(run, transfer, names, sinceMs);
  if (still.length === 0) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `${config.destination.name} doesn't keep what it is sent: ${still.length} files are others there after they were sent twice, first ${quoted(`${transfer.from}/${still[0] ?? ""}`)}`,
    kept: "Nothing of it is acknowledged; what is here is as it was.",
    next: shell`${config.job} verify ${typable(transfer.from)}   (there: does its rsyncd.conf say "fake super = yes", does its disk keep attributes, is its memory good?)`,
  });
}

/**
 * Compares all files of a transfer by content, and sends those again that are good here. Of a file that isn't, what is there stays: it
 * may be the only good one, and is named.
 */
export async function mend(run: Offsite, leg: Leg, transfer: Transfer, look = compare): Promise<void> {
  const judged = whichIsGood(run, leg, transfer.from, await look(run, transfer));
  noteDoubtful(run, leg, transfer, judged);
  for (const { name, reason } of judged.doubtful) {
    const path = `${noted(transfer.from)}/${notedName(name)}`;
    run.held.push({
      what: path,
      reason: `it has other content at ${run.config.destination.name}, and ${reason}; neither was changed`,
      next: shell`${run.config.job} restore ${dirname(path)} --into /root/compare   (then compare the two: if what is there is good, put it in its place; if what is here is, touch it)`,
    });
  }
  if (judged.send.length === 0) return;
  const only = { names: judged.send, deep: false };
  const mended = await pass(run, { ...transfer, linked: [], only }, ["--checksum"], item => {
    if (!item.letters.startsWith("<f")) return;
    noteSent(run, leg, nameInLeg(leg, transfer, item.path.toString("latin1")));
    if (judged.repairs.has(item.path.toString("latin1"))) run.sent.repaired += 1;
    else countSent(run, leg, { files: 1 });
    run.log.warn(`sent again: ${quoted(`${transfer.from}/`)}${noted(item.path)}`);
  });
  if (mended.outcome === "complete" || mended.outcome === "vanished") {
    if (run.memory.syncs === true) await settle(run);
    return;
  }
  throw failureOf(run, transfer.from, mended, "What was sent before is there, and nothing is acknowledged.");
}

/** What was in doubt and is compared anew isn't any more, unless it is again. */
function noteDoubtful(run: Offsite, leg: Leg, transfer: Transfer, { doubtful }: Judged): void {
  const { only } = transfer;
  const inLeg = (name: string): string => nameInLeg(leg, transfer, name);
  const looked = new Set(only?.deep === false ? only.names.map(inLeg) : []);
  const before = (run.memory.doubtful[leg.from] ?? []).filter(name => !looked.has(name));
  const now = new Set([...before, ...doubtful.map(({ name }) => inLeg(name))]);
  run.memory = { ...run.memory, doubtful: { ...run.memory.doubtful, [leg.from]: [...now] } };
  writeMemory(run.config, run.memory);
}

async function compare(run: Offsite, transfer: Transfer): Promise<Differing[]> {
  const found: Differing[] = [];
  const looked = await passWithSums(run, transfer, ["--checksum", "--dry-run"], (item, md5) => {
    const other = differingOf(item, md5);
    if (other) found.push(other);
  });
  if (looked.outcome === "complete" || looked.outcome === "vanished") return found;
  throw failureOf(
    run,
    transfer.from,
    looked,
    "What was sent is there, and isn't acknowledged as it isn't verified.",
  );
}

/** @returns undefined for what is the same at both ends, or no file */
export function differingOf({ letters, path }: RsyncItem, md5: string | undefined): Differing | undefined {
  if (!/^[<h]f/.test(letters) || md5 === undefined) return undefined;
  const [checksum, size, time] = [letters[2], letters[3], letters[4]];
  const isOther = checksum !== "c" || size !== "." || time !== ".";
  // A further name of a file: there it is one, or has a file of its own, and that may be an older one.
  if (letters.startsWith("h") && /^[ .]{2}$/.test(letters.slice(3, 5))) return undefined;
  return { name: path.toString("latin1"), md5, isOther };
}

async function differing(
  run: Offsite,
  transfer: Transfer,
  names: readonly string[],
  sinceMs: number,
): Promise<string[]> {
  const stable = names.filter(name => isAsBefore(transfer, name, sinceMs));
  if (stable.length === 0) return [];
  const found: string[] = [];
  const looked = await pass(
    run,
    { ...transfer, linked: [], only: { names: stable, deep: false } },
    ["--checksum", "--dry-run"],
    item => {
      const name = item.path.toString("latin1");
      if (!item.isFolder && isAsBefore(transfer, name, sinceMs)) found.push(name);
    },
  );
  if (looked.outcome === "complete" || looked.outcome === "vanished") return found;
  throw failureOf(
    run,
    transfer.from,
    looked,
    "What was sent is there, and isn't acknowledged as it isn't verified.",
  );
}
