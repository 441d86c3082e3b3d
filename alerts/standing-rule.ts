import type { AlertRule } from "./rules";

/** A rule about what the jobs stand on, and by what its test shows that it is quiet and that it fires. */
export interface StandingRule {
  readonly rule: AlertRule;
  readonly severity: "warning";
  readonly receiver: string;
  readonly proof: {
    /** One series, as promtool writes it, and its labels that an alert carries. */
    readonly series: string;
    readonly labels: Readonly<Record<string, string>>;
    /** Values of it a minute apart, as promtool writes them: while all is well, and when it isn't. */
    readonly well: string;
    readonly ill: string;
    /** Other series that it looks at, and their values in both cases. @default none */
    readonly beside?: readonly { readonly series: string; readonly values: string }[];
    /** Labels that the rule writes from the series, as they are then. @default none */
    readonly written?: Readonly<Record<string, string>>;
    /** How long it has to have been so before the rule counts it. @default 0 */
    readonly afterMs?: number;
  };
}

/** What makes one, before it is known who hears of it. */
export interface Made extends Pick<AlertRule, "alert" | "expr"> {
  /** What its alerts are of, by a template of their labels. @default the estate */
  readonly of?: string;
  readonly forMs: number;
  readonly summary: string;
  readonly look: string;
  readonly proof: StandingRule["proof"];
}

export function proofOf(
  metric: string,
  labels: Readonly<Record<string, string>>,
  well: string,
  ill: string,
): StandingRule["proof"] {
  return { series: `${metric}{${matchers(labels)}}`, labels, well, ill };
}

export function matchers(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(",");
}
