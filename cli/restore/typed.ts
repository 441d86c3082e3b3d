import { z } from "zod";
import { together } from "../../checks/taken-together";
import { BadInput } from "../bad-input";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { keyFlag } from "../host-shell";
import { clusterFlags, clusterOptions } from "../kubectl";

/** "books,photos" */
const names = z.string().transform(text => text.split(",").filter(name => name !== ""));

/** What may be typed behind `holdfast restore`. */
export const options = z.object({
  ...estateOptions,
  what: z.string().min(1, "expected a service or a path").optional(),
  all: z.boolean().default(false),
  domain: z.string().optional(),
  place: z.string().optional(),
  after: z.string().optional(),
  except: names.optional(),
  unconfirmed: names.optional(),
  missing: names.optional(),
  at: z.string().optional(),
  host: z.string().optional(),
  from: z.string().optional(),
  path: z.string().optional(),
  partial: z.boolean().default(false),
  whole: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  yes: z.boolean().default(false),
  key: z.string().optional(),
  ...clusterOptions,
});
export type Options = z.output<typeof options>;

export const argument: NonNullable<CommandSpec<Options>["argument"]> = [
  "[what]",
  "SERVICE, SERVICE/DATASET, NAMESPACE/CLAIM, a path of a host, or a path below one of them",
];

export const flags: CommandSpec<Options>["flags"] = [
  ...estateFlags,
  ["--all", "all that a disaster has taken, in the plan's order, side by side where links allow it"],
  ["--domain <domain>", `with --all, the disaster: ${together.join(", ")}`],
  ["--place <place>", "with --all, where it struck: a disk as HOST/DISK, a host, a cluster or a site"],
  ["--after <service>", "with --all, go on behind this one, as an earlier call has said"],
  ["--except <services>", 'with --all, without these: "books,photos"'],
  [
    "--unconfirmed <services>",
    "with --all, ask again for what was left to persons of these, as an earlier call has said",
  ],
  [
    "--missing <datasets>",
    "with --all, these too, of which there was no copy where all else of their service is back",
  ],
  [
    "--at <time>",
    'the newest at or before it: "Sun 05:59" (the last one), "2026-12-01 05:59" or ISO 8601 with Z',
  ],
  ["--host <name>", "data of this host alone"],
  ["--from <name>", "a copy of this job, or on this machine, as holdfast find shows them"],
  ["--path <path>", "a path in it alone"],
  ["--partial", "also a copy that is known to lack something"],
  ["--whole", "all of a volume for a path in it, where it comes back in no other way"],
  ["--dry-run", "say what would be done; change nothing"],
  ["--yes", "don't ask"],
  keyFlag,
  ...clusterFlags,
];

/** Words that say nothing, or that exclude one another. @throws {BadInput} */
export function refuseWords({
  what,
  all,
  domain,
  place,
  after,
  except,
  unconfirmed,
  missing,
  path,
}: Options): void {
  if (!all && what === undefined)
    throw new BadInput(
      "What is to come back? Next: holdfast restore SERVICE, or for all that a disaster has taken: holdfast restore --all --domain DISASTER",
    );
  const besides = [
    ...(all && what !== undefined ? [`"${what}"`] : []),
    ...(all && path !== undefined ? ["--path"] : []),
    ...(!all && domain !== undefined ? ["--domain"] : []),
    ...(!all && place !== undefined ? ["--place"] : []),
    ...(!all && after !== undefined ? ["--after"] : []),
    ...(!all && except !== undefined ? ["--except"] : []),
    ...(!all && unconfirmed !== undefined ? ["--unconfirmed"] : []),
    ...(!all && missing !== undefined ? ["--missing"] : []),
  ];
  if (besides.length > 0)
    throw new BadInput(
      `${besides.join(" and ")} ${all ? "can't be with --all" : "goes with --all alone"}. Leave one out.`,
    );
}
