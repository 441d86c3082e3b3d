import type { z } from "zod";
import type { Lookup, Path } from "../estate/lookup";
import type { Estate } from "../estate/schema";
import type { LayerJob } from "../job";
import type { AlertPolicy, CronScheduleSpec, ScheduleSpec } from "./common";

/** What a run keeps on a backup disk, for whoever reads all of that: its own lock says when it writes there. */
export interface Kept {
  /** Mount point of the disk. */
  readonly target: string;
  /**
   * Folders of the disk with its generations, as FOLDER/PERIOD/NAME/…; `depth` is how many names below the period tell one
   * thing's generations from another's: 2 for NAMESPACE/CLAIM, 0 where there is one thing alone.
   */
  readonly generations: readonly { readonly folder: string; readonly depth: number }[];
  /** Tree whose entries it copies to the disk's root. */
  readonly mirrors?: string;
}

/** A run that a part of a layer plans, before it is worked out as a job. */
export interface PlannedRun {
  /** Name of its job. */
  readonly job: string;
  /** Where it stands in the part: none for the part itself, ["firewalls", 0] for one in it. */
  readonly at: Path;
  /** Host whose timer starts it; absent for what no host's timer can wait for. */
  readonly host?: string;
  /** Absent where it follows from another run's. */
  readonly schedule?: ScheduleSpec | CronScheduleSpec | undefined;
  readonly alert?: AlertPolicy | undefined;
  /** What it keeps on a backup disk of its host; absent for what writes to none. */
  readonly keeps?: Kept;
  /** What its job is called after; absent for a job of which a host has one. */
  readonly named?: { readonly at: Path; readonly value: string; readonly what: string };
}

/** What somebody has found on a host, before there is an estate of it. */
export interface There {
  readonly host: string;
  /** Mount point of its disk for backups. */
  readonly target: string;
  /** A thin pool of it. */
  readonly pool?: string;
  /** Mount point of a file system with people's folders. */
  readonly source?: string;
  /** A machine that keeps copies, and the folder there that is this host's. */
  readonly elsewhere?: { readonly destination: string; readonly folder: string };
  /** Kinds of what there is to copy; "sqlite" where volumes hold such files. */
  readonly kinds: ReadonlySet<string>;
  /** Who hears of it. */
  readonly receiver: string;
}

/** What an estate may lack, in words; whoever says that it does finds out here which layer would give it. */
export type Need =
  | "a copy off the site"
  | "a firewall's backup"
  | "a mirror of a folder"
  | "generations of volumes"
  | "notes of what changes"
  | "dumps of databases"
  | "proof that copies come back"
  | "snapshots that no host removes";

/**
 * A layer of the backup system: all that the rest of the plan asks it. An estate has a list of its parts, such as one for
 * each host. `layers` in index.ts lists them, and nothing else knows one by its name.
 */
export interface Layer<Name extends string = string, Spec extends z.ZodType = z.ZodType> {
  /** What an estate's list of its parts is called, and its folder here. */
  readonly name: Name;
  /** What its parts are, in a line for whoever writes an estate. */
  readonly summary: string;
  /** A part, as an operator writes it. */
  readonly spec: Spec;
  /** What an estate without a part of it may lack. */
  readonly gives: readonly Need[];
  /** A part to begin with for what is there, with times and budgets to be edited; undefined where it has nothing to do. Left out, there is none. */
  begins?(there: There): z.input<Spec> | undefined;
  /** The runs of a part; each is one of its jobs, in the same order. */
  runs(part: z.output<Spec>): readonly PlannedRun[];
  /** Looks up the names that a part says, beside those of its runs. */
  references(part: z.output<Spec>, at: Path, look: Lookup, estate: Estate): void;
  /**
   * What runs for a part whose names are all known.
   * @param before jobs of the layers listed before, for one that carries on what they make
   * @param hostRuns what the timers of a host start, of whichever layer
   */
  jobs(
    part: z.output<Spec>,
    estate: Estate,
    before: readonly LayerJob[],
    hostRuns: (host: string) => readonly PlannedRun[],
  ): readonly LayerJob[];
}
