import { z } from "zod";
import { directly } from "../directly";
import { jsonOf } from "../json";
import type { Answered } from "../answered";

/** A value as Prometheus writes it: NaN and infinities are texts of it. */
const value = z.string().transform(text => Number(text.replace(/^([+-]?)Inf$/, "$1Infinity")));
const point = z.tuple([z.number(), value]);
const labels = z.record(z.string(), z.string());
const vector = z.object({
  data: z.object({
    resultType: z.literal("vector"),
    result: z.array(z.object({ metric: labels, value: point })),
  }),
});
const matrix = z.object({
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(z.object({ metric: labels, values: z.array(point) })),
  }),
});

export type Labels = z.output<typeof labels>;

/** Points as epoch seconds and values, by the labels of their series. */
export interface Line {
  readonly labels: Labels;
  readonly points: readonly (readonly [atS: number, value: number])[];
}

/** A span of time, and how far apart its points are, in seconds. */
export interface Span {
  readonly fromS: number;
  readonly toS: number;
  readonly stepS: number;
}

/** Asks a Prometheus for what an expression gives: at an instant, or over a span. */
export async function linesOf(
  url: string,
  expr: string,
  at: number | Span,
): Promise<Answered<{ lines: Line[] }>> {
  const query = new URLSearchParams({
    query: expr,
    ...(typeof at === "number"
      ? { time: String(at) }
      : { start: String(at.fromS), end: String(at.toS), step: String(at.stepS) }),
  });
  const path = `${typeof at === "number" ? "query" : "query_range"}?${query}`;
  const got = await directly(`${url.replace(/\/$/, "")}/api/v1`, { method: "GET", path });
  if ("cause" in got) return got;
  const answer = jsonOf(got.text);
  const [now, course] = [vector.safeParse(answer), matrix.safeParse(answer)];
  if (now.success)
    return { lines: now.data.data.result.map(({ metric, value }) => ({ labels: metric, points: [value] })) };
  if (course.success)
    return {
      lines: course.data.data.result.map(({ metric, values }) => ({ labels: metric, points: values })),
    };
  return { cause: `${url}: its answer is no result of a query` };
}
