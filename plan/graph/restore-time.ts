import { bytesOf, type Dataset } from "../datasets";
import type { Estate } from "../estate/schema";
import type { Copy } from "./copies";
import { backAlone, loadsOf, type Waiting, withNeeds } from "./restore-order";
import { floorMs, type TransferFloor, transferFloor } from "./transfer";

/** A harmed dataset and its newest surviving copy. */
export interface Left {
  readonly dataset: Dataset;
  readonly copy?: Copy;
  readonly readMs?: number;
}

/** The least time that a restore takes. */
export interface RestoreTime {
  /** Until the service is back, what it needs first included; absent when it can't be told. */
  readonly floorMs?: number;
  readonly unknown?: string;
  /** Of each dataset alone. */
  readonly byDataset: ReadonlyMap<Dataset, number>;
}

/**
 * Least restore times of harmed services, each with nothing before it but what it needs: by the law of `restoreOrder`, the
 * same that promises are held against. Where the estate names no link, or not how large something is, the time can't be
 * told. Installing, starting and people come on top.
 */
export function restoreTimes(
  estate: Estate,
  harmed: ReadonlyMap<string, readonly Left[]>,
): Map<string, RestoreTime> {
  const own = new Map([...harmed].map(([service, lefts]) => [service, transfersOf(estate, lefts)]));
  const byName = new Map(
    [...own].map(([service, { floors }]): [string, Waiting] => [
      service,
      {
        ...{ service, needs: estate.services[service]?.needs ?? [], dueMs: Infinity },
        loads: loadsOf([...floors.values()]),
      },
    ]),
  );
  const times = [...byName.values()].map((waiting): [string, RestoreTime] => {
    const { service } = waiting;
    const all = withNeeds(waiting, byName);
    const unknown = own.get(service)?.unknown ?? circleOf(all, byName) ?? unknownOf(all, own);
    const byDataset = new Map(
      [...(own.get(service)?.floors ?? [])].map(([dataset, floor]) => [dataset, Math.ceil(floorMs(floor))]),
    );
    return [
      service,
      {
        byDataset,
        ...(unknown === undefined ? { floorMs: Math.ceil(backAlone(waiting, byName)) } : { unknown }),
      },
    ];
  });
  return new Map(times);
}

/** What has to move of one service. */
interface Transfers {
  readonly floors: ReadonlyMap<Dataset, TransferFloor>;
  /** Why that isn't all of it. */
  readonly unknown?: string;
}

function transfersOf(estate: Estate, lefts: readonly Left[]): Transfers {
  const floors = new Map<Dataset, TransferFloor>();
  let unknown: string | undefined;
  for (const { dataset, copy } of lefts) {
    if (dataset.unprotected) continue;
    if (!copy) {
      unknown ??= `nothing is left of ${dataset.id}`;
      continue;
    }
    const floor = transferFloor(copy.location, dataset.location, bytesOf(dataset) ?? Infinity, estate);
    if (!floor) {
      const [from, to] = [copy.location.machine.name, dataset.location.machine.name];
      unknown ??= from === to ? `no link from "${from}" to itself` : `no link between "${from}" and "${to}"`;
    } else if (floorMs(floor) === Infinity) unknown ??= `the size of ${dataset.id} isn't known`;
    else floors.set(dataset, floor);
  }
  return { floors, ...(unknown === undefined ? {} : { unknown }) };
}

/** Two of them of which neither can be first. */
function circleOf(all: readonly Waiting[], byName: ReadonlyMap<string, Waiting>): string | undefined {
  for (const waiting of all)
    for (const needed of waiting.needs.flatMap(name => byName.get(name) ?? []))
      if (withNeeds(needed, byName).includes(waiting))
        return `${[waiting.service, needed.service].sort().join(" and ")} need one another`;
  return undefined;
}

function unknownOf(all: readonly Waiting[], own: ReadonlyMap<string, Transfers>): string | undefined {
  return all.map(({ service }) => own.get(service)?.unknown).find(unknown => unknown !== undefined);
}
