import { exitCodes, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { quoted, shortened } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { aroundHoles } from "./around-holes";
import { countSent, type Leg, type Offsite, type Part, nameOfPart } from "./offsite";
import { overFolders, refusalOfBlocked } from "./in-the-way";
import { prove, sampleOf } from "./prove";
import type { RsyncItem } from "../runtime/rsync-items";
import { noteSent } from "./on-disk";
import { Away, failureOf } from "./remote";
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
        await sendPart(run, part);
      } catch (error) {
        run.stop.check("send");
        if (!(error instanceof RunnerError)) throw error;
        run.held.push({ what: nameOfPart(part), reason: error.failed, next: error.next });
        if (error instanceof Away) break;
        continue;
      }
      done.add(part);
    }
    for (const each of run.legs) each.isDone = each.parts.every(part => done.has(part));
  },
};

/**
 * What is known to be owed before what is only compared, and of each the small before the large: a night that is too short still
 * sends passwords and databases. A part of unknown size comes last, in the order of the estate.
 */
function inOrder({ legs, memory }: Offsite): Part[] {
  const rank = (part: Part): number => ({ nothing: 0, list: 1, all: 2 })[part.todo.kind];
  const bytes = (part: Part): number => memory.parts[nameOfPart(part)]?.bytes ?? Number.MAX_SAFE_INTEGER;
  return legs.flatMap(({ parts }) => parts).sort((a, b) => rank(a) - rank(b) || bytes(a) - bytes(b));
}

async function sendPart(run: Offsite, part: Part): Promise<void> {
  const totals = { entries: 0, bytes: 0 };
  for (const transfer of transfersOf(part).flatMap(all => aroundHoles(part, all))) {
    const figures = await sendAndProve(run, part.leg, transfer);
    totals.entries += figures.entries;
    totals.bytes += figures.totalBytes;
  }
  if (part.todo.kind === "all") run.memory.parts[nameOfPart(part)] = totals;
}

async function sendAndProve(
  run: Offsite,
  leg: Leg,
  transfer: Transfer,
): Promise<{ entries: number; totalBytes: number }> {
  const { sent, log, config } = run;
  const sinceMs = Date.now();
  const split = await splitChanged(run, transfer, ({ letters, path }) => {
    if (letters.startsWith("<f")) noteSent(run, leg, nameInLeg(leg, transfer, path.toString("latin1")));
  });
  if (split) refuseUnlessWhole(run, transfer, split);
  const sample = sampleOf(config.sample);
  const sums = new Map<string, Sum>();
  const take = (item: RsyncItem, md5: string | undefined): void => {
    const name = item.path.toString("latin1");
    // Another name of a file loses what that one does.
    if (/^[<h]f/.test(item.letters)) noteSent(run, leg, nameInLeg(leg, transfer, name));
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
  if (blocked) throw blocked;
  throw new RunnerError(exitCodes.failed, {
    failed: `${left.length || "some"} entries of ${quoted(transfer.from)} were not sent, first ${first ? `${quoted(first.path)}: ${first.reason}` : firstLines(done.result.stderr)}`,
    kept,
    next: shell`ls -la ${transfer.from}; dmesg --level err,warn | tail; systemctl start ${run.config.job}`,
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
