import type { EffectiveStateConfig } from "../../plan/contracts/effective-state";
import type { InForceKind } from "../../plan/contracts/in-force";
import type { JobRun } from "../runtime/job-run";

/** Something that isn't as it is declared. */
export interface Difference {
  readonly kind: InForceKind;
  /** What it is called: a job, a unit, a mount point, or a folder. */
  readonly subject: string;
  /** What is declared, and who says what else. */
  readonly text: string;
  /** What shows more of it, or puts it right. */
  readonly next: string;
  /** It is what another deployment than this look's has of a job, and so nothing that somebody did while one is under way. */
  readonly isOther?: true;
}

/** One run, filled by its phase. */
export interface EffectiveState extends JobRun<EffectiveStateConfig> {
  differences?: readonly Difference[];
}

/** A difference, in a line. */
export function lineOf({ subject, text, next }: Difference): string {
  return `${subject}: ${text}. Next: ${next}`;
}

/** By which a difference is the same as one of another look, or of another asker. */
export function keyOf({ kind, subject }: Pick<Difference, "kind" | "subject">): string {
  return `${kind} ${subject}`;
}
