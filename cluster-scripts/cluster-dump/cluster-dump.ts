import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import type { JobRun } from "../../host-scripts/runtime/job-run";
import { noted } from "../../host-scripts/runtime/quoted";
import type { ClientEnding } from "./exchange";
import type { Manifest } from "../../plan/contracts/dump-manifest";

/** A certificate in the client's secret. */
export interface Certificate {
  readonly subject: string;
  /** Epoch seconds. */
  readonly endsAt: number;
}

/** What became of a dump that the client offered. */
export type Outcome =
  | { readonly kind: "kept"; readonly manifest: Manifest }
  | { readonly kind: "failed"; readonly reason: string }
  /** The client says why there is none. */
  | { readonly kind: "left out"; readonly reason: string };

/** A run, and what its phases fill. */
export interface ClusterDump extends JobRun<ClusterDumpConfig> {
  readonly startedAt: Date;
  /** By the database's name as bytes, in latin1; empty for what the whole server has. */
  readonly outcomes: Map<string, Outcome>;
  /** How the client's own work ended; undefined when it was killed. */
  clientSaid?: ClientEnding | undefined;
  /** In its secret, once it has told of them. */
  certificates?: readonly Certificate[] | undefined;
  /** When the token in its secret ends, in epoch seconds, where it has an end that is known; undefined where nothing new is. */
  tokenEnd?: number | "unknown" | undefined;
  /** Dumps that the retention no longer kept. */
  readonly rotated: string[];
}

/** A database in a message. @param name its bytes, in latin1 */
export function called(name: string): string {
  return name === "" ? "the whole server" : `database "${noted(Buffer.from(name, "latin1"))}"`;
}
