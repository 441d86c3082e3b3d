import { filesIn } from "../runtime/files-in";
import { isFolderIn, statIn } from "../runtime/tree-path";
import { type Leg, nameOfPart, type Offsite, type Part, type Todo } from "./offsite";
import { isSent, owedBy, readDebts } from "./owe";
import { bytesOfEarlier, type Transfer, transfersOf } from "./transfer";

/** What a leg has yet to bring to the destination. */
export interface LegDebt {
  /** How much it is; undefined where nobody can tell: its source is away, and some of it was never there as a whole. */
  readonly amount: { readonly files: number; readonly bytes: number } | undefined;
  /** When the oldest of it was named, epoch ms, or until when nothing was; undefined where anything may have changed. */
  readonly oldestMs: number | undefined;
}

/**
 * What a leg owes that wasn't sent as a whole, also by a run that ended before it asked the journals. Of a part of which anything may
 * have changed that is all that it was last known to have, as that of a source that is away.
 * @throws {Error} of the file system, when a journal can't be read
 */
export async function debtOf(run: Offsite, leg: Leg): Promise<LegDebt> {
  readDebts(run);
  const isProven = run.legs.some(each => each.leg === leg);
  const { parts, oldestMs, asOfMs } = await owedBy(run, leg, false);
  const isNew = (part: Part): boolean => run.memory.parts[nameOfPart(part)] === undefined;
  if (!isProven && parts.some(isNew)) return { amount: undefined, oldestMs: undefined };
  if (isProven && parts.every(({ todo }) => isNoWork(todo)))
    return { amount: { files: 0, bytes: 0 }, oldestMs: asOfMs };
  const amount = { files: 0, bytes: 0 };
  for (const part of parts) {
    const known = run.memory.parts[nameOfPart(part)];
    if (known && (part.todo.kind === "all" || !isProven)) {
      amount.files += known.entries;
      amount.bytes += known.bytes;
    } else
      for (const size of sizesOf(part)) {
        amount.files += 1;
        amount.bytes += size;
      }
  }
  return { amount, oldestMs: parts.some(isNew) ? undefined : oldestMs };
}

/** A journal that several legs share may name what is of another one, and what is gone is no debt. */
function isNoWork(todo: Todo): boolean {
  return todo.kind === "nothing" || (todo.kind === "list" && todo.paths.length + todo.subtrees.length === 0);
}

/** Of each file that is sent of a part: not of one that is a link to that of the generation before. */
function* sizesOf(part: Part): Generator<number, void, undefined> {
  for (const transfer of transfersOf(part))
    for (const name of namesOf(part, transfer)) {
      const stat = statIn(transfer.from, name);
      if (stat && bytesOfEarlier(transfer, name) === 0) yield stat.isFile() ? Number(stat.size) : 0;
    }
}

function* namesOf({ leg, folder }: Part, { from, only }: Transfer): Generator<string, void, undefined> {
  const isOwn = (name: string): boolean =>
    folder !== undefined ||
    (isSent(name, leg) && !leg.generations.some(({ folder: other }) => name.startsWith(`${other}/`)));
  for (const name of only?.names ?? ["."])
    if (!isFolderIn(from, name)) yield name;
    else if (only?.deep !== false)
      for (const file of filesIn(from, name, () => undefined)) {
        const plain = file.replace(/^\.\//, "");
        if (isOwn(plain)) yield plain;
      }
}
