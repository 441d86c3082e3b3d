import { z } from "zod";
import { matches } from "../../alerts/promql/select";
import { rulesOf } from "../../alerts/rules";
import type { Plan } from "../../plan";
import { anyValue } from "../../plan/contracts/metric";
import type { Job } from "../../plan/job";
import { jsonOf } from "../json";
import { inOneLine } from "../reply";
import type { Answered } from "../answered";
import type { AskAlertmanager } from "./alertmanager";

const silence = z.object({
  id: z.string(),
  matchers: z.array(
    z.object({
      name: z.string(),
      value: z.string(),
      isRegex: z.boolean(),
      isEqual: z.boolean().default(true),
    }),
  ),
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }),
  createdBy: z.string(),
  comment: z.string(),
  status: z.object({ state: z.enum(["active", "pending", "expired"]) }),
});

/** A silence as Alertmanager has it. */
export type Silence = z.output<typeof silence>;

/** Those that have not ended, the first to end first. */
export async function silencesOf(
  ask: AskAlertmanager,
): Promise<Answered<{ readonly silences: readonly Silence[] }>> {
  const got = await ask({ method: "GET", path: "silences" });
  if ("cause" in got) return got;
  const parsed = z.array(silence).safeParse(jsonOf(got.text));
  if (!parsed.success) return { cause: "its answer is no list of silences" };
  return {
    silences: parsed.data
      .filter(({ status }) => status.state !== "expired")
      .sort((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt) || (a.id < b.id ? -1 : 1)),
  };
}

/** A new silence, as the API takes it. */
export interface NewSilence {
  readonly matchers: Silence["matchers"];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** By what all of a job's alerts are known: where two machines have a job of one name, by the machine too. */
export function matchersOf({ name, called, host }: Job, { estate }: Plan): Silence["matchers"] {
  const equal = (label: string, value: string) => ({ name: label, value, isRegex: false, isEqual: true });
  return [
    equal("holdfast_job", name),
    equal("namespace", estate.monitoring.namespace),
    ...(called === name ? [] : [equal("instance", host)]),
  ];
}

/** Whether a silence is by the very labels of a job, as those that are made for it. */
export function isOf({ matchers }: Pick<Silence, "matchers">, job: Job, plan: Plan): boolean {
  const key = (of: Silence["matchers"]): string =>
    JSON.stringify(of.map(({ name, value, isRegex, isEqual }) => [name, value, isRegex, isEqual]).sort());
  return key(matchers) === key(matchersOf(job, plan));
}

/** Which of a job's alerts a silence keeps from everybody, whoever made it. */
export function mutedBy({ matchers }: Silence, job: Job, plan: Plan): string[] {
  const series = { job: job.metricsJob, instance: job.host };
  return rulesOf(job, plan)
    .rules.filter(rule => {
      const labels: Record<string, string> = { ...series, ...rule.labels, alertname: rule.alert };
      return matchers.every(({ name, value, isRegex, isEqual }) =>
        // What else an alert carries is its series', and may be anything.
        matches(
          { label: name, op: isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=", value },
          { [name]: anyValue, ...labels },
        ),
      );
    })
    .map(({ alert }) => alert);
}

/** Until when, by whom and why. */
export function silenceText({ status, startsAt, endsAt, createdBy, comment }: Silence): string {
  const from = status.state === "pending" ? `from ${startsAt} ` : "";
  return `${from}until ${endsAt}, by ${inOneLine(createdBy)}: ${inOneLine(comment)}`;
}

/** What is told of a job that is silenced, wholly or in part. */
export function silencedText(silences: readonly Silence[], job: Job, plan: Plan): string[] {
  const all = rulesOf(job, plan).rules.length;
  return silences.flatMap(each => {
    const muted = mutedBy(each, job, plan);
    if (muted.length === 0) return [];
    const what = muted.length === all ? "is silenced" : `is silenced in part (${muted.join(", ")})`;
    return [`${what} ${silenceText(each)}`];
  });
}
