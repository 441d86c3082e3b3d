import { hostname, userInfo } from "node:os";
import { z } from "zod";
import { type Plan, planOf } from "../../plan";
import { nearest } from "../../plan/contracts/near";
import { shellWord } from "../../plan/contracts/shell-word";
import { errorText } from "../../plan/estate/plain";
import type { Job } from "../../plan/job";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { BadInput } from "../bad-input";
import { type CommandSpec, type Context, estateFlags, estateOptions, type Outcome } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { jsonOf } from "../json";
import { type ClusterChoice, clusterFlags, clusterOptions, whichOf } from "../kubectl";
import { alertmanagerOf, type AskAlertmanager } from "../silence/alertmanager";
import {
  isOf,
  matchersOf,
  mutedBy,
  type NewSilence,
  type Silence,
  silencedText,
  silencesOf,
  silenceText,
} from "../silence/silences";

const options = z.object({
  ...estateOptions,
  ...clusterOptions,
  job: z.string().optional(),
  for: z.string().optional(),
  why: z.string().optional(),
  end: z.boolean().default(false),
  dryRun: z.boolean().default(false),
});
type Options = z.output<typeof options>;

/** `holdfast silence`: nobody is told of a job's alerts for a while, which has an end and a reason. */
export const silence: CommandSpec<Options> = {
  name: "silence",
  summary:
    "Keep a job's alerts from everybody for a while, with a reason; without a job, list what is silenced",
  argument: ["[job]", "a job, as plan and status call it"],
  flags: [
    ...estateFlags,
    ["--for <duration>", 'how long, e.g. "2h"; at most monitoring.longestSilence'],
    ["--why <reason>", "what whoever looks at it later has to know"],
    ["--end", "end the job's silences that were made so"],
    ["--dry-run", "say what would be done, and change nothing"],
    ...clusterFlags,
  ],
  options,
  async run(asked, context) {
    const plan = planOf(await readEstate(asked, context));
    const job = asked.job === undefined ? undefined : jobCalled(asked.job, plan);
    // What is wrong with the words is told before anybody is asked.
    const wanted = job && !asked.end ? newSilence(job, asked, plan, context.nowMs) : undefined;
    if (!job) refuseWithoutJob(asked);
    if (asked.end && (asked.for !== undefined || asked.why !== undefined))
      throw new BadInput("--end: ends what is silenced now, and takes neither --for nor --why.");
    if (job && wanted && asked.dryRun) return dryRun(job, wanted, asked);
    const reached = await alertmanagerOf(plan.estate, clusterOf(asked));
    if ("cause" in reached) return unasked(asked, reached.cause);
    if (job && wanted) return silenced(job, wanted, reached.ask, asked, { plan, context });
    const found = await silencesOf(reached.ask);
    if ("cause" in found) return unasked(asked, found.cause);
    return job
      ? ended(job, found.silences, reached.ask, asked, { plan, context })
      : listed(found.silences, asked, plan);
  },
};

function unasked(asked: Options, cause: string): Outcome {
  return told(asked, "unchanged", [`Alertmanager wasn't asked, and nothing was changed: ${cause}.`]);
}

/** What didn't end well, or can't be known; a program gets the same lines. */
function told({ json }: Options, state: "unchanged" | "unknown", says: readonly string[]): Outcome {
  return { text: json ? JSON.stringify({ state, says }, undefined, 2) : says.join("\n"), exitCode: 3 };
}

function jobCalled(name: string, { jobs }: Plan): Job {
  const exact = jobs.filter(job => job.called === name);
  const found = exact.length > 0 ? exact : jobs.filter(job => job.name === name);
  const [job, another] = found;
  if (job && !another) return job;
  const names = jobs.map(({ called }) => called);
  if (another)
    throw new BadInput(
      `silence: "${name}" is a job of several machines, expected one of ${found.map(({ called }) => called).join(", ")}.`,
    );
  const near = nearest(name, names);
  throw new BadInput(
    `silence: "${name}" is no job of the estate.${near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : ` Expected one of ${names.join(", ")}.`}`,
  );
}

function refuseWithoutJob(asked: Options): void {
  for (const [flag, given] of [
    ["--for", asked.for !== undefined],
    ["--why", asked.why !== undefined],
    ["--end", asked.end],
    ["--dry-run", asked.dryRun],
  ] as const)
    if (given) throw new BadInput(`${flag}: of which job? Expected e.g. holdfast silence JOB ${flag} …`);
}

const leastMs = 60_000;

/** Alertmanager makes that its own now, where this machine's may be an hour away for it. */
const atOnce = new Date(0).toISOString();

function newSilence(job: Job, { for: span, why }: Options, plan: Plan, nowMs: number): NewSilence {
  if (span === undefined)
    throw new BadInput("--for: a silence has an end, expected how long, e.g. --for 2h.");
  if (why === undefined || why.trim() === "")
    throw new BadInput(
      '--why: whoever finds it silent has to know why, expected a reason, e.g. --why "its disk is exchanged".',
    );
  const spanMs = milliseconds(span);
  const { longestSilence } = plan.estate.monitoring;
  const mostMs = parseDuration(longestSilence);
  if (spanMs < leastMs || spanMs > mostMs)
    throw new BadInput(
      `--for: ${JSON.stringify(span)} can't be used, expected between 1 min and ${formatDuration(mostMs)} (monitoring.longestSilence of the estate): what lasts longer is an edit of the estate.`,
    );
  return {
    matchers: matchersOf(job, plan),
    startsAt: new Date(nowMs).toISOString(),
    endsAt: new Date(nowMs + spanMs).toISOString(),
    createdBy: `holdfast (${userName()} on ${hostname()})`,
    comment: why.trim(),
  };
}

/** A container's user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.()}`;
  }
}

function milliseconds(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new BadInput(`--for: ${JSON.stringify(text)} ${errorText(error)}`);
  }
}

function dryRun({ called }: Job, wanted: NewSilence, { json }: Options): Outcome {
  return {
    text: json
      ? JSON.stringify({ wouldSilence: wanted }, undefined, 2)
      : `${called} would be silenced until ${wanted.endsAt}: ${wanted.comment}\nNothing was changed. Alertmanager would get ${JSON.stringify(wanted.matchers)}`,
    exitCode: 0,
  };
}

const created = z.object({ silenceID: z.string() });

async function silenced(
  job: Job,
  wanted: NewSilence,
  ask: AskAlertmanager,
  asked: Options,
  { plan, context }: { readonly plan: Plan; readonly context: Context },
): Promise<Outcome> {
  const before = await silencesOf(ask);
  if ("cause" in before) return unasked(asked, before.cause);
  const { called } = job;
  const got = await ask({
    method: "POST",
    path: "silences",
    body: JSON.stringify({ ...wanted, startsAt: atOnce }),
  });
  const said = "cause" in got ? got : idOf(got.text);
  let id: string | undefined;
  if ("id" in said) ({ id } = said);
  else {
    // It may have been made though its answer was lost.
    const after = await silencesOf(ask);
    if ("cause" in after)
      return told(asked, "unknown", [
        `${called}: it isn't known whether it is silenced now: ${said.cause}.`,
        `Next: ${next([], asked, context)}`,
      ]);
    const known = new Set(before.silences.map(each => each.id));
    id = after.silences.find(
      each => !known.has(each.id) && each.createdBy === wanted.createdBy && isOf(each, job, plan),
    )?.id;
    if (id === undefined)
      return told(asked, "unchanged", [
        `${called} isn't silenced, and nothing was changed: ${said.cause}.`,
        ...(/end time/.test(said.cause)
          ? [`This machine's clock says ${new Date(context.nowMs).toISOString()}: is it behind? timedatectl`]
          : []),
      ]);
  }
  const sooner = `Sooner: ${next([called, "--end"], asked, context)}`;
  const held = await asLongAsAsked(id, wanted, ask, context.nowMs);
  if ("cause" in held)
    return told(asked, "unknown", [
      `${called} is silenced, and it isn't known for how long: ${held.cause}.`,
      sooner,
    ]);
  const { startsAt, endsAt } = held;
  if (asked.json)
    return {
      text: JSON.stringify({ silenced: { id, ...wanted, startsAt, endsAt } }, undefined, 2),
      exitCode: 0,
    };
  const apartMs = Date.parse(startsAt) - context.nowMs;
  const clocks =
    Math.abs(apartMs) < noticedMs
      ? ""
      : `, by Alertmanager's clock, which is ${formatDuration(Math.round(Math.abs(apartMs) / 1000) * 1000)} ${apartMs > 0 ? "ahead of" : "behind"} this machine's`;
  return {
    text: `${called} is silenced until ${endsAt}${clocks}: ${wanted.comment}\n${sooner}`,
    exitCode: 0,
  };
}

/** What a command and its answers may take is no wrong clock. */
const noticedMs = 60_000;

/**
 * Alertmanager begins a silence at once by its own clock, which another machine's may be ahead of or behind: what is too short or too
 * long by that is put right.
 * @returns from when until when it is
 */
async function asLongAsAsked(
  id: string,
  wanted: NewSilence,
  ask: AskAlertmanager,
  nowMs: number,
): Promise<{ readonly startsAt: string; readonly endsAt: string } | { readonly cause: string }> {
  const listed = await silencesOf(ask);
  if ("cause" in listed) return listed;
  const made = listed.silences.find(each => each.id === id);
  if (!made) return { cause: "Alertmanager has ended it since" };
  const spanMs = Date.parse(wanted.endsAt) - nowMs;
  const startMs = Date.parse(made.startsAt);
  if (Math.abs(startMs - nowMs) < noticedMs) return { startsAt: made.startsAt, endsAt: made.endsAt };
  const endsAt = new Date(startMs + spanMs).toISOString();
  const body = JSON.stringify({ ...wanted, id, startsAt: made.startsAt, endsAt });
  const got = await ask({ method: "POST", path: "silences", body });
  return "cause" in got ? got : { startsAt: made.startsAt, endsAt };
}

function idOf(answer: string): { readonly id: string } | { readonly cause: string } {
  const said = created.safeParse(jsonOf(answer));
  return said.success ? { id: said.data.silenceID } : { cause: "its answer names no silence" };
}

function clusterOf({ kubeconfig, context }: Options): ClusterChoice {
  return { kubeconfig, context };
}

/** The same command with other words, of the same estate and cluster. */
function next(words: readonly string[], asked: Options, context: Context): string {
  return ["holdfast", "silence", ...words, ...namedBy(asked, context), ...whichOf(clusterOf(asked))]
    .map(shellWord)
    .join(" ");
}

function listed(silences: readonly Silence[], { json }: Options, plan: Plan): Outcome {
  const muting = silences.filter(each => plan.jobs.some(job => mutedBy(each, job, plan).length > 0));
  if (json) return { text: JSON.stringify({ silences: muting }, undefined, 2), exitCode: 0 };
  const lines = plan.jobs.flatMap(job =>
    silencedText(silences, job, plan).map(text => `${job.called}: ${text}`),
  );
  return { text: lines.length === 0 ? "No job of the estate is silenced." : lines.join("\n"), exitCode: 0 };
}

/** Those that were made for this very job: of another one, such as somebody's own by hand, others may need the rest. */
async function ended(
  job: Job,
  silences: readonly Silence[],
  ask: AskAlertmanager,
  asked: Options,
  { plan, context }: { readonly plan: Plan; readonly context: Context },
): Promise<Outcome> {
  const { json, dryRun } = asked;
  const own = silences.filter(each => isOf(each, job, plan));
  const endedText = (each: Silence): string =>
    `${job.called}: ${dryRun ? "would be ended, silenced" : "ended, was silenced"} ${silenceText(each)}`;
  if (!dryRun)
    for (const [index, { id }] of own.entries()) {
      const got = await ask({ method: "DELETE", path: `silence/${encodeURIComponent(id)}` });
      if ("cause" in got)
        return told(asked, "unknown", [
          ...own.slice(0, index).map(endedText),
          `${job.called}: the silence ${id} may go on: ${got.cause}.`,
          `Next: ${next([], asked, context)}`,
        ]);
    }
  const others = silencedText(
    silences.filter(each => !own.includes(each)),
    job,
    plan,
  );
  if (json)
    return {
      text: JSON.stringify({ [dryRun ? "wouldEnd" : "ended"]: own, others }, undefined, 2),
      exitCode: 0,
    };
  return {
    text: [
      ...own.map(endedText),
      ...(own.length === 0 ? [`${job.called}: no silence was made for it.`] : []),
      ...others.map(text => `${job.called}: stays as it is, ${text}`),
    ].join("\n"),
    exitCode: 0,
  };
}
