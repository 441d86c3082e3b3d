import { z } from "zod";
import { layers } from "../layers";
import { line, name, timeZone } from "./fields";
import { monitoring } from "./monitoring";
import { receiver } from "./receivers";
import { cluster, destination, firewall, host, link } from "./places";
import { breakGlass, secret, service, waiver } from "./services";
import { statement } from "./statements";

type Lists<L extends Readonly<Record<string, { readonly spec: z.ZodType; readonly summary: string }>>> = {
  [N in keyof L]: z.ZodDefault<z.ZodArray<L[N]["spec"]>>;
};

/** A list of parts for each layer, empty where nothing is said. */
function listsOf<L extends Readonly<Record<string, { readonly spec: z.ZodType; readonly summary: string }>>>(
  all: L,
): Lists<L> {
  const lists = Object.entries(all).map(([name, { spec, summary }]) => [
    name,
    z.array(spec).default([]).describe(summary),
  ]);
  return Object.fromEntries(lists) as Lists<L>;
}

const mostYears = 10;

/** The version of this schema. An estate that an older one was enough for is read as well. */
export const schemaVersion = 1;

/**
 * Everything that an operator owns and promises, written once. Durations and sizes carry their units in the text;
 * clock times are in `zone` unless a schedule names its own.
 */
export const estateSchema = z.strictObject({
  $schema: line
    .optional()
    .describe("Where an editor finds this schema, for an estate in YAML or JSON: a path, or a URL"),
  version: z
    .literal(schemaVersion)
    .optional()
    .describe("The version of the schema that this estate is written in; left out, the first one"),
  name: name.describe(
    "What this estate is called: it stands in the names of its alerts' groups and in reports",
  ),
  zone: timeZone.describe('IANA time zone of all schedules that name none of their own, e.g. "Europe/Sofia"'),
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
  hosts: z.record(name, host).describe("Proxmox VE hosts by name"),
  clusters: z.record(name, cluster).default({}).describe("Kubernetes clusters by name"),
  destinations: z
    .record(name, destination)
    .default({})
    .describe("Machines that keep copies beside the hosts, by name"),
  firewalls: z
    .record(name, firewall)
    .default({})
    .describe("Firewalls whose configuration is backed up, by name"),
  links: z
    .array(link)
    .default([])
    .describe(
      "How fast bytes go from one machine to another; of a way that isn't named the time of a restore is unknown",
    ),
  secrets: z
    .record(name, secret)
    .default({})
    .describe("What opens a copy, by name: where it is kept, never its value"),
  breakGlass: breakGlass
    .optional()
    .describe("The set that has what is kept in `break-glass`: left out, nobody has proven that it opens"),
  services: z
    .record(name, service)
    .default({})
    .describe("What people use, by name: its data, and what they are owed"),
  monitoring: monitoring.describe(
    "Where metrics go, and which rules and alerts there are beside those of the jobs",
  ),
  receivers: z.record(name, receiver).describe("Who hears of alerts, by name"),
  layers: z.strictObject(listsOf(layers)).describe("The jobs that make copies, by kind"),
  waivers: z.array(waiver).default([]).describe("Findings that are accepted for a while"),
  statements: z.array(statement).default([]).describe("What documents say, checked against the plan"),
});

/** An estate as an operator writes it. */
export type EstateInput = z.input<typeof estateSchema>;
/** An estate with its defaults filled in; durations and sizes are still text. */
export type Estate = z.output<typeof estateSchema>;
