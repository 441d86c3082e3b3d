import type { Plan } from "../plan";
import type { ExampleEstate } from "../plan/estate/example";
import type { Estate, EstateInput } from "../plan/estate/schema";

/** What a check says of a plan. */
export interface Finding {
  /** Slug that is also the check's file and page, e.g. `schedule/stale-above-promise`. */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** Name of the job, host or service that it is about. */
  readonly subject: string;
  /** The fact, with its numbers and units. */
  readonly message: string;
  /** One change that mends it. */
  readonly fix: string;
  /** The numbers behind the message (ms, bytes, counts) and a counterexample (instants in ISO 8601, paths). */
  readonly evidence: Readonly<Record<string, number | string | readonly string[]>>;
  /** "CODE SUBJECT" of the finding that it is a consequence of: it is gone when that one is mended. */
  readonly follows?: string;
}

/** An estate for a check's page and tests: what it shows, and the estate. */
export interface Example {
  readonly name: string;
  readonly estate: EstateInput;
}

/** What the printed fix of a finding tells to do, as an edit that a program can make. */
export interface Mend {
  /** Words of the fix that say so. */
  readonly says: string;
  /** Makes the edit in the estate that the finding is of; nothing is left to find then. */
  edit(estate: ExampleEstate): void;
}

/** An estate with one mistake in it, and each way out of it that the fix names. */
export interface BadExample extends Example {
  readonly mends: readonly Mend[];
}

export interface Check {
  readonly code: string;
  readonly severity: Finding["severity"];
  readonly title: string;
  /** The incident or rule behind it. */
  readonly why: string;
  /**
   * Reports all that it finds; never throws.
   * @param asOfMs the instant of the check, as epoch ms: waivers expire, disks fill
   */
  run(plan: Plan, asOfMs: number): Finding[];
  /** What it says is no fault by itself: it is told where an error follows from it. */
  readonly suspicion?: true;
  /**
   * Estates without what a finding says, one for each way to mend it, by which is seen what follows from it. They are planned and never
   * shown.
   */
  without?(plan: Plan, finding: Finding): readonly Estate[];
  /** Whether another finding may follow from one of this check: an estate without it may lack more by chance. All unless given. */
  explains?(cause: Finding, other: Finding): boolean;
  /** Whether another finding says of one thing what one of this check says of all of them: it is told beneath it. */
  gathers?(cause: Finding, other: Finding): boolean;
  readonly examples: { readonly bad: readonly BadExample[]; readonly good: readonly Example[] };
}

/** A finding before its check gives it code and severity; one with a severity of its own keeps it. */
export type Found = Omit<Finding, "code" | "severity"> & Partial<Pick<Finding, "severity">>;

/** A check whose findings carry its own code and severity. */
export function defineCheck(check: Omit<Check, "run"> & { run(plan: Plan, asOfMs: number): Found[] }): Check {
  return {
    ...check,
    run: (plan, asOfMs) =>
      check.run(plan, asOfMs).map(found => ({ code: check.code, severity: check.severity, ...found })),
  };
}
