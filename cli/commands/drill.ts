import { z } from "zod";
import { planOf } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import { BadInput } from "../bad-input";
import { type CommandSpec, type Context, estateFlags, estateOptions, type Outcome } from "../command";
import { drillOn, type Ended, exitCodeOf, missingFrom, stateOf } from "../drill/go";
import { ageOf, endText } from "../drill/print";
import { reportOn } from "../drill/report";
import { drillersThere, inClusterOf, meantBy, tasksOf } from "../drill/tasks";
import { untriedOf } from "../drill/untried";
import { undrilledOf } from "../../checks/undrilled";
import { namedBy, readEstate } from "../estate-source";
import { keyFlag } from "../host-shell";
import { signalled } from "../restore/go";

const options = z.object({
  ...estateOptions,
  what: z.string().min(1, "expected a service").optional(),
  all: z.boolean().default(false),
  report: z.boolean().default(false),
  tier: z.string().optional(),
  host: z.string().optional(),
  dryRun: z.boolean().default(false),
  key: z.string().optional(),
});
type Options = z.output<typeof options>;

/** `holdfast drill`: has copies restored for real beside the data, compared and taken down again, now and not in their turn. */
export const drill: CommandSpec<Options> = {
  name: "drill",
  summary: "Restore copies for proof: into a scratch folder of their host, compared, timed, taken down again",
  argument: ["[what]", "SERVICE, SERVICE/DATASET, NAMESPACE/CLAIM or a tree's path"],
  flags: [
    ...estateFlags,
    ["--all", "each copy that can be drilled"],
    [
      "--report",
      "drill nothing: how long restores take by what drills have measured, against what is promised",
    ],
    ["--tier <tier>", "copies of one kind alone, e.g. generations or mirror"],
    ["--host <name>", "copies on this host alone"],
    ["--dry-run", "say what would be drilled; restore nothing"],
    keyFlag,
  ],
  options,
  async run(typed, caller) {
    const { stack, estate: file, json, what, all, report, tier, host, dryRun, key } = typed;
    if (report && (what ?? tier ?? host) === undefined && !all && !dryRun) return told(typed, caller);
    if (report)
      throw new BadInput(
        "--report is of all that was drilled, and drills nothing: leave out the other words.",
      );
    if ((what === undefined) !== all)
      throw new BadInput(
        what === undefined
          ? "What is to be drilled? Next: holdfast drill SERVICE, or holdfast drill --all; --report tells what drills have measured"
          : `"${what}" and --all exclude one another. Leave one out.`,
      );
    const plan = planOf(await readEstate({ stack, estate: file }, caller));
    const named = namedBy({ stack, estate: file }, caller);
    const tasks = tasksOf(plan, { what, tier, host });
    const say = (line: string): void => caller.say(line, json);
    const { signal: stop, unlisten } = signalled({ say });
    const ended: Ended[] = [];
    try {
      for (const task of tasks) {
        if (stop.aborted) {
          ended.push({ task, answer: undefined, began: false, exitCode: 130 });
          continue;
        }
        say(`${dryRun ? "What would be drilled" : "Drills"} on ${task.host}:`);
        ended.push(await drillOn({ estate: plan.estate, named, key }, task, { dryRun, stop, say }));
      }
    } finally {
      unlisten();
    }
    const again = commandOf(typed, named);
    const undrilled = undrilledOf(plan, drillersThere(plan)).filter(
      ({ service, dataset }) => all || what === service || what === dataset,
    );
    const isOf = what === undefined ? undefined : meantBy(plan, what);
    const inCluster = inClusterOf(plan, isOf);
    // Who asks for one kind of copies doesn't ask for others.
    const untried = tier === undefined ? untriedOf(plan, drillersThere(plan), isOf) : [];
    return {
      text: json
        ? JSON.stringify(
            { drilled: !dryRun, hosts: ended.map(asJson), undrilled, untried, inCluster },
            undefined,
            2,
          )
        : endText(ended, { estate: plan.estate, dryRun, again, undrilled, untried, inCluster }),
      exitCode: exitCodeOf(ended),
    };
  },
};

/** What drills have measured, against what is promised. */
async function told({ stack, estate: file, json, key }: Options, caller: Context): Promise<Outcome> {
  const plan = planOf(await readEstate({ stack, estate: file }, caller));
  const asked = { estate: plan.estate, named: namedBy({ stack, estate: file }, caller), key };
  return reportOn(asked, plan, drillersThere(plan), { json, look: caller, nowMs: caller.nowMs });
}

/** Instants are ISO 8601 in UTC, times in seconds, sizes in bytes. */
function asJson(ended: Ended): object {
  const { task, answer, exitCode } = ended;
  const { drills = [], passedOver = [], would = [], failed, next } = answer ?? {};
  return {
    ...{ host: task.host, job: task.program, state: stateOf(ended), exitCode: exitCode ?? null },
    drills: drills.map(record => {
      const ageMs = ageOf(record);
      return { ...record, ageSeconds: ageMs === undefined ? null : Math.round(ageMs / 1000) };
    }),
    missing: missingFrom(ended).map(({ tier, name }) => ({ tier, of: name })),
    ...{ passedOver, would, failed: failed ?? null, next: next ?? null },
  };
}

function commandOf({ what, all, tier, host, key }: Options, named: readonly string[]): string {
  return [
    ...["holdfast", "drill", ...(what === undefined ? [] : [shellWord(what)]), ...(all ? ["--all"] : [])],
    ...Object.entries({ tier, host, key }).flatMap(([flag, value]) =>
      value === undefined ? [] : [`--${flag}`, shellWord(value)],
    ),
    ...named.map(shellWord),
  ].join(" ");
}
