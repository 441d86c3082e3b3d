import type { Schedule } from "./calendar";
import type { ClusterRights } from "./contracts/cluster-access";
import type { InForce } from "./contracts/in-force";
import type { Metric } from "./contracts/metric";
import type { Pace } from "./contracts/pace";
import type { Path } from "./estate/lookup";
import type { JobPanel } from "./panel";
import type { DumpPod } from "./pod";
import type { Location, Machine } from "./place";
import type { Retention } from "./retention";
import type { WayBack } from "./way-back";

export type { Metric } from "./contracts/metric";
export type { Location, Machine } from "./place";

export interface Exclude {
  readonly name: string;
  readonly reason: string;
}

/** What a flow reads. */
export type Source =
  /** Every dataset and copy below a path: all entries but the excluded ones, or `only` those named. */
  | {
      readonly kind: "tree";
      readonly location: Location;
      readonly excludes: readonly Exclude[];
      readonly only?: readonly string[];
    }
  /** Every live volume of a pool. */
  | {
      readonly kind: "volumes";
      readonly host: string;
      readonly pool: string;
      readonly excludeNamespaces: readonly Exclude[];
    }
  /**
   * The files of the newest generation that another job of the same host made, so of no raw block volume; `holds` narrows
   * it to the volumes with such content, `onlyNamespaces` to theirs.
   */
  | {
      readonly kind: "copies-of";
      readonly job: string;
      readonly excludeNamespaces: readonly Exclude[];
      readonly holds?: "sqlite";
      readonly onlyNamespaces?: readonly string[];
      /** An older generation isn't copied, in ms. */
      readonly maxAgeMs?: number;
    }
  /** One live dataset, by its id. */
  | { readonly kind: "dataset"; readonly id: string };

/** One kind of copy that a job makes. */
export interface Flow {
  readonly source: Source;
  readonly target: Location;
  /** What is kept at the target. */
  readonly retention: Retention;
  /** How hard links, owners and modes fare: `lost` where the medium or the options drop them. */
  readonly metadata: "kept" | "lost";
  /** True where nothing that the source's host holds can delete it: a snapshot that only the NAS's own root removes. */
  readonly outOfHostsReach: boolean;
  /** Whether the copy is verified before an earlier one may go. */
  readonly verified: boolean;
  /** Bytes of one generation, where somebody has seen that it is smaller than its source: a dump that is compressed. */
  readonly generationBytes?: number;
  /** Where it copies what somebody noted: what nobody was told of is copied within that time more, in ms. */
  readonly unheardWithinMs?: number;
  /** It counts as a copy only that long after it was made, in ms: once each byte of it was compared by content. At once unless given. */
  readonly countsAfterMs?: number;
  /** Secrets without which this copy can't be opened or reached. */
  readonly secrets: readonly string[];
  /** How one dataset comes back. */
  readonly wayBack: WayBack;
  /** Where the job's part says the two ends, below where it stands; absent where they follow from something else. */
  readonly said?: { readonly source: Path; readonly target: Path };
}

/** A tree from which a job deletes, and the entries in it that belong to others. */
export interface Deletion {
  readonly location: Location;
  readonly keeps: readonly string[];
  /** Whether the estate can name more of them: in "keep" of the job's part. */
  readonly keepsMore?: true;
  /** Deletes whatever the source lacks (a mirror), or only its own old generations. */
  readonly scope: "whole-tree" | "own-generations";
}

/** A job's part in the change journal, by which an off-site run learns what it has to send. */
export type JournalRole =
  /** Notes what anybody changes in some folders of its host, each in a journal of its own, a folder below one that all share. */
  | {
      readonly kind: "watches";
      readonly below: string;
      readonly folders: readonly { readonly path: string; readonly journal: string }[];
      /** All of them is handed over so often, whatever was noted, in ms. */
      readonly reconcileMs: number;
    }
  /**
   * Notes what it writes to the targets of its flows itself, each by its path below a folder. `reads` is a folder of its host that it
   * copies by what is noted there.
   */
  | { readonly kind: "writes"; readonly below: string; readonly reads?: string }
  /** Sends what is noted. */
  | { readonly kind: "reads" };

/** What a job restores for proof, and takes down again. */
export interface Drills {
  /** Kinds of copies: each with the job of the same host that makes them, and a folder below which they lie. */
  readonly tiers: readonly {
    readonly tier: string;
    readonly job: string;
    readonly below: string;
    /** What was sent from the host: it is called as the copy is that was sent, and a tree that was sent itself by its path. */
    readonly isSent?: boolean;
    /** What a destination has of it is drilled as well, by its name behind these letters. */
    readonly sentAs?: string;
    /** What all of it is called, where it comes back as one. */
    readonly called?: string;
  }[];
  /** Files with the records of all drills, each of one text: of a host, on its own disk and on the one that is drilled. */
  readonly records: readonly string[];
  /** File that has the number of the last record. */
  readonly state: string;
  /** Host that has these files, where the job runs elsewhere: the account that writes there owns all below a folder of root's. */
  readonly kept?: { readonly host: string; readonly below: string; readonly uid: number };
  /** Metric of the job that says, by its labels tier and service, how many seconds all of a copy would take at the rate of its drill; absent where none does. */
  readonly wholeSeconds?: string;
}

export interface Trigger {
  /** The calendar as the estate has it; a view prints this, never a re-rendered one. */
  readonly calendar: string;
  readonly schedule: Schedule;
  /** IANA zone in which `calendar` is read. */
  readonly zone: string;
  /** Jobs that a start waits for while they run. */
  readonly after: readonly string[];
  /** A missed run is made up once the host is back (systemd's Persistent=). */
  readonly catchUp: boolean;
  readonly randomizedDelayMs: number;
  readonly accuracyMs: number;
}

/** How a run is judged; every threshold in an alert comes from here. */
export interface Judgement {
  /** Largest loss that is promised while all is well and after one missed run is noticed, in ms. */
  readonly rpoMs: number;
  /** Age of the last success at which the alert's condition becomes true, in ms. */
  readonly staleAfterMs: number;
  /** True when the plan derived `staleAfterMs` and nobody typed it. */
  readonly staleDerived: boolean;
  /** What the names of its alerts begin with, where its part says it. */
  readonly alertsCalled?: string | undefined;
  /** What they began with before; people who search for that find the alert of today by it. */
  readonly alertsFormerly?: string | undefined;
  /** How long a condition holds before the alert fires (`for:`), in ms. */
  readonly forMs: number;
  readonly severity: "warning" | "critical";
  readonly receiver: string;
  /** From the end of a run until a rule sees its metric: push, scrape and evaluation, in ms. */
  readonly visibleAfterMs: number;
}

/** An alert on one of a job's metrics, beside those that every job has. It goes where the job's others go. */
export interface JobAlert {
  /** CamelCase; an alert of the estate with the same name takes its place. */
  readonly name: string;
  /** Name of the metric. */
  readonly metric: string;
  /** What is wrong with a series: an instant that is too long ago or comes too soon, a value that is too low or too high, or what is free and goes to none soon. */
  readonly fires:
    | { readonly kind: "older"; readonly thanMs: number }
    | { readonly kind: "ends"; readonly withinMs: number }
    | { readonly kind: "below" | "above"; readonly than: number }
    | { readonly kind: "full-soon" };
  /** What is wrong, in words; `{{ $labels.NAME }}` and `{{ $value }}` are the series' own. */
  readonly summary: string;
}

/** A secret that lands on a host as a file for one job alone. */
export interface Credential {
  /** File name; the runner asks for it by this name. */
  readonly name: string;
  readonly from:
    | { readonly kind: "secret"; readonly secret: string }
    /** Access to a cluster's API with the least rights that the job needs. */
    | { readonly kind: "cluster-access"; readonly cluster: string; readonly rights: ClusterRights };
  /** Only the job's command reads it, for an operator at the host: its unit neither loads nor sees it. */
  readonly byHand?: true;
}

/** For how long a NAS keeps each of its snapshots of a share, as a deployment sets it there. */
export interface NasRetention {
  readonly destination: string;
  /** Its name, without a slash. */
  readonly share: string;
  readonly keepDays: number;
  /** Account that may set it, with the names of the secrets that it logs in with and that its sudo asks for: both lie on no host. */
  readonly user: string;
  readonly key: string;
  readonly password: string;
}

/** Holdfast's own programs on a host: entries in host-scripts, without their ending. */
export type RunnerName =
  | "lvm-pvc-snapshot"
  | "nfs-mirror"
  | "daily-backup"
  | "pfsense-backup"
  | "backup-scrub"
  | "vm-images"
  | "nfs-change-tracker"
  | "offsite-sync"
  | "nas-snapshots"
  | "restore-drill"
  | "effective-state"
  | "dead-man";

/** Holdfast's own programs in a cluster's pods: entries in cluster-scripts, without their ending. */
export type PodRunnerName = "cluster-dump" | "sqlite-integrity" | "dump-drill";

export type Deployment =
  /** A timer of its host starts a runner; or it is a service that runs all the time, and proves again and again that it works. */
  | {
      readonly kind: "timer" | "service";
      readonly runner: RunnerName;
      /** Files of the host release, in the order in which a reader wants them. The bundle is added by whoever deploys. */
      readonly files: readonly { readonly name: string; readonly text: string }[];
      /** What its host has once it is deployed, and by whom that is read back. */
      readonly inForce: readonly InForce[];
    }
  /** A CronJob of its cluster starts a runner beside a database's own client. */
  | { readonly kind: "cronjob"; readonly runner: PodRunnerName; readonly pod: DumpPod }
  /** This version installs nothing for it. */
  | { readonly kind: "planned" };

/** What runs, and all that the other views need to know of it. Times in ms, sizes in bytes. */
export interface Job {
  readonly name: string;
  /** What people are told that it is: its name, and where two machines of the estate have one of that name "NAME@HOST". */
  readonly called: string;
  /** The layer that it is of: what its part of the estate is called. */
  readonly layer: string;
  /** Where the estate has its part: ["layers", LAYER, 0], and what follows below it. */
  readonly said: Path;
  /** Machine that runs it; `host` is its name, the `instance` of its metrics. */
  readonly runsOn: Machine;
  readonly host: string;
  readonly trigger: Trigger;
  readonly usualRunMs: number;
  /** The job stops itself then and reports a failure. */
  readonly budgetMs: number;
  /** The unit's or pod's own time-out: later than the budget, so the job can still report. */
  readonly timeoutMs: number;
  readonly flows: readonly Flow[];
  /** What it is told to copy and a service has to call its own, as its flows are of that alone. */
  readonly owned?: readonly { readonly kind: "configuration" | "device"; readonly of: string }[];
  /** Namespace of the cluster in which it runs, which its part says as "namespace". */
  readonly namespace?: string;
  /** Its rarer, full runs beside its usual ones: they compare all that those leave out. */
  readonly fullRun?: Pick<Trigger, "calendar" | "schedule" | "zone">;
  /** What a run reads beside the sources of its flows; nothing unless given. */
  readonly reads?: readonly Location[];
  /** It reads all of `reads` once in that time, a part each run, in ms. */
  readonly readsWithinMs?: number;
  readonly deletes: readonly Deletion[];
  /** Stores of the plan in which its copies go before their time, and from which share of the store on. */
  readonly removesEarly?: readonly {
    readonly store: string;
    readonly fromPercent: number;
    readonly setting: string;
  }[];
  readonly journal?: JournalRole;
  /** How fast it may send by the hours of the day; as fast as its links are where it is absent. */
  readonly pace?: Pace;
  /** What it proves by restoring it; absent where it makes copies, or looks at them alone. */
  readonly drills?: Drills;
  /** What would prove a restore of its copies, where no drill does. */
  readonly provedBy?: string;
  /** Its part takes a "drill": a job that does so with its dumps. */
  readonly takesDrill?: true;
  /** Name of the job of its cluster whose dumps it restores for proof into an empty server. */
  readonly provesDumpsOf?: string;
  /** Name of the job of its cluster that dumps the data which it looks at, and copies nothing of. */
  readonly looksBeside?: string;
  /** Its runs leave what they found to be otherwise than declared in their state folder, a line each (`differencesName`). */
  readonly tellsDifferences?: true;
  /** A store that nobody else can ask, and the names of the metrics in which its runs say how full that is. */
  readonly tellsStore?: {
    readonly on: string;
    readonly store: string;
    readonly metrics: Readonly<Record<"sizeBytes" | "freeBytes" | "daysToFull", string>>;
  };
  /** Pushgateway job label of its metrics. */
  readonly metricsJob: string;
  readonly metrics: readonly Metric[];
  readonly judged: Judgement;
  readonly alerts: readonly JobAlert[];
  /** What the dashboard of its layer shows of its metrics, beside when it ended and how. */
  readonly panels: readonly JobPanel[];
  /** Secrets that it needs. */
  readonly credentials: readonly Credential[];
  /** What a deployment sets on the NAS that keeps its copies; nothing where somebody else does. */
  readonly nasRetention?: NasRetention;
  /** How it comes to run. Only whoever installs it looks here. */
  readonly deployment: Deployment;
}

/** A job as its layer makes it; which layer that is and which others there are, whoever asks the layer knows. */
export type LayerJob = Omit<Job, "layer" | "said" | "called">;

/** A job that this version installs on a host. */
export type HostedJob = Job & { readonly deployment: Extract<Deployment, { kind: "timer" | "service" }> };

export function isHosted(job: Job): job is HostedJob {
  return job.deployment.kind === "timer" || job.deployment.kind === "service";
}

/** Whether this version installs it nowhere. Each kind has its place here, so that a new one doesn't compile until it has. */
export function isOnlyPlanned({ deployment }: Job): boolean {
  switch (deployment.kind) {
    case "planned":
      return true;
    case "timer":
    case "service":
    case "cronjob":
      return false;
  }
}

/** A job that this version installs in a cluster. */
export type ClusterJob = Job & { readonly deployment: Extract<Deployment, { kind: "cronjob" }> };

export function isInCluster(job: Job): job is ClusterJob {
  return job.deployment.kind === "cronjob";
}

/** The metric with a given meaning. @throws {Error} when the job emits none: a layer's fault, not an operator's */
export function metricOf(job: Job, meaning: Metric["meaning"]): Metric {
  const metric = job.metrics.find(candidate => candidate.meaning === meaning);
  if (!metric) throw new Error(`job ${job.name} emits no metric that means "${meaning}"`);
  return metric;
}
