import type { Scrub } from "./backup-scrub";
import type { CatalogueFiles } from "./paths";
import { mendedShelf, recordOf } from "./rotten";
import { type Damage, readSums, type SumRecord } from "./sums";
import type { Unit } from "./units";

/** What was recorded of inodes; asked for in ascending order, so that the catalogue is read once and never kept. */
export interface Known {
  /** Records of an inode; without one, reads on to the end. */
  at(ino: bigint | undefined): readonly SumRecord[];
  close(): void;
}

/** @param passedOver gets what was recorded of inodes that nobody asks for */
export function openKnown(
  { config }: Scrub,
  unit: Unit,
  files: CatalogueFiles,
  damage: Damage,
  passedOver: (record: SumRecord) => void,
): Known {
  const mended = mendedShelf
    .all(config)
    .filter(file => file.unit === unit.name)
    .map(recordOf);
  const recorded = readSums(files.sums, files.id, damage);
  let next = recorded.next();
  let asked: bigint | undefined;
  return {
    at(ino) {
      while (!next.done && (ino === undefined || next.value.ino < ino)) {
        if (next.value.ino !== asked) passedOver(next.value);
        next = recorded.next();
      }
      asked = ino;
      const found = !next.done && next.value.ino === ino ? [next.value] : [];
      return [...found, ...mended.filter(record => record.ino === ino)];
    },
    close: () => void recorded.return(undefined),
  };
}
