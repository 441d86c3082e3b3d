import { catalogue, type Finding } from "../../checks";
import { listed } from "../../checks/wording";
import { type Estate, type Plan, planOf } from "../../plan";
import type { DatasetSpec } from "../../plan/estate/services";
import { copiesOf } from "../../plan/graph/copies";
import type { Unnamed } from "./unnamed";

type Volume = Extract<DatasetSpec, { kind: "volume" }>;

/** Those that no job copies, each by itself; and of a place all that are copied though nobody promised anything. */
export function unprotectedOf(plan: Plan, found: readonly Unnamed[], nowMs: number): Finding[] {
  const unnamed = found.filter(each => !isCountedOut(each, plan.estate, found));
  const faults = routeFaults(plan, unnamed, nowMs);
  const without = unnamed.flatMap((each): Finding[] => {
    const fault = faults.get(each);
    if (fault === undefined) return [];
    return [
      {
        ...{ code: "live/no-copy", severity: "error", subject: each.what },
        message: `${each.what} is there, on ${each.place}, and no service of the estate names it. ${fault.message}`,
        fix: fault.fix,
        evidence: { place: each.place, because: fault.code },
      },
    ];
  });
  const places = [...new Set(unnamed.map(({ place }) => place))];
  const copied = places.flatMap(place =>
    unpromised(
      plan.estate,
      place,
      unnamed.filter(each => each.place === place && !faults.has(each)),
    ),
  );
  return [...without, ...copied];
}

/** By what the checks of routes say once each is a service of the estate, and the jobs are those of today. */
function routeFaults(
  { estate, jobs }: Plan,
  unnamed: readonly Unnamed[],
  nowMs: number,
): ReadonlyMap<Unnamed, Finding> {
  const keys = new Map<string, Unnamed>();
  for (const each of unnamed) keys.set(freeKey(each, estate, keys), each);
  const added: Estate["services"] = Object.fromEntries(
    [...keys].map(([key, { spec }]) => [key, { data: [spec], needs: [], secrets: [] }]),
  );
  const named = planOf({ ...estate, services: { ...estate.services, ...added } });
  const today = { ...named, jobs, copies: copiesOf(named.datasets, jobs) };
  const faultsIn = (plan: Plan): Map<Unnamed, Finding> => {
    const faults = catalogue
      .filter(({ code }) => code.startsWith("routes/"))
      .flatMap(check => check.run(plan, nowMs))
      .filter(({ severity }) => severity === "error");
    return new Map(
      faults.reverse().flatMap(fault => {
        const { hidden } = fault.evidence;
        // What one entry hides of several is told once, of its job.
        const subjects: readonly unknown[] = Array.isArray(hidden) ? hidden : [fault.subject];
        return subjects.flatMap(subject => {
          const each = keys.get(String(subject));
          return each ? [[each, fault] as const] : [];
        });
      }),
    );
  };
  const onceNamed = faultsIn(named);
  return new Map(
    [...faultsIn(today)].map(([each, fault]) => [
      each,
      onceNamed.has(each)
        ? fault
        : {
            ...fault,
            fix: "Name it in a service of the estate, and deploy: the jobs that are there take it then.",
          },
    ]),
  );
}

/** The key that a service of it would have: what a fix names. */
function freeKey({ spec, what }: Unnamed, { services }: Estate, taken: ReadonlyMap<string, unknown>): string {
  const text = spec.kind === "volume" ? `${spec.namespace}-${spec.claim}` : what;
  const key =
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "unnamed";
  for (let number = 1; ; number++) {
    const free = number === 1 ? key : `${key}-${number}`;
    if (!(free in services) && !taken.has(free)) return free;
  }
}

/** Of as many volumes of a namespace as a service counts there, it may say that no copy of them is wanted. */
function isCountedOut({ spec, place }: Unnamed, estate: Estate, found: readonly Unnamed[]): boolean {
  if (spec.kind !== "volume") return false;
  const { namespace } = spec;
  const counted = countedIn(
    place,
    estate,
    each => each.unprotected !== undefined && each.namespace === namespace,
  );
  const there = found.filter(
    other => other.place === place && other.spec.kind === "volume" && other.spec.namespace === namespace,
  );
  return there.length <= counted;
}

/** Volumes may be told by their number alone, "count" in a service. @returns how many in a pool are, of those that are asked for */
function countedIn(place: string, { services }: Estate, isAsked: (spec: Volume) => boolean): number {
  return Object.values(services)
    .flatMap(({ data }) => data)
    .flatMap(spec => (spec.kind === "volume" && spec.count > 1 ? [spec] : []))
    .filter(spec => `${spec.host}/${spec.pool}` === place && isAsked(spec))
    .reduce((sum, { count }) => sum + count, 0);
}

function unpromised(estate: Estate, place: string, unnamed: readonly Unnamed[]): Finding[] {
  if (unnamed.length === 0) return [];
  const volumes = unnamed.filter(({ spec }) => spec.kind === "volume").length;
  const byNumber = countedIn(place, estate, ({ unprotected }) => unprotected === undefined);
  if (byNumber === volumes && volumes === unnamed.length) return [];
  const names = unnamed.map(({ what }) => what);
  const [are, them, their] = unnamed.length === 1 ? ["is", "it", "its"] : ["are", "them", "theirs"];
  const of =
    byNumber === 0
      ? ""
      : ` The estate speaks of ${byNumber} more volumes there by their number ("count"), and there are ${volumes}.`;
  return [
    {
      ...{ code: "live/no-promise", severity: "warning", subject: place },
      message: `${listed(names, 10)} ${are} there and copied, and no service of the estate names ${them}: nobody is promised anything, and no size of ${their} is counted.${of}`,
      fix: "Name each in a service with its size and promise; of many volumes alike, one entry with their number in count.",
      evidence: { place, names },
    },
  ];
}
