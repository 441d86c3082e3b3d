import type { Plan } from "../plan";
import { membersOf } from "../plan/datasets";
import { chainOf, type Copy } from "../plan/graph/copies";
import { copiesIn } from "../plan/graph/copies-in";
import { type Driller, isDrilled } from "../plan/graph/drilled";

/** A dataset of which no drill proves a restore. */
export interface Undrilled {
  readonly service: string;
  readonly dataset: string;
  /** Jobs of its copies, as people call them; of those that are drilled, files alone come back. */
  readonly by: readonly string[];
  /** Copies of its dumps are drilled: that these open, and have what they are to have, nobody has tried. */
  readonly filesAlone: boolean;
}

/** What no drill proves, of all that has a copy: thin snapshots alone, images, dumps that a server would have to take. */
export function undrilledOf(plan: Plan, drillers: readonly Driller[]): Undrilled[] {
  return [...copiesIn(plan)].flatMap(([dataset, copies]) => {
    const drilled = copies.filter(copy => isDrilled(drillers, copy));
    if (drilled.some(copy => bringsAll(drillers, copy))) return [];
    const by = [...new Set(copies.map(({ job }) => job.called))];
    const filesAlone = drilled.length > 0;
    return membersOf(dataset).map(({ service, id }) => ({ service, dataset: id, by, filesAlone }));
  });
}

/** What a program has packed comes back by that program: of a copy of its files, a drill that knows that one has to be there. */
function bringsAll(drillers: readonly Driller[], copy: Copy): boolean {
  const made = chainOf(copy).findLast(({ flow }) => flow.source.kind !== "tree");
  return made === undefined || isDrilled(drillers, made);
}

/** "etcd (its dumps' files alone: by etcd-backup, nfs-mirror); nodes/k8s-1 (by vm-images)" */
export function undrilledText(all: readonly Undrilled[]): string {
  return all
    .map(
      ({ dataset, by, filesAlone }) =>
        `${dataset} (${filesAlone ? "files of its dumps alone are drilled, " : ""}copies by ${by.join(", ")})`,
    )
    .join("; ");
}
