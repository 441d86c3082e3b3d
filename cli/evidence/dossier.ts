import { z } from "zod";
import type { Plan } from "../../plan";
import { type DrillRecord, drillRecord } from "../../plan/contracts/drill-record";
import { copiesDrilled, type Driller } from "../drill/tasks";
import type { Told } from "./ask";

const head = z.object({ number: z.int(), hash: z.string() });

/** What an earlier dossier holds a later chain to: more of it isn't read. */
export const earlierDossier = z.object({
  made: z.iso.datetime(),
  hosts: z.array(
    z.object({
      host: z.string(),
      head: head.nullable(),
      drills: z.array(drillRecord.extend({ hash: z.string() })),
    }),
  ),
});
export type EarlierDossier = z.output<typeof earlierDossier>;

/** What one host has on record. Instants are ISO 8601 in UTC, times in seconds, sizes in bytes. */
export interface HostEvidence {
  readonly host: string;
  readonly job: string;
  /** "broken": a record was changed, removed or put in; "unknown": it couldn't be asked. */
  readonly state: "sound" | "broken" | "unknown";
  /** All records that there are, and the last one. */
  readonly records: number;
  readonly head: z.output<typeof head> | null;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
  /** Those of the time that was asked for. */
  readonly drills: readonly DrillRecord[];
  /** The same as they stand in the file: "SHA256 JSON", the hash of that JSON's bytes. */
  readonly lines: readonly string[];
}

/** When a restore of a service was proved last, in the time that was asked for. */
export interface ServiceEvidence {
  readonly service: string;
  /** Null where none was; of several copies, each has to be: the oldest of their newest proofs. */
  readonly proved: string | null;
  /** Copies that are drilled, "TIER:NAME on HOST"; none where no job drills any. */
  readonly copies: readonly string[];
  readonly notProved: readonly string[];
}

export interface Dossier {
  readonly made: string;
  readonly since: string | null;
  readonly estate: string;
  readonly hosts: readonly HostEvidence[];
  readonly services: readonly ServiceEvidence[];
}

/** @param earlier dossiers that a chain is held to, by the names of their files */
export function hostEvidence(
  { job }: Driller,
  told: Told,
  { sinceMs, earlier }: { readonly sinceMs: number; readonly earlier: ReadonlyMap<string, EarlierDossier> },
): HostEvidence {
  const { host, name } = job;
  if ("cause" in told) {
    const unknown = { state: "unknown", records: 0, head: null, faults: [], drills: [], lines: [] } as const;
    return { host, job: name, ...unknown, notes: [`the host wasn't asked: ${told.cause}`] };
  }
  const { chain, notes } = told;
  const faults = [...chain.faults, ...rewritten(host, chain.records, earlier)];
  const lines = new Map(chain.text.split("\n").map(line => [line.slice(0, 64), line]));
  const drills = chain.records.filter(({ at }) => Date.parse(at) >= sinceMs);
  const last = chain.records.at(-1);
  return {
    ...{ host, job: name, state: faults.length > 0 ? "broken" : "sound", records: chain.records.length },
    ...{ head: last ? { number: last.number, hash: last.hash } : null, faults, notes, drills },
    lines: drills.map(({ hash }) => lines.get(hash) ?? ""),
  };
}

/** What a chain that hangs together can't tell by itself: that it is another one than somebody has seen before. */
function rewritten(
  host: string,
  records: readonly DrillRecord[],
  earlier: ReadonlyMap<string, EarlierDossier>,
): string[] {
  const now = new Map(records.map(({ number, hash }) => [number, hash]));
  return [...earlier].flatMap(([file, { made, hosts }]) => {
    const seen = hosts.find(other => other.host === host);
    const known = [...(seen?.drills ?? []), ...(seen?.head ? [seen.head] : [])];
    const first = known.find(({ number, hash }) => now.get(number) !== hash);
    if (!first) return [];
    return [
      now.has(first.number)
        ? `record ${first.number} isn't the one that ${file} has of it, made ${made}: the chain was written anew since then`
        : `record ${first.number}, which ${file} has, made ${made}, is there no more`,
    ];
  });
}

/** What is proved of each service, by the copies of it that are drilled. */
export function servicesOf(
  plan: Plan,
  drillers: readonly Driller[],
  hosts: readonly HostEvidence[],
): ServiceEvidence[] {
  const proved = new Map<string, string>();
  for (const { host, state, drills } of hosts)
    if (state !== "unknown")
      for (const { tier, of, at, result } of drills)
        if (result === "proved") proved.set(`${tier}:${of} on ${host}`, at);
  return Object.keys(plan.estate.services).map(service => {
    const all = drillers.flatMap(driller =>
      copiesDrilled(plan, driller, ({ dataset }) => dataset.service === service).map(
        ({ tier, name }) => `${tier}:${name} on ${driller.job.host}`,
      ),
    );
    const notProved = all.filter(copy => !proved.has(copy));
    const times = all.flatMap(copy => proved.get(copy) ?? []).sort();
    return { service, proved: notProved.length > 0 ? null : (times[0] ?? null), copies: all, notProved };
  });
}
