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
  /** What would prove a restore. */
  readonly provedBy: readonly string[];
}

/** What no drill proves, of all that has a copy: thin snapshots alone, images, dumps that a server would have to take. */
export function undrilledOf(plan: Plan, drillers: readonly Driller[]): Undrilled[] {
  return [...copiesIn(plan)].flatMap(([dataset, copies]) => {
    const drilled = copies.filter(copy => isDrilled(drillers, copy));
    if (drilled.some(copy => bringsAll(drillers, copy))) return [];
    const by = [...new Set(copies.map(({ job }) => job.called))];
    const filesAlone = drilled.length > 0;
    const made = copies.filter(({ from }) => from === undefined);
    const provedBy = [...new Set(made.flatMap(({ job }) => job.provedBy ?? []))];
    return membersOf(dataset).map(({ service, id }) => ({ service, dataset: id, by, filesAlone, provedBy }));
  });
}

/** What a program has packed comes back by that program: of a copy of its files, a drill that knows that one has to be there. */
function bringsAll(drillers: readonly Driller[], copy: Copy): boolean {
  const made = chainOf(copy).findLast(({ flow }) => flow.source.kind !== "tree");
  return made === undefined || isDrilled(drillers, made);
}

/** "nodes/k8s-1 (copies by vm-images: a machine that starts from its image would prove it)" */
export function undrilledText(all: readonly Undrilled[]): string {
  return all
    .map(
      ({ dataset, by, filesAlone, provedBy }) =>
        `${dataset} (${filesAlone ? "files of its dumps alone are drilled, " : ""}copies by ${by.join(", ")}${provedBy.length > 0 ? `: ${provedBy.join(" or ")} would prove it` : ""})`,
    )
    .join("; ");
}
