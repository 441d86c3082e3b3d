import { z } from "zod";
import { exchange } from "./http";
import { urls } from "./places";

const alerts = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    startsAt: z.iso.datetime({ offset: true }),
    receivers: z.array(z.object({ name: z.string() })),
  }),
);

/** An alert that Alertmanager holds for firing. */
export type ActiveAlert = z.infer<typeof alerts>[number];

/** Alerts that fire now, by Alertmanager, neither silenced nor inhibited. */
export function activeAlerts(): Promise<ActiveAlert[]> {
  return alertsThat("active=true&silenced=false&inhibited=false");
}

/** Those that it doesn't send because of another one. */
export function inhibitedAlerts(): Promise<ActiveAlert[]> {
  return alertsThat("active=false&silenced=false&inhibited=true");
}

async function alertsThat(are: string): Promise<ActiveAlert[]> {
  return alerts.parse(JSON.parse(await bodyOf(`${urls.alertmanager}/api/v2/alerts?${are}`)));
}

const sample = z.tuple([z.number(), z.string()]);
const result = z.object({
  data: z.discriminatedUnion("resultType", [
    z.object({
      resultType: z.literal("vector"),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample })),
    }),
    z.object({ resultType: z.literal("scalar"), result: sample }),
  ]),
});

/** One series' value at the time of the query. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** "NaN", "+Inf" and "-Inf" of Prometheus are the numbers of that name. */
  readonly value: number;
}

/**
 * Evaluates a PromQL expression now. A scalar comes as one sample without labels.
 * @throws when Prometheus refuses the expression, or its value is neither vector nor scalar
 */
export async function queryPrometheus(expr: string): Promise<Sample[]> {
  const { data } = result.parse(
    JSON.parse(await bodyOf(`${urls.prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`)),
  );
  if (data.resultType === "scalar") return [{ labels: {}, value: numberOf(data.result[1]) }];
  return data.result.map(({ metric, value }) => ({ labels: metric, value: numberOf(value[1]) }));
}

function numberOf(text: string): number {
  return Number(text.replace(/Inf$/, "Infinity"));
}

async function bodyOf(url: string): Promise<string> {
  const { status, body } = await exchange(url);
  if (status !== 200) throw new Error(`GET ${url} answered ${status}: ${body.trim().slice(0, 300)}`);
  return body;
}
