import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import { lastNumber } from "../runtime/journal";
import { readDebt } from "../runtime/journal-consumer";
import { consumersOf, readCursor } from "../runtime/journal-cursor";
import { readWatchedDebt } from "../runtime/journal-watched";
import { momentText } from "../runtime/moment";
import { sizeText } from "../runtime/size-text";
import { statIn } from "../runtime/tree-path";
import type { Leg } from "./offsite";

type Journal = Leg["journals"][number];

/** What a job owes of a writer's journal, and how far each of those is that read it. */
export type Owed = ReturnType<typeof owedOf>;

/** @param stamp of this job's last acknowledgement @throws {Error} of the file system, when the journal can't be read */
export function owedOf(
  { job }: Pick<OffsiteSyncConfig, "job">,
  { writer, folder, root, watches }: Journal,
  stamp: string | undefined,
) {
  const debt = (watches ? readWatchedDebt : readDebt)(folder, job, stamp);
  const { paths, subtrees, segments, whole, isOpen, oldestMs } = debt;
  return {
    ...{ writer, folder, segments, whole, isOpen, names: paths.size, subtrees: subtrees.size },
    /** Of the names that are files here now; of a subtree nobody knows it without a look at all of it. */
    bytes: [...paths].reduce((sum, name) => sum + sizeOf(root, name), 0),
    oldest: oldestMs === undefined ? undefined : momentText(oldestMs),
    last: lastNumber(folder),
    readers: consumersOf(folder).map(name => ({ name, through: readCursor(folder, name)?.through })),
  };
}

function sizeOf(root: string, name: string): number {
  const stat = statIn(root, name);
  return stat?.isFile() === true ? Number(stat.size) : 0;
}

/** One line for a person. */
export function owedText({ writer, segments, whole, isOpen, oldest, last, readers, ...debt }: Owed): string {
  const named = [
    `${debt.names} names (${sizeText(debt.bytes)}) and ${debt.subtrees} subtrees in ${segments} segments`,
    ...(oldest === undefined ? [] : [`the oldest of ${oldest}`]),
  ];
  const read = readers.map(({ name, through }) => `${name} (${through ?? "?"} of ${last})`);
  return `${writer}: ${whole === undefined ? named.join(", ") : `all is owed, as ${whole}`}${isOpen ? "; at work, or killed" : ""}; read by ${read.join(", ") || "nobody yet"}`;
}
