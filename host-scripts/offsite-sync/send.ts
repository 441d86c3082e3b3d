import { exitCodes, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { quoted, shortened } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { aroundHoles, notesOfHoles } from "./around-holes";
import { withOtherNames } from "./other-names";
import { diskFaultIn } from "./disk-fault";
import { countSent, type Leg, type Offsite, type Part, nameOfPart } from "./offsite";
import { overFolders, refusalOfBlocked } from "./in-the-way";
import { prove, sampleOf } from "./prove";
import type { RsyncItem } from "../runtime/rsync-items";
import { noteSent, settle, unbind } from "./on-disk";
import { Away, failureOf, lookThere } from "./remote";
import { addSums, type Sum, sumNow } from "./sums";
import {
  bytesOfEarlier,
  nameInLeg,
  type pass,
  passWithSums,
  splitChanged,
  transfersOf,
  type Transfer,
} from "./transfer";

/** Sends each part and proves it; one that fails holds up no other, unless the destination itself is gone. */
export const send: Phase<Offsite> = {
  name: "send",
  async run(run) {
    const done = new Set<Part>();
    for (const part of inOrder(run)) {
      try {
        // Else what was sent before it, and isn't on the disk there, would be lost with the connection.
        if (part.todo.kind !== "nothing") await settleDone(run);
        await sendPart(run, part);
      } catch (error) {
        run.stop.check("send");
        if (!(error instanceof RunnerError)) throw error;
        run.held.push({ what: nameOfPart(part), reason: error.failed, next: error.next });
        if (error instanceof Away) return leave(run);
        unbind(run);
        continue;
      }
      done.add(part);
      for (const each of run.legs) each.isDone = each.parts.every(other => done.has(other));
    }
  },
};

/** Has what whole legs were sent on the disk there before more is sent: it would be in doubt with a connection that breaks. */
async function settleDone(run: Offsite): Promise<void> {
  const isDue = run.legs.some(({ isDone, isUnsettled }) => isDone && isUnsettled);
  if (isDue && run.memory.syncs === true && !run.isSplit) await settle(run);
}

/** The connection is lost: what was sent over it and isn't synced may be lost too, and is no leg's that is whole there. */
function leave(run: Offsite): void {
  run.isBound = false;
  run.isSplit = true;
  if (run.memory.syncs !== true) return;
  for (const leg of run.legs) if (leg.isUnsettled) leg.isDone = false;
}

/**
 * What is known to be owed before what is only compared, and of each the small before the large: a night that is too short still
 * sends passwords and databases. A part of unknown size comes last, in the order of the estate.
 */
function inOrder({ legs, memory }: Offsite): Part[] {
  const rank = (part: Part): number => ({ nothing: 0, list: 1, all: 2 })[part.todo.kind];
  const bytes = (part: Part): number => memory.parts[nameOfPart(part)]?.bytes ?? Number.MAX_SAFE_INTEGER;
  return legs.flatMap(({ parts }) => parts).sort((a, b) => rank(a) - rank(b) || bytes(a) - bytes(b));
}

/** A transfer came to its end without some of its entries. */
class Unsent extends RunnerError {}

async function sendPart(run: Offsite, part: Part): Promise<void> {
  const totals = { entries: 0, bytes: 0 };
  const unsent: Unsent[] = [];
  const named = await withOtherNames(run, part);
  for (const transfer of transfersOf(named).flatMap(all => aroundHoles(part, all))) {
    for (const note of notesOfHoles(transfer)) {
      run.notes.push(note);
      run.log.warn(note);
    }
    try {
      const figures = await sendAndProve(run, part.leg, transfer);
      totals.entries += figures.entries;
      totals.bytes += figures.totalBytes;
    } catch (error) {
      // It went through to its end: an entry that can't be read holds up no other generation.
      if (!(error instanceof Unsent)) throw error;
      unsent.push(error);
    }
  }
  const last = unsent.pop();
  for (const { failed, next } of unsent) run.held.push({ what: nameOfPart(part), reason: failed, next });
  if (last) throw last;
  if (part.todo.kind === "all") run.wholeParts[nameOfPart(part)] = totals;
}

async function sendAndProve(
  run: Offsite,
  leg: Leg,
  transfer: Transfer,
): Promise<{ entries: number; totalBytes: number }> {
  const { sent, log, config } = run;
  const sinceMs = Date.now();
  const split = await splitChanged(run, transfer, ({ path, isFolder }) =>
    noteSent(run, leg, nameInLeg(leg, transfer, path.toString("latin1")), isFolder),
  );
  if (split) refuseUnlessWhole(run, transfer, split);
  const sample = sampleOf(config.sample);
  const sums = new Map<string, Sum>();
  const take = (item: RsyncItem, md5: string | undefined): void => {
    const name = item.path.toString("latin1");
    // Also another name of a file, which loses what that one does, and a link, which is a file there.
    noteSent(run, leg, nameInLeg(leg, transfer, name), item.isFolder);
    if (!item.letters.startsWith("<f")) return;
    const sum = md5 === undefined ? undefined : sumNow(transfer.from, name, md5, sinceMs);
    if (sum) sums.set(`${Buffer.from(transfer.from).toString("latin1")}/${name}`, sum);
    countSent(run, leg, { files: 1, againBytes: bytesOfEarlier(transfer, name) });
    sample.add(name);
    log.progress(`${sent.files} files sent, now ${shortened(quoted(item.path))}`);
  };
  const figures = await overFolders(run, transfer, await passWithSums(run, transfer, [], take), names =>
    passWithSums(run, { ...transfer, only: { names, deep: false } }, ["--force"], take),
  );
  countSent(run, leg, { bytes: figures.bytes, wireBytes: figures.wireBytes });
  addSums(config, sums);
  refuseUnlessWhole(run, transfer, figures);
  await prove(run, leg, transfer, sample.names(), sinceMs);
  return figures;
}

function refuseUnlessWhole(run: Offsite, transfer: Transfer, done: Awaited<ReturnType<typeof pass>>): void {
  const kept = "What was sent is there and goes on from there; nothing of it is acknowledged.";
  if (done.outcome === "complete" || done.outcome === "vanished") return;
  if (done.outcome !== "partial") throw failureOf(run, transfer.from, done, kept);
  const [first] = done.lacked.entries;
  const left = done.lacked.entries.filter(({ hasVanished }) => !hasVanished);
  if (left.length === 0 && done.lacked.unnamed.length === 0) return;
  const blocked = refusalOfBlocked(run, transfer, done);
  if (blocked) throw new Unsent(exitCodes.failed, blocked);
  const fault = diskFaultIn(done.result.stderr);
  throw new Unsent(exitCodes.failed, {
    failed: `${left.length || "some"} entries of ${quoted(transfer.from)} were not sent${fault?.isThere === true ? `, as ${run.config.destination.name} ${fault.is} them` : ""}, first ${first ? `${quoted(first.path)}: ${first.reason}` : firstLines(done.result.stderr)}`,
    kept,
    next:
      fault?.isThere === true
        ? lookThere(run.config, fault)
        : shell`ls -la ${transfer.from}; dmesg --level err,warn | tail; systemctl start ${run.config.job}`,
  });
}

/** Names what isn't there as it should be: a run that sent most of it is no success. */
export const judge: Phase<Offsite> = {
  name: "judge",
  async run({ held, legs, config }) {
    const [first] = held;
    if (!first) return;
    const whole = legs.filter(({ isDone }) => isDone).map(({ leg }) => quoted(leg.from));
    throw new RunnerError(exitCodes.failed, {
      failed: `${held.length > 1 ? `${held.length} things were not sent whole, the first is ` : ""}${quoted(first.what)}: ${first.reason}`,
      kept: `${whole.length > 0 ? `${whole.join(", ")} ${whole.length > 1 ? "are" : "is"} at ${config.destination.name}, verified. ` : ""}What is owed is sent by the next run.`,
      next: first.next,
    });
  },
};
