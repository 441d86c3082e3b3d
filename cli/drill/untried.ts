import { undrilledOf } from "../../checks/undrilled";
import { listed } from "../../checks/wording";
import type { Plan } from "../../plan";
import { membersOf } from "../../plan/datasets";
import { type Driller, isDrilled } from "../../plan/graph/drilled";

/** Copies that no drill restores, of data that is proved from other copies: all that a job has on one machine. */
export interface Untried {
  readonly job: string;
  readonly machine: string;
  readonly datasets: readonly string[];
  /** What would prove a restore from them. */
  readonly provedBy?: string;
}

/** @param isOf of datasets' ids; of all unless given */
export function untriedOf(
  plan: Plan,
  drillers: readonly Driller[],
  isOf: (id: string) => boolean = () => true,
): Untried[] {
  const unproved = new Set(undrilledOf(plan, drillers).map(({ dataset }) => dataset));
  const found = new Map<string, Untried>();
  for (const copy of plan.copies) {
    if (isDrilled(drillers, copy)) continue;
    const { called: job, provedBy } = copy.job;
    const machine = copy.location.machine.name;
    const ids = membersOf(copy.dataset)
      .map(({ id }) => id)
      .filter(id => isOf(id) && !unproved.has(id));
    if (ids.length === 0) continue;
    const before = found.get(`${job} ${machine}`)?.datasets ?? [];
    const datasets = [...new Set([...before, ...ids])];
    found.set(`${job} ${machine}`, { job, machine, datasets, ...(provedBy !== undefined && { provedBy }) });
  }
  return [...found.values()];
}

/** "those of nas-snapshots on nas (of books and photos: a folder that is brought back from a snapshot would prove it)" */
export function untriedText(all: readonly Untried[]): string {
  return all
    .map(
      ({ job, machine, datasets, provedBy }) =>
        `those of ${job} on ${machine} (of ${listed(datasets, 4)}${provedBy === undefined ? "" : `: ${provedBy} would prove it`})`,
    )
    .join("; ");
}
