import type { Plan } from "../../plan";
import { endOfDay } from "../../plan/calendar/time-zone";
import { type Dataset, membersOf } from "../../plan/datasets";
import { exampleEstate } from "../../plan/estate/example";
import type { Service } from "../../plan/estate/services";
import { copiesIn } from "../../plan/graph/copies-in";
import { drillersOf } from "../../plan/graph/drilled";
import { isHosted } from "../../plan/job";
import { layerGiving } from "../../plan/layers";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { isAhead, todayOf } from "../proof-day";
import { fallsShort } from "../protection";
import { type Undrilled, undrilledOf, undrilledText } from "../undrilled";
import { counted, listed } from "../wording";

export const restoreUnproven = defineCheck({
  code: "promises/restore-unproven",
  severity: "warning",
  title: "A service is promised, and nobody proves that its copies come back",
  why: "A backup is what has been restored. A dump that no server was ever given, an image that was never started and a snapshot that nobody has gone back to are found to be useless on the day on which they are needed.",
  run: (plan, asOfMs) => {
    const short = unprovenOf(plan, asOfMs);
    const drills = drillersOf(plan).some(({ job }) => isHosted(job));
    const isNew = short.filter(({ proven }) => proven === undefined).length;
    if (!drills && isNew > 1) return [nothingDrilled(plan, short)];
    return short.map(each => unproven(each, plan, asOfMs));
  },
  examples: {
    bad: [
      mended(
        example("dumps whose files alone are drilled", ({ services }) =>
          Reflect.deleteProperty(services.vault ?? {}, "restoredByHand"),
        ),
        {
          says: 'Set services.vault.restoredByHand to { proven: "2026-11-01" }',
          edit: ({ services }) => edit(services.vault, { restoredByHand: { proven: "2026-11-01" } }),
        },
      ),
      mended(
        example("an image that somebody restored two years ago", ({ services }) =>
          edit(services.nodes, { restoredByHand: { proven: "2024-10-15", every: "365d" } }),
        ),
        {
          says: 'Set services.nodes.restoredByHand.proven to "2026-11-01"',
          edit: ({ services }) =>
            edit(services.nodes, { restoredByHand: { proven: "2026-11-01", every: "365d" } }),
        },
      ),
      mended(
        example("a slip in the year", ({ services }) =>
          edit(services.nodes, { restoredByHand: { proven: "2062-10-15" } }),
        ),
        {
          says: "Set services.nodes.restoredByHand.proven to the day on which it was proven",
          edit: ({ services }) => edit(services.nodes, { restoredByHand: { proven: "2026-10-15" } }),
        },
      ),
      mended(
        example("a house in which nothing is ever restored", ({ layers }) => {
          layers["restore-drill"] = [];
        }),
        {
          says: 'Add "restore-drill"',
          edit: ({ layers }) => layers["restore-drill"].push(...exampleEstate().layers["restore-drill"]),
        },
      ),
    ],
    good: [
      example("drills of what a host has, and a person for the rest"),
      example("what is promised to nobody", ({ services }) => {
        edit(services.vault, { promise: { rpo: {} } });
        Reflect.deleteProperty(services.vault ?? {}, "restoredByHand");
      }),
    ],
  },
});

/** A service of which something isn't drilled, and that no person has proven in time. */
interface Unproven {
  readonly service: string;
  readonly proven: Service["restoredByHand"];
  readonly undrilled: readonly Undrilled[];
}

/** What has no whole copy yet, and what is copied by no job that is installed, others tell. */
function unprovenOf(plan: Plan, asOfMs: number): Unproven[] {
  const { services, zone } = plan.estate;
  const lacking = new Set(
    [...fallsShort(plan), ...notInstalled(plan)].flatMap(dataset => membersOf(dataset).map(({ id }) => id)),
  );
  const undrilled = undrilledOf(plan, drillersOf(plan)).filter(({ dataset }) => !lacking.has(dataset));
  return Object.entries(services).flatMap(([service, { promise, restoredByHand: proven }]) => {
    const own = undrilled.filter(each => each.service === service);
    if (own.length === 0 || Object.keys(promise?.rpo ?? {}).length === 0) return [];
    if (proven && !isOver(proven, zone, asOfMs) && !isAhead(proven.proven, plan.estate, asOfMs)) return [];
    return [{ service, proven, undrilled: own }];
  });
}

/** Datasets that a host's jobs read, of which this version installs none. */
function notInstalled(plan: Plan): Dataset[] {
  return [...copiesIn(plan)].flatMap(([dataset, copies]) => {
    const first = copies.filter(({ from }) => from === undefined);
    return first.every(({ job }) => job.runsOn.kind === "host" && !isHosted(job)) ? [dataset] : [];
  });
}

type Proven = NonNullable<Unproven["proven"]>;

function isOver({ proven, every }: Proven, zone: string, asOfMs: number): boolean {
  return asOfMs > endOfDay(proven, zone) + parseDuration(every);
}

function nothingDrilled({ estate }: Plan, short: readonly Unproven[]): Found {
  const services = short.map(({ service }) => service);
  return {
    subject: estate.name,
    message: `No job of the estate restores anything for proof: of ${counted(services.length, "service")} (${listed(services)}) nobody knows that they come back.`,
    fix: `Add "${layerGiving("proof that copies come back")}" of ${listed(Object.keys(estate.hosts))}, with a folder to restore into that is nobody's; what it doesn't drill is told then.`,
    evidence: { services },
  };
}

/** What else there is to be done about a dump that a server of its image could take. */
function orDrill(undrilled: readonly Undrilled[], { jobs }: Plan): string {
  const makers = new Set(undrilled.flatMap(({ by }) => by));
  const able = jobs.filter(({ called, takesDrill }) => takesDrill && makers.has(called));
  return able.length === 0
    ? ""
    : ` Or give its dump (${able.map(({ called }) => called).join(" or ")}) a "drill", by which a job of its cluster restores it into an empty server.`;
}

function unproven({ service, proven, undrilled }: Unproven, plan: Plan, asOfMs: number): Found {
  const { estate } = plan;
  const field = `services.${service}.restoredByHand`;
  const today = todayOf(estate, asOfMs);
  const datasets = undrilled.map(({ dataset }) => dataset);
  if (proven && isAhead(proven.proven, estate, asOfMs))
    return {
      subject: service,
      message: `A restore of ${service} is said to have been proven on ${proven.proven}, and today is ${today}: until then nothing would tell that it is overdue.`,
      fix: `Set ${field}.proven to the day on which it was proven.`,
      evidence: { datasets, proven: proven.proven, today },
    };
  const how = `once ${service} was restored beside its own place (holdfast restore ${service} --dry-run tells the steps, docs/runbooks each kind) and was what it is to be`;
  if (!proven)
    return {
      subject: service,
      message: `No drill proves a restore of ${undrilledText(undrilled)}, and nobody has said that a person does.`,
      fix: `Set ${field} to { proven: "${today}" }, ${how}.${orDrill(undrilled, plan)}`,
      evidence: { datasets },
    };
  const overForMs = asOfMs - endOfDay(proven.proven, estate.zone) - parseDuration(proven.every);
  return {
    subject: service,
    message: `No drill proves a restore of ${undrilledText(undrilled)}, and the one by hand of ${proven.proven} has to be every ${proven.every}: over for ${formatDuration(overForMs)}.`,
    fix: `Set ${field}.proven to "${today}", ${how}.${orDrill(undrilled, plan)}`,
    evidence: { datasets, proven: proven.proven, overForMs },
  };
}
