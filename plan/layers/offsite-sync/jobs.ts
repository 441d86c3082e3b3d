import {
  offsiteLegMetrics,
  offsiteMetricNames,
  offsiteSyncJobName,
  offsiteSyncMetrics,
  offsiteSyncMetricsJob,
  type OffsiteSyncConfig,
} from "../../contracts/offsite-sync";
import type { Estate } from "../../estate/schema";
import type { Flow, JobAlert, Judgement, LayerJob, Location } from "../../job";
import type { Pace } from "../../contracts/pace";
import { parseDuration } from "../../units/duration";
import { parseSize } from "../../units/size";
import type { Retention } from "../../retention";
import { blanks, phrase, type Step } from "../../way-back";
import { runOf, timerTrigger } from "../common";
import {
  credentialsFolder,
  mountOf,
  runnerConfig,
  secretCredential,
  stateFolder,
  textfile,
  timerOf,
} from "../host-runner";
import { hostLocation, isBelow, mountAbove } from "../places";
import type { OffsiteSyncSpec } from "./spec";
import { legPanels, offsitePanels } from "./panels";

export function offsiteSyncJob(spec: OffsiteSyncSpec, estate: Estate, before: readonly LayerJob[]): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const destination = estate.destinations[spec.destination];
  const at = (path: string): Location => ({ machine: { kind: "destination", name: spec.destination }, path });
  const config = configOf(spec, estate, run.budgetMs, before);
  const { receives } = destination ?? {};
  return {
    name: spec.name,
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...run,
    fullRun: timerTrigger(spec.fullSync, estate.zone),
    flows: spec.legs.map((leg, index) => ({
      source: {
        kind: "tree",
        location: hostLocation(estate, spec.host, leg.from),
        excludes: leg.excludes,
        ...(leg.only === undefined ? {} : { only: leg.only.map(entry => entry.name) }),
      },
      target: at(leg.to),
      retention: { kind: "latest" },
      metadata: leg.metadata,
      outOfHostsReach: false,
      verified: true,
      secrets: [...new Set([...(destination?.secrets ?? []), ...(receives ? [receives.secret] : [])])],
      wayBack: config
        ? { steps: [broughtBack(spec)], lists: [spec.name, "list", [blanks.to]], called: leg.from }
        : { steps: [byHand(spec, estate)] },
      ...unheardOf(config?.legs[index], before),
      ...(spec.scrub.counts === "compared" ? { countsAfterMs: parseDuration(spec.scrub.period) } : {}),
      said: { source: ["legs", index, "from"], target: ["legs", index, "to"] },
    })),
    deletes: spec.legs.map(leg => ({ location: at(leg.to), keeps: [], scope: "whole-tree" })),
    journal: { kind: "reads" },
    ...paceOf(spec, estate),
    metricsJob: metricsJobOf(spec),
    metrics: [...offsiteSyncMetrics, ...(config ? Object.values(offsiteLegMetrics) : [])],
    alerts: config ? alertsOf(spec, run.judged) : [],
    panels: [...offsitePanels, ...(config ? legPanels : [])],
    // Without a pinned key anybody could take what is sent: planned and judged, but not installed.
    ...(config && receives
      ? timerOf({
          job: spec.name,
          runner: "offsite-sync",
          description: `Copies of this host to ${spec.destination}`,
          trigger,
          timeoutMs: run.timeoutMs,
          mounts: [...new Set(config.legs.map(({ mount }) => mount.path))],
          background: true,
          rights: {
            reads: spec.legs.map(({ from }) => from),
            writes: [],
            files: "all",
            volumes: "none",
            parses: false,
          },
          // Its cursors lie in the journals of those whose copies it sends, some of which have never run.
          makes: config.legs.flatMap(({ journals }) => journals.map(({ folder }) => folder)),
          credentials: [secretCredential(receives.secret)],
          config,
        })
      : { credentials: [], deployment: { kind: "planned" } }),
  };
}

/** The reference's own job keeps the label that its dashboards know. */
function metricsJobOf({ name }: OffsiteSyncSpec): string {
  return name === offsiteSyncJobName ? offsiteSyncMetricsJob : name;
}

function configOf(
  spec: OffsiteSyncSpec,
  estate: Estate,
  budgetMs: number,
  before: readonly LayerJob[],
): OffsiteSyncConfig | undefined {
  const destination = estate.destinations[spec.destination];
  const { receives, hostKey, address, port, user } = destination ?? {};
  if (!destination || !receives || hostKey === undefined || !address || !user || port === undefined)
    return undefined;
  const others = before.filter(({ host }) => host === spec.host);
  return {
    job: spec.name,
    metricsJob: metricsJobOf(spec),
    ...runnerConfig(spec.name, spec.host, budgetMs, estate),
    credentialsDir: credentialsFolder(spec.name),
    destination: { name: spec.destination, address, port, user, hostKey, key: receives.secret },
    legs: spec.legs.map(({ from, to, excludes, only }) => ({
      from,
      to: to.slice(receives.tree.length + 1),
      mount: mountOf(estate, spec.host, mountAbove(estate, spec.host, from)),
      excludes: excludes.map(({ name }) => name),
      ...(only && { only: only.map(({ name }) => name) }),
      generations: generationsBelow(from, others),
      journals: journalsBelow(from, others),
    })),
    predecessors: spec.schedule.after.map(job => ({ job, stateDir: stateFolder(job) })),
    fullPass: `${spec.fullSync.onCalendar} ${spec.fullSync.zone ?? estate.zone}`,
    collapse: spec.collapse,
    scrub: { periodMs: parseDuration(spec.scrub.period) },
    ...paceOf(spec, estate),
    ...{ sample: 64, stallMs: 5 * 60_000, legsTextfile: textfile(`${spec.name}-legs`) },
  };
}

function paceOf({ bandwidth, schedule }: OffsiteSyncSpec, estate: Estate): { pace?: Pace } {
  if (bandwidth.length === 0) return {};
  const ms = (time: string): number => Date.parse(`1970-01-01T${time}Z`);
  const limits = bandwidth.map(({ from, to, atMost }) => ({
    ...{ fromMs: ms(from), toMs: ms(to) },
    bytesPerSecond: parseSize(atMost),
  }));
  return { pace: { zone: schedule.zone ?? estate.zone, limits } };
}

/** Folders below a path in which jobs keep generations, and how many. */
function generationsBelow(
  from: string,
  jobs: readonly LayerJob[],
): OffsiteSyncConfig["legs"][number]["generations"] {
  return jobs.flatMap(({ deletes, flows }) =>
    deletes
      .filter(({ scope, location }) => scope === "own-generations" && location.path.startsWith(`${from}/`))
      .map(({ location }) => ({
        folder: location.path.slice(from.length + 1),
        keeps: Math.max(
          1,
          ...flows
            .filter(({ target }) => target.path === location.path)
            .map(({ retention }) => leastOf(retention)),
        ),
      })),
  );
}

/** Generations that are there once the retention has worked for long. */
function leastOf(retention: Retention): number {
  switch (retention.kind) {
    case "latest":
      return 1;
    case "age":
      return retention.atLeast;
    case "count":
      return retention.count;
    case "tiers":
      return Math.max(...retention.tiers.map(({ count }) => count));
  }
}

type Journals = OffsiteSyncConfig["legs"][number]["journals"];

/**
 * Journals of the installed jobs that write in a folder, or that watch it. What else lies in it nobody names: only a comparison of
 * all finds it.
 */
function journalsBelow(from: string, jobs: readonly LayerJob[]): Journals {
  return jobs.flatMap(({ name, journal, deployment }): Journals => {
    if (deployment.kind === "planned") return [];
    if (journal?.kind === "writes" && isBelow(journal.below, from))
      return [{ writer: name, folder: `${stateFolder(name)}/journal`, root: journal.below, watches: false }];
    if (journal?.kind !== "watches") return [];
    return journal.folders
      .filter(({ path }) => isBelow(from, path))
      .map(({ path, journal: folder }) => ({ writer: name, folder, root: path, watches: true }));
  });
}

/** What the kernel told a watcher of nothing of is sent once that hands over all. */
function unheardOf(
  leg: OffsiteSyncConfig["legs"][number] | undefined,
  jobs: readonly LayerJob[],
): Pick<Flow, "unheardWithinMs"> {
  const times = jobs.flatMap(({ journal }) =>
    journal?.kind === "watches" &&
    journal.folders.some(each => leg?.journals.some(({ folder }) => folder === each.journal))
      ? [journal.reconcileMs]
      : [],
  );
  return times.length > 0 ? { unheardWithinMs: Math.max(...times) } : {};
}

function broughtBack({ host, name }: OffsiteSyncSpec): Step {
  return {
    ...{ kind: "command", where: { kind: "host", name: host } },
    argv: [name, "restore", [blanks.to]],
    changes: phrase`${blanks.to} is what was sent last; it has to be empty or missing, so nothing is overwritten. With --into it goes to another folder`,
    undo: phrase`where it ended with 0, what it brought to ${blanks.to} is removed by hand: nothing was there. Where it was refused, nothing: what lies there is somebody's, such as what the same command has brought before`,
    verifies:
      "it ends with 0 after all that came back was compared with the destination by content, owner, mode, times, ACL, attributes and links",
  };
}

function byHand(spec: OffsiteSyncSpec, estate: Estate): Step {
  const destination = estate.destinations[spec.destination];
  return {
    kind: "manual",
    where: { kind: "host", name: spec.host },
    text: "by hand, as this version only plans this job",
    argv: [
      ...["rsync", "-aHAXS", "--numeric-ids", [blanks.relative]],
      [`${destination?.user ?? ""}@${destination?.address ?? ""}:`, blanks.from, "/"],
      [blanks.to, "/"],
    ],
    changes: phrase`${blanks.to} has what was sent last; what isn't there any more is deleted by none of it`,
    undo: phrase`a copy of ${blanks.to}, made before; on a disk that is new there is nothing to go back to`,
    verifies: "rsync ends with 0, and says nothing when it runs again with --dry-run --itemize-changes",
  };
}

function alertsOf(
  { name, host, destination, scrub }: OffsiteSyncSpec,
  { staleAfterMs, rpoMs }: Judgement,
): JobAlert[] {
  return [
    {
      name: "OffsiteLegStale",
      metric: offsiteMetricNames.legSuccess,
      fires: { kind: "older", thanMs: staleAfterMs },
      summary:
        `{{ $labels.leg }} of ${host} was last whole and verified at ${destination} ` +
        `{{ $value | humanizeDuration }} ago, the limit is ${Math.round(staleAfterMs / 1000)} s`,
    },
    {
      name: "OffsiteDebtOld",
      metric: offsiteMetricNames.oldest,
      fires: { kind: "older", thanMs: rpoMs },
      summary:
        `a change in {{ $labels.leg }} of ${host} is not at ${destination} after ` +
        `{{ $value | humanizeDuration }}: the loss that is promised is ${Math.round(rpoMs / 1000)} s. ${name} list says how much is owed`,
    },
    {
      name: "OffsiteCopyDoubtful",
      metric: offsiteMetricNames.doubtful,
      fires: { kind: "above", than: 0 },
      summary: `{{ $value }} files of ${host} differ at ${destination} at one size and time: a bit has flipped at one of the ends. Neither was changed; journalctl -u ${name} names them`,
    },
    {
      name: "OffsiteSentAgain",
      metric: offsiteMetricNames.again,
      fires: { kind: "above", than: 0 },
      summary: `{{ $value | humanize1024 }}B of a new generation of ${host} went to ${destination} though the generation before it has the same files: that is no longer whole there, or its links are gone, and each night takes more of the line and of its room. ${name} verify says what is missing`,
    },
    {
      name: "OffsiteScrubBehind",
      metric: offsiteMetricNames.oldestVerified,
      fires: { kind: "older", thanMs: parseDuration(scrub.period) },
      summary: `some of what ${host} has at ${destination} was not compared by content for {{ $value | humanizeDuration }}; each file is to be within ${scrub.period}. Raise the run's budget, or the period`,
    },
    {
      name: "OffsiteCopyRepaired",
      metric: offsiteMetricNames.repaired,
      fires: { kind: "above", than: 0 },
      summary: `{{ $value }} files at ${destination} were not what ${host} had sent: its disk or memory may be failing. They were sent again; journalctl -u ${name} names them`,
    },
  ];
}
