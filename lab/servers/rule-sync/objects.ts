import { z } from "zod";

// The fields that the CRDs have, as far as the stand-in translates them. Strict: what it doesn't know, it refuses by name.

const metadata = z.object({ name: z.string(), namespace: z.string(), uid: z.string() });

const matcher = z.strictObject({
  name: z.string(),
  value: z.string().optional(),
  matchType: z.enum(["=", "!=", "=~", "!~"]).optional(),
  regex: z.boolean().optional(),
});
export type Matcher = z.infer<typeof matcher>;

const route = z.strictObject({
  receiver: z.string().optional(),
  groupBy: z.array(z.string()).optional(),
  groupWait: z.string().optional(),
  groupInterval: z.string().optional(),
  repeatInterval: z.string().optional(),
  continue: z.boolean().optional(),
  matchers: z.array(matcher).optional(),
  muteTimeIntervals: z.array(z.string()).optional(),
  activeTimeIntervals: z.array(z.string()).optional(),
  get routes(): z.ZodOptional<z.ZodArray<typeof route>> {
    return z.array(route).optional();
  },
});
export type Route = z.infer<typeof route>;

const inhibitRule = z.strictObject({
  sourceMatch: z.array(matcher).default([]),
  targetMatch: z.array(matcher).default([]),
  equal: z.array(z.string()).default([]),
});
export type InhibitRule = z.infer<typeof inhibitRule>;

const timeInterval = z.strictObject({
  times: z.array(z.strictObject({ startTime: z.string(), endTime: z.string() })).optional(),
  weekdays: z.array(z.string()).optional(),
  daysOfMonth: z.array(z.strictObject({ start: z.int(), end: z.int().optional() })).optional(),
  months: z.array(z.string()).optional(),
  years: z.array(z.string()).optional(),
});
export type TimeInterval = z.infer<typeof timeInterval>;

const receiver = z.looseObject({ name: z.string() });
export type Receiver = z.infer<typeof receiver>;

/** monitoring.coreos.com/v1alpha1 AlertmanagerConfig. */
export const alertmanagerConfigObject = z.object({
  metadata,
  spec: z.strictObject({
    route: route.optional(),
    receivers: z.array(receiver).default([]),
    inhibitRules: z.array(inhibitRule).default([]),
    muteTimeIntervals: z
      .array(z.strictObject({ name: z.string(), timeIntervals: z.array(timeInterval).default([]) }))
      .default([]),
  }),
});
export type AlertmanagerConfig = z.infer<typeof alertmanagerConfigObject>;

const rule = z.strictObject({
  alert: z.string().optional(),
  record: z.string().optional(),
  expr: z.union([z.string(), z.number()]),
  for: z.string().optional(),
  keep_firing_for: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const group = z.strictObject({
  name: z.string(),
  interval: z.string().optional(),
  limit: z.int().optional(),
  query_offset: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  partial_response_strategy: z.string().optional(),
  rules: z.array(rule).default([]),
});

/** monitoring.coreos.com/v1 PrometheusRule. */
export const prometheusRuleObject = z.object({
  metadata,
  spec: z.strictObject({ groups: z.array(group).default([]) }),
});
export type PrometheusRule = z.infer<typeof prometheusRuleObject>;

/** A list of objects as the API gives it: each is read on its own, so that one bad object harms no other. */
export const objectList = z.object({ items: z.array(z.looseObject({ metadata })) });
