import type { Plan } from "../../plan";
import { lossesOf } from "../../plan/graph/loss";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { lossCell } from "../../plan/graph/loss-words";
import { type Part, sides } from "./part";

/** A loss that a service is promised at most, and what the plan costs it at worst. */
interface Promised {
  readonly service: string;
  readonly of: string;
  readonly promisedMs: number;
  /** Absent for what isn't held against losses: the time to be back, which `promises/rto` judges. */
  readonly loss?: { readonly ms: number; readonly text: string };
}

/** What services are promised in only one of the estates, or otherwise; and what one of them keeps and the other breaks. */
export function promisePart(before: Plan, after: Plan): Part {
  const [old, current] = [promisesOf(before), promisesOf(after)];
  const changes = [...new Set([...old.keys(), ...current.keys()])].flatMap(key => {
    const [was, is] = [old.get(key), current.get(key)];
    const known = is ?? was;
    if (known === undefined) return [];
    const what = changeOf(was, is);
    return what === undefined ? [] : [{ ...known, was, is, ...what }];
  });
  return {
    key: "promises",
    title: "Promises",
    head: ["service", "in", "promised", "worst", ""],
    rows: changes.map(({ service, of, was, is, says }) => [
      ...[service, of],
      sides(was && formatDuration(was.promisedMs), is && formatDuration(is.promisedMs)),
      sides(was?.loss?.text, is?.loss?.text),
      says,
    ]),
    json: changes.map(({ service, of, was, is, says, isWorse }) => ({
      ...{ service, of, before: asJson(was), after: asJson(is), says, worse: isWorse },
    })),
    isWorse: changes.some(({ isWorse }) => isWorse),
  };
}

function promisesOf(plan: Plan): Map<string, Promised> {
  const losses = new Map(
    lossesOf(plan)
      .filter(({ leftOut }) => !leftOut)
      .map(loss => [`${loss.service} ${loss.domain}`, loss]),
  );
  return new Map(
    Object.entries(plan.estate.services).flatMap(([service, { promise }]) => {
      const toLose = Object.entries(promise?.rpo ?? {}).map(([domain, text]): [string, Promised] => {
        const key = `${service} ${domain}`;
        const loss = losses.get(key);
        return [
          key,
          {
            ...{ service, of: domain, promisedMs: parseDuration(text) },
            ...(loss && { loss: { ms: loss.worstLossMs ?? Infinity, text: lossCell(loss) } }),
          },
        ];
      });
      if (promise?.rto === undefined) return toLose;
      const back: Promised = { service, of: "time to be back", promisedMs: parseDuration(promise.rto) };
      return [...toLose, [`${service} rto`, back]];
    }),
  );
}

function changeOf(
  was: Promised | undefined,
  is: Promised | undefined,
): { readonly says: string; readonly isWorse: boolean } | undefined {
  const [kept, keeps] = [isKept(was), isKept(is)];
  if (is === undefined) return { says: "withdrawn", isWorse: true };
  if (!keeps && (was === undefined || kept)) return { says: "BROKEN", isWorse: true };
  if (!keeps && (is.loss?.ms ?? 0) > (was?.loss?.ms ?? 0)) return { says: "BROKEN further", isWorse: true };
  if (was === undefined) return { says: "new, kept", isWorse: false };
  if (is.promisedMs > was.promisedMs)
    return { says: kept || !keeps ? "less is promised" : "less is promised, kept now", isWorse: true };
  if (keeps && !kept) return { says: "kept again", isWorse: false };
  if (is.promisedMs === was.promisedMs) return undefined;
  return { says: keeps ? "more is promised, kept" : "more is promised, still broken", isWorse: false };
}

function isKept(promised: Promised | undefined): boolean {
  return promised === undefined || (promised.loss?.ms ?? 0) <= promised.promisedMs;
}

function asJson(promised: Promised | undefined): object | null {
  if (promised === undefined) return null;
  const { promisedMs, loss } = promised;
  return {
    promisedSeconds: promisedMs / 1000,
    ...(loss && { worstLossSeconds: loss.ms === Infinity ? null : loss.ms / 1000, kept: isKept(promised) }),
  };
}
