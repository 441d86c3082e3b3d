import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { planOf } from "../../plan";
import { awaitedCalls, type AwaitedCall } from "../../plan/awaited-calls";
import { shellWord } from "../../plan/contracts/shell-word";
import { errorText } from "../../plan/estate/plain";
import { formatDuration } from "../../plan/units/duration";
import { BadInput } from "../bad-input";
import { type CommandSpec, type Context, estateFlags, estateOptions, type Outcome } from "../command";
import { checksOf, type ReceiversCheck, setCheck, type WantedCheck } from "../dead-men/receiver";
import { namedBy, readEstate } from "../estate-source";
import { inOneLine } from "../reply";

const usualReceiver = "https://healthchecks.io";

const options = z.object({
  ...estateOptions,
  keyFile: z.string(),
  at: z.string().default(usualReceiver),
  dryRun: z.boolean().default(false),
});
type Options = z.output<typeof options>;

/** `holdfast dead-men`: whoever waits outside for the calls of Alertmanager and hosts waits as long as the estate says. */
export const deadMen: CommandSpec<Options> = {
  name: "dead-men",
  summary: "Make the checks of healthchecks that wait for the calls of monitoring.deadMan, or put them right",
  flags: [
    ...estateFlags,
    ["--key-file <file>", 'file with an API key of the project there; "-" is standard input'],
    ["--at <url>", `where healthchecks answers (by default ${usualReceiver})`],
    ["--dry-run", "say what is otherwise there, change nothing, and end with 1 where something is"],
  ],
  required: ["keyFile"],
  options,
  async run(asked, context) {
    const { estate } = planOf(await readEstate(asked, context));
    const calls = awaitedCalls(estate);
    if (calls.length === 0)
      throw new BadInput("dead-men: the estate has no monitoring.deadMan, so nobody waits for a call.");
    const receiver = { address: addressOf(asked.at), key: keyOf(asked.keyFile, context) };
    const there = await checksOf(receiver);
    if ("cause" in there) return unknown(there.cause, asked);
    const tags = tagsOf(estate.name);
    const states = calls.map(call => stateOf(call, there.checks, tags));
    const strays = there.checks.filter(
      ({ name, tags: has }) => has === tags && !calls.some(({ check }) => check === name),
    );
    const done: State[] = [];
    if (!asked.dryRun)
      for (const state of states) {
        const got = state.set && (await setCheck(receiver, state.set));
        if (got && "cause" in got) return halfDone(got.cause, done, state, asked, context);
        done.push(got ? afterwards(state, got.check, tags) : state);
      }
    return outcome(asked.dryRun ? states : done, strays, asked);
  },
};

/** How a check is, beside what it should be. */
interface State {
  readonly call: AwaitedCall;
  /** What is otherwise, in words; nothing where all is as it should be. */
  readonly differs: readonly string[];
  /** What is otherwise and isn't put right here. */
  readonly left: readonly string[];
  /** What mends it; absent where nothing does, or has to. */
  readonly set?: WantedCheck;
  readonly isNew?: true;
  /** What an operator should know of it all the same. */
  readonly notes: readonly string[];
}

function tagsOf(estate: string): string {
  return `holdfast ${estate}`;
}

function stateOf(call: AwaitedCall, checks: readonly ReceiversCheck[], tags: string): State {
  const [check, another] = checks.filter(({ name }) => name === call.check);
  const [timeout, grace] = [call.everyMs / 1000, call.graceMs / 1000];
  const set = { name: call.check, timeout, grace };
  if (!check)
    return {
      ...{ call, differs: ["there is none"], left: [], isNew: true, notes: addressNotes(call) },
      set: { ...set, tags, desc: `Waits for ${call.by}; made by holdfast dead-men`, channels: "*" },
    };
  // Of two, an API that knows them by name changes either.
  if (another)
    return {
      ...{ call, differs: [], notes: [] },
      left: ["there are several of that name: remove all but the one that is called"],
    };
  const tellsNobody = check.channels === "";
  const differs = [
    ...(check.timeout === timeout
      ? []
      : [`waits ${secondsText(check.timeout)} for a call, declared ${secondsText(timeout)}`]),
    ...(check.grace === grace
      ? []
      : [`its grace is ${secondsText(check.grace)}, declared ${secondsText(grace)}`]),
    ...(tellsNobody ? ["tells nobody, declared all of the project's integrations"] : []),
  ];
  return {
    ...{ call, differs },
    // Also without a call for ever.
    left: check.status === "paused" ? ["is paused, and waits for nobody: resume it there"] : [],
    ...(differs.length > 0 && { set: { ...set, ...(tellsNobody && { channels: "*" as const }) } }),
    notes:
      check.status === "new"
        ? ["nobody has called it yet", ...addressNotes(call)]
        : ["up", "paused"].includes(check.status)
          ? []
          : [`is ${inOneLine(check.status)}`],
  };
}

/** What it was set to and still isn't, such as to tell integrations where the project has none, is not put right. */
function afterwards(state: State, check: ReceiversCheck, tags: string): State {
  const { differs } = stateOf(state.call, [check], tags);
  return {
    ...state,
    left: [...state.left, ...differs.map(text => `still ${text}`)],
    notes: [
      ...state.notes,
      ...(check.channels === ""
        ? ["the project there has no integration: add one, then the same again"]
        : []),
    ],
  };
}

function secondsText(seconds: number | undefined): string {
  return seconds === undefined ? "by a cron expression" : formatDuration(seconds * 1000);
}

/** Its address is a secret, which is shown to nobody who didn't ask for it. */
function addressNotes({ host }: AwaitedCall): string[] {
  return [
    host
      ? `its address, from its page there: pulumi config set --secret --path ${shellWord(`holdfast:secrets["${host.secret}"]`)}`
      : "its address, from its page there, belongs into the Secret of monitoring.deadMan.urlSecret",
  ];
}

function outcome(
  states: readonly State[],
  strays: readonly ReceiversCheck[],
  { dryRun, json }: Options,
): Outcome {
  const isLeft = ({ differs, left }: State): boolean => left.length > 0 || (dryRun && differs.length > 0);
  const exitCode = states.some(isLeft) ? 1 : 0;
  if (json)
    return {
      text: jsonText({
        dryRun,
        checks: states.map(state => toldOf(state, { dryRun })),
        strays: strays.map(({ name }) => name),
        failed: null,
      }),
      exitCode,
    };
  return {
    text: [
      ...states.flatMap(state => linesOf(state, dryRun)),
      ...strays.map(
        ({ name }) =>
          `${inOneLine(name)}: is none of the estate's, and stays as it is. Remove it there, or whoever it tells is called for nothing`,
      ),
    ].join("\n"),
    exitCode,
  };
}

/** What a program is told; what isn't known is null. */
function jsonText(told: {
  readonly dryRun: boolean;
  readonly checks: readonly object[] | null;
  readonly strays: readonly string[] | null;
  readonly failed: string | null;
}): string {
  return JSON.stringify(told, undefined, 2);
}

/** A check, for a program. */
function toldOf(
  { call, differs, left, set, isNew, notes }: State,
  { dryRun }: Pick<Options, "dryRun">,
): object {
  return {
    ...{ check: call.check, host: call.host?.name ?? null, everyS: call.everyMs / 1000 },
    ...{ graceS: call.graceMs / 1000, differs, left, notes },
    did: dryRun || !set ? "nothing" : isNew ? "made" : "changed",
  };
}

function linesOf({ call, differs, left, isNew, notes }: State, dryRun: boolean): string[] {
  const times = `each ${formatDuration(call.everyMs)}, grace ${formatDuration(call.graceMs)}`;
  const verb = isNew ? (dryRun ? "would be made" : "made") : dryRun ? "would be put right" : "put right";
  const said = [
    ...(differs.length > 0 ? [`${verb}: ${isNew ? times : differs.join("; ")}`] : []),
    ...(left.length > 0 ? [`left as it is, ${left.join("; ")}`] : []),
  ];
  return [
    `${call.check}: ${said.join("; ") || `is as the estate says: ${times}`}`,
    ...notes.map(note => `  ${note}`),
  ];
}

function unknown(cause: string, { dryRun, json }: Options): Outcome {
  const text = json
    ? jsonText({ dryRun, checks: null, strays: null, failed: cause })
    : `The receiver wasn't asked, and nothing was changed: ${cause}.`;
  return { text, exitCode: 3 };
}

function halfDone(
  cause: string,
  done: readonly State[],
  { call }: State,
  asked: Options,
  context: Context,
): Outcome {
  // The key of one receiver is nothing for another.
  const at = asked.at === usualReceiver ? [] : ["--at", asked.at];
  const again = ["holdfast", "dead-men", "--key-file", asked.keyFile, ...at, ...namedBy(asked, context)];
  if (asked.json) {
    const failed = `${call.check}: ${cause}`;
    const checks = done.map(state => toldOf(state, asked));
    return { text: jsonText({ dryRun: false, checks, strays: null, failed }), exitCode: 3 };
  }
  return {
    text: [
      ...done.flatMap(state => linesOf(state, false)),
      `${call.check}: it isn't known whether it is as the estate says: ${cause}.`,
      `What comes after it was not looked at. Next: ${again.map(shellWord).join(" ")}`,
    ].join("\n"),
    exitCode: 3,
  };
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHere = url && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && isHere)) || url.username !== "")
    throw new BadInput(
      `--at: ${JSON.stringify(text)} can't be used, expected an https URL without an account, e.g. "https://healthchecks.io": the key goes there.`,
    );
  return text.replace(/\/+$/, "");
}

function keyOf(file: string, { folder }: Context): string {
  const named = file === "-" ? "standard input" : JSON.stringify(file);
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : resolve(folder, file), "utf8").trim();
  } catch (error) {
    throw new BadInput(`--key-file: ${named} can't be read: ${errorText(error)}.`);
  }
  // What it holds is told nobody, also where it is something else.
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new BadInput(
      `--key-file: ${named} holds no API key, expected one line as the project's settings there show it.`,
    );
  return text;
}
