import { type Plan, planOf } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import { BadInput } from "../bad-input";
import type { CommandSpec, Context, Outcome } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { lastInstant } from "../find/at";
import { type Found, search, type Search } from "../find/found";
import { localText } from "../find/print";
import { type Sought, soughtBy } from "../find/sought";
import { askClusters } from "../kubectl";
import { again, type Said } from "../restore/again";
import { type Taken, takenInOrder } from "../restore/all";
import { asJson } from "../restore/as-json";
import { choose, type Chosen, type NoChoice, type Wish } from "../restore/choose";
import { type Ended, goThrough, mayHaveChanged, type Stage, stateOf, tryAll } from "../restore/go";
import { endText, planText } from "../restore/print";
import { clustersIn, type Task, tasksOf } from "../restore/tasks";
import { argument, flags, type Options, options, refuseWords } from "../restore/typed";

/** `holdfast restore`: brings data back from the newest whole version that is there, by the program that made it. */
export const restore: CommandSpec<Options> = {
  name: "restore",
  summary: "Bring a service or a path back from the newest whole version that is there; it asks before",
  argument,
  flags,
  options,
  async run(typed, caller) {
    const { stack, estate: file, json, at, key } = typed;
    const { nowMs } = caller;
    refuseWords(typed);
    const plan = planOf(await readEstate({ stack, estate: file }, caller));
    const { estate } = plan;
    const atMs = at === undefined ? undefined : lastInstant(at, estate.zone, nowMs);
    const taken = typed.all ? takenInOrder(plan, typed) : undefined;
    const sought = soughtIn(plan, typed, taken);
    const asks = json ? undefined : caller.ask;
    if (!typed.yes && !typed.dryRun && !asks)
      throw new BadInput(
        "Nobody is at a terminal to be asked, and without --yes nothing is changed. Next: the same with --dry-run, then with --yes.",
      );
    const asked = { estate, named: namedBy({ stack, estate: file }, caller), key };
    const kubectl = { kubeconfig: typed.kubeconfig, context: typed.context };
    const call: Call = {
      ...{ typed, asked, kubectl, caller, ask: asks, taken },
      ...{ say: text => caller.say(text, json), clock: () => performance.now() },
    };
    const tell = (ms: number | undefined): string => localText(ms, estate.zone);
    const picked = pick(
      await search(asked, plan, sought, taken?.domain),
      sought,
      { ...typed, atMs, from: typed.from, leftOut: taken?.leftOut ?? [] },
      tell,
    );
    if ("refused" in picked) return nothing(call, picked);
    const { chosen } = picked;
    const clusters = await askClusters(clustersIn(chosen), kubectl, estate, () => Promise.resolve({}));
    const { needs } = taken ?? {};
    const { unconfirmed, missing } = typed;
    const tasks = tasksOf(chosen, name => !("cause" in (clusters.get(name) ?? { cause: "" })), {
      ...(needs && { needs }),
      ...(unconfirmed && { unconfirmed }),
      ...(missing && { missing }),
    });
    const unreached = [...clusters].flatMap(([name, answer]) =>
      "cause" in answer ? [`What is done in cluster ${name} is yours: ${answer.cause}`] : [],
    );
    call.say(
      [
        ...picked.said,
        ...unreached,
        ...(taken ? orderText(taken, chosen) : []),
        planText(chosen, tasks, { zone: estate.zone, nowMs }),
      ].join("\n"),
    );
    const { refused, later } = await tryAll(tasks, call);
    if (refused) return ended(call, picked, tasks, { all: [refused] });
    if (typed.dryRun) return ended(call, picked, tasks, { later });
    if (asks && !typed.yes && !(await isMeant(asks, chosen, typed)))
      return nothing(call, { refused: ["What was typed isn't the word that was asked for"], exitCode: 1 });
    return ended(call, picked, tasks, { all: await goThrough(tasks, call) });
  },
};

interface Call extends Stage, Said {
  readonly caller: Context;
}

function soughtIn(plan: Plan, typed: Options, taken: Taken | undefined): readonly Sought[] {
  const { what = "", path, host } = typed;
  const sought = taken?.sought ?? soughtBy(plan, path === undefined ? what : `${what}/${path}`, host);
  if (!taken) refuseSeveral(what, path, sought);
  if (sought.length === 0)
    throw new BadInput(
      `Nothing that has a copy is left to be brought back${typed.after === undefined ? "" : ` behind ${typed.after}`}. Nothing was changed.`,
    );
  return sought;
}

function orderText({ domain, place, order, sought }: Taken, chosen: readonly Chosen[]): string[] {
  const services = new Set(chosen.map(({ version }) => version.service));
  const left = order.filter(service => !sought.some(({ dataset }) => dataset.service === service));
  return [
    `All that the disaster "${domain}" of ${place} has taken.`,
    `In this order, what is promised soonest first and before each what it needs: ${[...services].join(", ")}`,
    ...(left.length > 0
      ? [`Left out by --after or --except, and held to be back or to come later: ${left.join(", ")}`]
      : []),
  ];
}

/** Of two hosts with one path, one is meant; and so is one dataset with a path in it. */
function refuseSeveral(what: string, path: string | undefined, sought: readonly Sought[]): void {
  const machines = [...new Set(sought.map(({ dataset }) => dataset.location.machine.name))];
  if (machines.length > 1)
    throw new BadInput(
      `"${what}" is on ${machines.join(" and ")}. Nothing was changed. Next: the same with --host NAME, or SERVICE/DATASET.`,
    );
  if (path !== undefined && sought.length > 1)
    throw new BadInput(
      `--path: "${what}" is ${sought.map(({ dataset }) => dataset.id).join(" and ")}. Nothing was changed. Next: the same with one of them.`,
    );
}

/** A version of each dataset that has one. */
interface Picked {
  readonly chosen: readonly Chosen[];
  /** Datasets of which there is no copy. */
  readonly missing: readonly string[];
  /** What an operator has to know before. */
  readonly said: readonly string[];
}

interface Refused {
  readonly refused: readonly string[];
  readonly exitCode: number;
  /** Unless given, what there is. */
  readonly next?: string;
}

function pick(
  { found, unasked, byHand }: Search,
  sought: readonly Sought[],
  wish: Wish & Pick<Options, "all"> & Pick<Taken, "leftOut">,
  tell: (ms: number | undefined) => string,
): Picked | Refused {
  const ids = [...new Set(sought.map(({ dataset }) => dataset.id))];
  const own = ids.map(id => found.filter(({ dataset }) => dataset === id));
  const isLeft = (each: readonly Found[] = []): boolean => each.some(({ isTaken }) => !isTaken);
  const missing = ids.filter((_, index) => !isLeft(own[index]));
  const chooseOne = (each: readonly Found[]): Chosen | NoChoice => {
    const choice = choose(each, wish.all ? { ...wish, partial: false } : wish, tell);
    // Of many, one that has nothing whole takes no whole copy from the others.
    return wish.all && wish.partial && "refused" in choice ? choose(each, wish, tell) : choice;
  };
  const choices = own.filter(isLeft).map(chooseOne);
  const { leftOut } = wish;
  const said = [
    ...(leftOut.length > 0 ? [`Left out by --host, though it is taken too: ${leftOut.join(", ")}`] : []),
    ...(unasked.length > 0 ? [...unasked, "There may be newer ones than what is seen here."] : []),
    ...missing.map(id => missingText(id, found)),
    ...(missing.length > 0 ? byHand : []),
  ];
  const [refusal] = choices.filter((each): each is NoChoice => "refused" in each);
  if (refusal) return { refused: [...said, `${refusal.refused}.`], exitCode: 1, next: refusal.next };
  const chosen = choices.filter((each): each is Chosen => "version" in each);
  return chosen.length > 0
    ? { chosen, missing, said }
    : { refused: said, exitCode: unasked.length > 0 || byHand.length > 0 ? 3 : 1 };
}

function missingText(id: string, found: readonly Found[]): string {
  const taken = found.filter(({ dataset }) => dataset === id).map(({ where }) => where);
  return taken.length > 0
    ? `No copy of ${id} is left: what is there at ${[...new Set(taken)].join(", ")} the disaster has taken too. Is it sound all the same? holdfast restore ${shellWord(id)} takes it`
    : `No copy of ${id} is there.`;
}

async function isMeant(
  ask: (question: string) => Promise<string>,
  chosen: readonly Chosen[],
  { what, domain }: Options,
): Promise<boolean> {
  const services = [...new Set(chosen.map(({ version }) => version.service))];
  const word = domain ?? (services.length === 1 ? services[0] : what);
  return (await ask(`To do this, type ${word}: `)).trim() === word;
}

function nothing(call: Call, { refused, exitCode, next = again(call, "find") }: Refused): Outcome {
  const text = [...refused, "Nothing was changed.", `Next: ${next}`].join("\n");
  const result = { state: "refused", changed: false, datasets: [], missing: [], said: refused, next };
  return { text: call.typed.json ? JSON.stringify(result, undefined, 2) : text, exitCode };
}

/** What came of it: each step that was begun or left; or, where all were tried alone, those that wait for others. */
interface Came {
  readonly all?: readonly Ended[];
  readonly later?: readonly Task[];
}

function ended(
  call: Call,
  { chosen, missing }: Picked,
  tasks: readonly Task[],
  { all = [], later = [] }: Came,
): Outcome {
  const { json, dryRun } = call.typed;
  const isTried = all.length === 0;
  const state = stateOf(all, missing);
  const next = again(call, "restore", { all, missing });
  // Of one service, what its host's program says is all there is to be done.
  const isCut = call.typed.all && ["failed", "stopped", "lost"].includes(state.name);
  const isRefused = call.typed.all && state.name === "refused";
  const text = isTried
    ? [
        ...(later.length > 0
          ? [
              `Not to be known before others are back: ${later.map(({ number }) => `step ${number}`).join(", ")}.`,
            ]
          : []),
        `Nothing was changed. Next: ${next}`,
      ].join("\n")
    : [
        endText(all, call.asked.estate, next),
        ...(isCut ? [`Then, for the rest: ${next}`] : []),
        ...(isRefused
          ? [`Or all others first: ${again(call, "restore", { all, missing }, serviceOfRefused(all))}`]
          : []),
      ].join("\n");
  const result = {
    ...{ state: dryRun && isTried ? (later.length > 0 ? "owes" : "tried") : state.name },
    changed: all.some(({ standing }) => mayHaveChanged(standing)),
    ...{ datasets: asJson(chosen, tasks, all, call.caller.nowMs), missing },
  };
  return {
    text: json ? JSON.stringify(result, undefined, 2) : text,
    exitCode: isTried ? Number(later.length > 0) : state.exitCode,
  };
}

function serviceOfRefused(all: readonly Ended[]): string[] {
  const refused = all.find(({ standing }) => standing === "refused");
  return refused ? [refused.task.chosen.version.service] : [];
}
