import type { Plan } from "../../plan";
import { daysToFull, isUnsaid, type Store, storesOf } from "../../plan/capacity";
import { formatSize } from "../../plan/units/size";
import { type Part, sides } from "./part";

/** Stores that need more or less once every retention has filled up, or are full at another time. */
export function capacityPart(before: Plan, after: Plan): Part {
  const [old, current] = [byName(before), byName(after)];
  const changes = [...new Set([...current.keys(), ...old.keys()])].flatMap(store => {
    const [was, is] = [old.get(store), current.get(store)];
    const facts = [
      sides(was && needText(was), is && needText(is)),
      sides(was && fullText(was), is && fullText(is)),
    ];
    const size = sides(was && formatSize(was.sizeBytes), is && formatSize(is.sizeBytes));
    const [before, after] = [asJson(was), asJson(is)];
    const isAlike = JSON.stringify(before) === JSON.stringify(after);
    return isAlike ? [] : [{ store, facts, size, before, after }];
  });
  return {
    ...{ key: "capacity", title: "Room, with every retention filled up", isWorse: false },
    head: ["store", "needs", "full", "of"],
    rows: changes.map(({ store, facts, size }) => [store, ...facts, size]),
    json: changes.map(({ store, before, after }) => ({ store, before, after })),
  };
}

function byName(plan: Plan): Map<string, Store> {
  return new Map(storesOf(plan).map(store => [store.name, store]));
}

function needText({ needBytes, mostBytes }: Store): string {
  return mostBytes === needBytes
    ? formatSize(needBytes)
    : `${formatSize(needBytes)} to ${formatSize(mostBytes)}`;
}

function fullText(store: Store): string {
  const days = daysToFull(store);
  if (days === undefined) return isUnsaid(store) || store.othersUnsaid ? "unknown" : "never";
  const text = days === 0 ? "at once" : days === 1 ? "in 1 day" : `in ${days} days`;
  return store.othersUnsaid ? `${text} or before` : text;
}

function asJson(store: Store | undefined): object | null {
  if (store === undefined) return null;
  const { sizeBytes, needBytes, mostBytes, growthPerDayBytes } = store;
  return {
    ...{ sizeBytes, needBytes, mostBytes, growthPerDayBytes, daysToFull: daysToFull(store) ?? null },
    // Without days, it is never full, or nobody knows: the one is no news, and the other may be.
    full: fullText(store),
  };
}
