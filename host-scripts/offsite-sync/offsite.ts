import { join } from "node:path";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import type { JobRun } from "../runtime/job-run";
import type { Debt } from "../runtime/journal-consumer";
import type { WatchedDebt } from "../runtime/journal-watched";
import type { SharedConnection } from "../runtime/shared-ssh";
import type { Memory } from "./memory";
import type { FarRecord } from "./reach";
import type { Reaching } from "./remote";

export type Leg = OffsiteSyncConfig["legs"][number];

/** One run, filled by its phases. */
export interface Offsite extends JobRun<OffsiteSyncConfig> {
  readonly startedAt: Date;
  /** What earlier runs left. */
  memory: Memory;
  /** Begun with the lock: while it is made, this host's own part is looked at. */
  reaching?: Reaching<FarRecord | undefined>;
  /** Set by the phase `reach`. */
  connection?: SharedConnection;
  /** Since it began to send: all goes over that connection, or not at all. */
  isBound: boolean;
  /** It has sent over more than one connection. */
  isSplit: boolean;
  /** By the name of a part: what it has, where this run compared and sent all of it. It is remembered once that is, or with what may be lost of it. */
  readonly wholeParts: Record<string, Memory["parts"][string]>;
  /** The destination has got something by this run. */
  isNews: boolean;
  /** What isn't sent, or isn't there as it was sent: the run ends as a failure that names it. */
  readonly held: Held[];
  /** Legs whose source is proven, with what is to be done of each. */
  legs: LegRun[];
  /** What each writer's journal says, by its folder. */
  readonly debts: Map<string, Debt | WatchedDebt>;
  readonly sent: Sent & { repaired: number; removed: number };
  /** What somebody says is meant to be gone: names as messages show them. */
  readonly accepted: ReadonlySet<string>;
  /** What found a folder in its place there, which may be accepted: names as messages show them. */
  readonly inTheWay: Set<string>;
}

/** What was sent of some files; `againBytes` of those that an earlier generation there should have given. */
export interface Sent {
  files: number;
  bytes: number;
  wireBytes: number;
  againBytes: number;
}

export const nothingSent: Readonly<Sent> = { files: 0, bytes: 0, wireBytes: 0, againBytes: 0 };

/** Counts what a leg has sent, for it and for all of them. */
export function countSent({ sent, legs }: Offsite, leg: Leg, what: Partial<Sent>): void {
  for (const into of [sent, legs.find(each => each.leg === leg)?.sent]) {
    if (!into) continue;
    into.files += what.files ?? 0;
    into.bytes += what.bytes ?? 0;
    into.wireBytes += what.wireBytes ?? 0;
    into.againBytes += what.againBytes ?? 0;
  }
}

export interface Held {
  /** The leg's source, or a part of it. */
  readonly what: string;
  readonly reason: string;
  readonly next: string;
}

export interface LegRun {
  readonly leg: Leg;
  readonly parts: readonly Part[];
  /** When the oldest of what is known to have changed was named, epoch ms. */
  readonly oldestMs: number | undefined;
  /** What it lacks goes there too. */
  readonly isFull: boolean;
  /** What changed after this instant may be missing, epoch ms. */
  readonly asOfMs: number;
  readonly sent: Sent;
  /** What this run sent, below the leg, where it may not be on the destination's disk yet. */
  readonly sentNames: Set<string>;
  /** There is such a thing, or a folder. */
  isUnsettled: boolean;
  /** All of its parts were sent and proven in this run. */
  isDone: boolean;
}

/** What is sent by itself: one folder of generations, or all of a leg that is none. */
export interface Part {
  readonly leg: Leg;
  /** Folder with generations below the leg; undefined for the rest of it. */
  readonly folder: string | undefined;
  readonly todo: Todo;
}

export type Todo =
  | { readonly kind: "nothing" }
  /** By name, byte by byte as latin1, below the part. */
  | { readonly kind: "list"; readonly paths: readonly string[]; readonly subtrees: readonly string[] }
  /** All of it is compared, by size and time. */
  | { readonly kind: "all"; readonly why: string };

/** As messages and records call a part: its path on this host. */
export function nameOfPart({ leg, folder }: Pick<Part, "leg" | "folder">): string {
  return folder === undefined ? leg.from : join(leg.from, folder);
}
