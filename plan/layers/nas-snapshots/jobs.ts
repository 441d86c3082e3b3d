import {
  nasDriftMetric,
  nasMetricNames,
  nasSnapshotsJobName,
  nasSnapshotsMetrics,
  type NasSnapshotsConfig,
} from "../../contracts/nas-snapshots";
import type { Estate } from "../../estate/schema";
import type { Flow, JobAlert, LayerJob, Location } from "../../job";
import { retentionOf } from "../../retention";
import { blanks, phrase, type Step } from "../../way-back";
import { runOf, timerTrigger } from "../common";
import {
  credentialsFolder,
  runnerConfig,
  secretCredential,
  stateFolder,
  textfile,
  timerOf,
} from "../host-runner";
import { isBelow } from "../places";
import { nasRetentionOf } from "./apply";
import type { NasSnapshotsSpec } from "./spec";
import { driftPanels, nasPanels } from "./panels";

/** What the NAS makes by itself, and, where a host looks after it, who sees whether it does. */
export function nasSnapshotsJob(
  spec: NasSnapshotsSpec,
  estate: Estate,
  before: readonly LayerJob[],
): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const machine = { kind: "destination", name: spec.destination } as const;
  const target = { machine, path: `${spec.share}/#snapshot` };
  const name = nameOf(spec, estate);
  const run = runOf(spec, trigger, estate);
  const config = configOf(name, spec, estate, run.budgetMs, before);
  const nasRetention = nasRetentionOf(spec, estate);
  const { watch } = spec;
  const job = {
    name,
    trigger,
    ...run,
    flows: [flowOf(name, spec, estate, target, config !== undefined)],
    deletes: [{ location: target, keeps: [], scope: "own-generations" as const }],
    provedBy: "a folder that is brought back from a snapshot",
    metricsJob: name,
    ...(nasRetention && { nasRetention }),
  };
  if (!config || !watch)
    return {
      ...job,
      ...{
        runsOn: machine,
        host: spec.destination,
        metrics: nasSnapshotsMetrics,
        alerts: [],
        panels: nasPanels,
      },
      ...{ credentials: [], deployment: { kind: "planned" } },
    };
  return {
    ...job,
    runsOn: { kind: "host", name: watch.host },
    host: watch.host,
    tellsDifferences: true,
    tellsStore: {
      ...{ on: spec.destination, store: spec.volume },
      metrics: {
        sizeBytes: nasMetricNames.volumeSize,
        freeBytes: nasMetricNames.volumeFree,
        daysToFull: nasMetricNames.daysToFull,
      },
    },
    metrics: [...nasSnapshotsMetrics, nasDriftMetric],
    alerts: alertsOf(spec),
    panels: [...nasPanels, ...driftPanels],
    ...timerOf({
      job: name,
      runner: "nas-snapshots",
      description: `A look at the snapshots of ${spec.share} on ${spec.destination}`,
      trigger,
      timeoutMs: run.timeoutMs,
      mounts: [],
      background: true,
      rights: { reads: [], writes: [], files: "own", volumes: "none", parses: false },
      credentials: [secretCredential(watch.secret), secretCredential(watch.password)],
      config,
    }),
  };
}

function flowOf(
  name: string,
  spec: NasSnapshotsSpec,
  estate: Estate,
  target: Location,
  isWatched: boolean,
): Flow {
  const destination = estate.destinations[spec.destination];
  return {
    source: {
      kind: "tree",
      location: { machine: target.machine, path: spec.share },
      excludes: [{ name: "#snapshot", reason: "snapshots of snapshots" }],
    },
    target,
    retention: retentionOf(spec.keep),
    metadata: "kept",
    // Whoever may delete them on the NAS can do so from the host that has the password.
    outOfHostsReach: spec.watch?.mayDelete !== true,
    verified: true,
    secrets: destination?.secrets ?? [],
    // A NAS names its snapshots as it likes, and which of them is a good one is for a person to say.
    wayBack: {
      steps: [byHand(name, spec, estate, target, isWatched)],
      ...(isWatched && { called: spec.share }),
    },
  };
}

function byHand(
  name: string,
  spec: NasSnapshotsSpec,
  estate: Estate,
  target: Location,
  isWatched: boolean,
): Step {
  // An account that copies are sent by, and one that looks, read no snapshot.
  const login = `ADMINISTRATOR@${estate.destinations[spec.destination]?.address ?? ""}`;
  const outcome = {
    changes: "the share has what the snapshot has; the snapshot stays",
    undo: "the same from a snapshot that is taken before",
    verifies: "the folder holds as many files and bytes as that of the snapshot",
  };
  if (isWatched && spec.watch)
    return {
      ...{ kind: "manual", where: { kind: "host", name: spec.watch.host } },
      text: phrase`this prints the steps for one of the NAS's administrators, on ${login}, from the newest snapshot or that of --at, beside what is there; without the host: a snapshot's own folder, the next below "#snapshot", has ${blanks.from}`,
      argv: [name, "restore", [blanks.to]],
      ...outcome,
    };
  return {
    ...{ kind: "manual", where: target.machine },
    text: phrase`by hand, as no host looks after this NAS: as one of its administrators, on ${login}, from a snapshot's own folder, the next below "#snapshot": ${blanks.from} to ${blanks.to}`,
    ...outcome,
  };
}

/** None where nobody can prove which NAS answers, or where it isn't one that can be asked. */
function configOf(
  name: string,
  spec: NasSnapshotsSpec,
  estate: Estate,
  budgetMs: number,
  before: readonly LayerJob[],
): NasSnapshotsConfig | undefined {
  const { watch } = spec;
  const destination = estate.destinations[spec.destination];
  if (!watch || destination?.hostKey === undefined || destination.kind !== "synology") return undefined;
  const { address, port, hostKey } = destination;
  const { schedule } = spec;
  const kept = retentionOf(spec.keep);
  return {
    job: name,
    ...runnerConfig(name, watch.host, budgetMs, estate),
    credentialsDir: credentialsFolder(name),
    nas: {
      ...{ name: spec.destination, address, port, user: watch.user, hostKey },
      ...{ key: watch.secret, password: watch.password, volume: spec.volume, share: spec.share.slice(1) },
    },
    calendar: schedule.onCalendar,
    zone: schedule.zone ?? estate.zone,
    ...(kept.kind === "age" ? { keepMs: kept.ms } : {}),
    keepAtLeast: kept.kind === "age" ? Math.max(1, kept.atLeast) : 1,
    senders: sendersOf(spec, before),
    // A NAS may be busy when the hour comes; what is left of the budget is for the look.
    graceMs: Math.min(15 * 60_000, Math.floor(budgetMs / 2)),
    mayDelete: watch.mayDelete,
    driftTextfile: textfile(`${name}-drift`),
  };
}

/** Jobs of the host that looks which write to the share. */
function sendersOf(
  { destination, share, watch }: NasSnapshotsSpec,
  before: readonly LayerJob[],
): NasSnapshotsConfig["senders"] {
  const isThere = ({ machine, path }: Location): boolean =>
    machine.kind === "destination" && machine.name === destination && isBelow(path, share);
  return before
    .filter(
      ({ host, deployment, flows }) =>
        host === watch?.host && deployment.kind === "timer" && flows.some(({ target }) => isThere(target)),
    )
    .map(({ name }) => ({ job: name, stateDir: stateFolder(name) }));
}

/** Two shares of one NAS, and two NAS that one host looks at, are told apart in names, metrics and alerts. */
function nameOf(spec: NasSnapshotsSpec, estate: Estate): string {
  const beside = estate.layers["nas-snapshots"].filter(
    other =>
      other.destination === spec.destination ||
      (spec.watch !== undefined && other.watch?.host === spec.watch.host),
  );
  if (beside.length < 2) return nasSnapshotsJobName;
  const isTwice = beside.some(
    ({ destination, share }) => destination !== spec.destination && slug(share) === slug(spec.share),
  );
  return `${nasSnapshotsJobName}${isTwice ? `-${spec.destination}` : ""}${slug(spec.share)}`;
}

/** "/Backup/Viki" becomes "-backup-viki". */
function slug(path: string): string {
  return path.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

function alertsOf({ destination, share, watch }: NasSnapshotsSpec): JobAlert[] {
  const look = `nas-snapshots list on ${watch?.host ?? ""}`;
  return [
    {
      name: "NasSnapshotsDrift",
      metric: nasMetricNames.drift,
      fires: { kind: "above", than: 0 },
      summary: `${destination} does otherwise with snapshots of ${share} than the estate says: {{ $labels.setting }}. The last look's log has both; ${look}`,
    },
    {
      name: "NasClockWrong",
      metric: nasMetricNames.clockSkew,
      fires: { kind: "above", than: 300 },
      summary: `The clock of ${destination} is wrong by {{ $value | humanizeDuration }}: it removes snapshots at the wrong age`,
    },
    {
      name: "NasFullSoon",
      metric: nasMetricNames.daysToFull,
      fires: { kind: "below", than: 14 },
      summary: `${destination} is full in {{ $value }} days, with what snapshots of ${share} will still pin. What is deleted there frees room only when the last snapshot that has it is gone; ${look}`,
    },
  ];
}
