import { z } from "zod";
import { counted } from "../../checks/wording";
import type { Plan } from "../../plan";
import { type DrillRecord, drillRecord, linesIn } from "../../plan/contracts/drill-record";
import { drilledBy, hasCome } from "../drill/measured";
import type { Driller } from "../../plan/graph/drilled";
import { copiesDrilled } from "../drill/tasks";
import { undrilledOf } from "../../checks/undrilled";
import { type Told, whose } from "./ask";

const head = z.object({ number: z.int(), hash: z.string() });

/** What an earlier dossier holds a later chain to: more of it isn't read. */
export const earlierDossier = z.object({
  made: z.iso.datetime(),
  hosts: z.array(
    z.object({
      host: z.string(),
      job: z.string(),
      state: z.enum(["sound", "broken", "unknown"]),
      head: head.nullable(),
      drills: z.array(drillRecord.extend({ hash: z.string() })),
    }),
  ),
});
export type EarlierDossier = z.output<typeof earlierDossier>;

/** What one job has on record. Instants are ISO 8601 in UTC, times in seconds, sizes in bytes. */
export interface HostEvidence {
  readonly host: string;
  readonly job: string;
  /** By what people are told of it. */
  readonly whose: string;
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
  /** Datasets of which no drill proves a restore, though files of their dumps may come back: such a service isn't proved. */
  readonly undrilled: readonly string[];
  /** Copies that failed when they were drilled last, also where they were proved before. */
  readonly failed: readonly { readonly copy: string; readonly at: string; readonly reason: string }[];
}

export interface Dossier {
  readonly made: string;
  readonly since: string | null;
  readonly estate: string;
  readonly hosts: readonly HostEvidence[];
  readonly services: readonly ServiceEvidence[];
}

interface Asking {
  readonly sinceMs: number;
  readonly nowMs: number;
  /** Dossiers that a chain is held to, by the names of their files. */
  readonly earlier: ReadonlyMap<string, EarlierDossier>;
}

export function hostEvidence(
  driller: Driller,
  told: Told,
  { sinceMs, nowMs, earlier }: Asking,
): HostEvidence {
  const { host, name: job } = driller.job;
  const of = { host, job, whose: whose(driller) };
  if ("cause" in told) {
    const unknown = { state: "unknown", records: 0, head: null, faults: [], drills: [], lines: [] } as const;
    return { ...of, ...unknown, notes: [`the host wasn't asked: ${told.cause}`] };
  }
  const { chain, notes } = told;
  const faults = [...chain.faults, ...rewritten(of, chain.records, earlier)];
  const drills = chain.records.filter(({ at }) => Date.parse(at) >= sinceMs);
  const lines = new Map(drills.map(({ hash }) => [hash, ""]));
  for (const line of linesIn(chain.text)) {
    const hash = line.slice(0, 64);
    if (lines.has(hash)) lines.set(hash, line);
  }
  const last = chain.records.at(-1);
  return {
    ...{ ...of, state: faults.length > 0 ? "broken" : "sound", records: chain.records.length },
    ...{ head: last ? { number: last.number, hash: last.hash } : null, faults, drills },
    notes: [...notes, ...aheadIn(drills, nowMs), ...strangersIn(drills, host)],
    lines: drills.map(({ hash }) => lines.get(hash) ?? ""),
  };
}

function aheadIn(drills: readonly DrillRecord[], nowMs: number): string[] {
  const ahead = drills.filter(record => !hasCome(record, nowMs));
  const [first] = ahead;
  if (!first) return [];
  const more = ahead.length > 1 ? `, and ${counted(ahead.length - 1, "more record")} too` : "";
  return [
    `record ${first.number} is dated ${first.at}, which hasn't come${more}: the host's clock was ahead, and none of these counts as a proof`,
  ];
}

function strangersIn(drills: readonly DrillRecord[], own: string): string[] {
  const others = drills.filter(({ host }) => host !== own);
  const [first] = others;
  if (!first) return [];
  const names = [...new Set(others.map(({ host }) => `"${host}"`))].join(", ");
  const more = others.length > 1 ? `, and ${counted(others.length - 1, "more record")} too` : "";
  return [
    `record ${first.number} is of a drill on another host, by the name ${names}${more}: the disk was that host's, or this one had another name then. None of these counts as a proof of what ${own} has`,
  ];
}

/** What a chain that hangs together can't tell by itself: that it is another one than somebody has seen before. */
function rewritten(
  { host, job }: Pick<HostEvidence, "host" | "job">,
  records: readonly DrillRecord[],
  earlier: ReadonlyMap<string, EarlierDossier>,
): string[] {
  const now = new Map(records.map(({ number, hash }) => [number, hash]));
  return [...earlier].flatMap(([file, { made, hosts }]) => {
    // Of one that was broken, the next one may be the mended one.
    const seen = hosts.find(other => other.host === host && other.job === job && other.state === "sound");
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
  nowMs: number,
): ServiceEvidence[] {
  const known = new Map(
    drillers.flatMap(driller => {
      const { host, name } = driller.job;
      const { drills = [], faults = [] } = hosts.find(each => each.host === host && each.job === name) ?? {};
      return [...drilledBy(driller, { records: drills, faults }, nowMs)];
    }),
  );
  const undrilled = undrilledOf(plan, drillers);
  return Object.keys(plan.estate.services).map(service => {
    const own = undrilled.filter(each => each.service === service);
    const all = drillers.flatMap(driller =>
      copiesDrilled(plan, driller, ({ dataset }) => dataset.service === service).map(({ tier, name }) => ({
        copy: `${tier}:${name} on ${driller.job.host}`,
        ...known.get(`${driller.job.host} ${tier}:${name}`),
      })),
    );
    const notProved = all.filter(({ proof }) => proof === undefined).map(({ copy }) => copy);
    const times = all.flatMap(({ proof }) => proof?.at ?? []).sort();
    return {
      service,
      proved: notProved.length + own.length > 0 ? null : (times[0] ?? null),
      copies: all.map(({ copy }) => copy),
      notProved,
      undrilled: own.map(({ dataset }) => dataset),
      failed: all.flatMap(({ copy, failed }) =>
        failed ? [{ copy, at: failed.at, reason: failed.reason ?? "nothing says why" }] : [],
      ),
    };
  });
}

/** Why nothing, or not all, is on record as proved of a service: a line each. */
export function notProvedLines({ copies, notProved, undrilled, failed }: ServiceEvidence): string[] {
  if (copies.length === 0) return ["no copy of it is drilled"];
  return [
    ...notProved,
    ...undrilled.map(dataset => `no drill restores ${dataset}`),
    ...failed.map(({ copy, at }) => `FAILED ${at}: ${copy}`),
  ];
}
