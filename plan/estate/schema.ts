import { z } from "zod";
import { layers } from "../layers";
import { name, timeZone } from "./fields";
import { monitoring } from "./monitoring";
import { receiver } from "./receivers";
import { cluster, destination, firewall, host, link } from "./places";
import { secret, service, waiver } from "./services";
import { statement } from "./statements";

type Lists<L extends Readonly<Record<string, { readonly spec: z.ZodType }>>> = {
  [N in keyof L]: z.ZodDefault<z.ZodArray<L[N]["spec"]>>;
};

/** A list of parts for each layer, empty where nothing is said. */
function listsOf<L extends Readonly<Record<string, { readonly spec: z.ZodType }>>>(all: L): Lists<L> {
  const lists = Object.entries(all).map(([name, { spec }]) => [name, z.array(spec).default([])]);
  return Object.fromEntries(lists) as Lists<L>;
}

const mostYears = 10;

/**
 * Everything that an operator owns and promises, written once. Durations and sizes carry their units in the text;
 * clock times are in `zone` unless a schedule names its own.
 */
export const estateSchema = z.strictObject({
  name,
  zone: timeZone,
  years: z
    .array(z.int().min(2000).max(2100))
    .min(1)
    .refine(
      years => years.length <= mostYears && Math.max(...years) - Math.min(...years) < mostYears,
      `spans more than ${mostYears} years. Expected those that are near, as each run in them is followed, e.g. [2026, 2027]`,
    )
    .refine(
      years => new Set(years).size === years.length,
      "has a year twice. Expected each once, e.g. [2026, 2027]",
    )
    .describe("Calendar years over which gaps and losses are computed, e.g. [2026, 2027]"),
  sites: z
    .array(name)
    .min(1)
    .optional()
    .describe(
      'Every site there is, e.g. ["home", "parents"]: with it, a site with a slip in its name is refused. A site is what burns down together',
    ),
  hosts: z.record(name, host),
  clusters: z.record(name, cluster).default({}),
  destinations: z.record(name, destination).default({}),
  firewalls: z.record(name, firewall).default({}),
  links: z.array(link).default([]),
  secrets: z.record(name, secret).default({}),
  services: z.record(name, service).default({}),
  monitoring,
  receivers: z.record(name, receiver),
  layers: z.strictObject(listsOf(layers)),
  waivers: z.array(waiver).default([]).describe("Findings that are accepted for a while"),
  statements: z.array(statement).default([]).describe("What documents say, checked against the plan"),
});

/** An estate as an operator writes it. */
export type EstateInput = z.input<typeof estateSchema>;
/** An estate with its defaults filled in; durations and sizes are still text. */
export type Estate = z.output<typeof estateSchema>;
