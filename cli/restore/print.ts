import { counted } from "../../checks/wording";
import type { Estate } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import { restoreText } from "../../plan/graph/restore-steps";
import { formatDuration } from "../../plan/units/duration";
import type { Found } from "../find/found";
import { localText, oneLine } from "../find/print";
import { sshTo } from "../../plan/estate/ssh-to";
import type { Chosen } from "./choose";
import type { Ended } from "./go";
import { stepText, type Task } from "./tasks";

export interface Reader {
  readonly zone: string;
  readonly nowMs: number;
}

/** What will be done: from which copy, what is lost by it, how long it takes, what is kept, and each step. */
export function planText(chosen: readonly Chosen[], tasks: readonly Task[], reader: Reader): string {
  return [
    ...chosen.flatMap(each => datasetLines(each, reader)),
    "Steps:",
    ...tasks.flatMap(task => taskLines(task)),
  ].join("\n");
}

function datasetLines({ version, heldMs, others }: Chosen, reader: Reader): string[] {
  const { dataset, below, bringsMore, medium, lacks, verified, backMs } = version;
  const { zone, nowMs } = reader;
  const what =
    below === undefined ? dataset : bringsMore ? `all of ${dataset}, for ${below}` : `${below} of ${dataset}`;
  const age = heldMs === undefined ? "an unknown time" : formatDuration(Math.max(0, nowMs - heldMs));
  const newer = others.filter(each => !each.isPart && (each.takenMs ?? 0) > (heldMs ?? 0));
  const part = others.find(({ isPart, isTaken }) => isPart && !isTaken);
  return [
    `${what}: back to ${localText(heldMs, zone)}`,
    `  copy      ${placeOf(version, reader)}, ${medium}`,
    `  state     ${lacks.length > 0 ? lackWords(version) : verified ? "compared when made" : "never compared"}`,
    `  is lost   what changed in the last ${age}`,
    `  takes     ${timeText(backMs)}`,
    ...newer.map(each => `  passed    ${placeOf(each, reader)}${passedFor(each)}`),
    ...(part && !version.isPart
      ? [
          `  besides   of a part of it there are copies of their own, the newest at ${placeOf(part, reader)}: ${oneLine(restoreText(part.restore))}`,
        ]
      : []),
  ].map(oneLine);
}

function placeOf({ where, via, takenMs }: Found, { zone }: Reader): string {
  return `${where} (${via.at(-1)}, made ${localText(takenMs, zone)})`;
}

function lackWords({ lacks }: Found): string {
  return `LACKS ${lacks.join("; ")}`;
}

/** Why a newer one wasn't taken, and what takes it. */
function passedFor(version: Found): string {
  const { lacks, copied, via, isTaken } = version;
  if (isTaken) return ", which the disaster takes too: what is there may be what it has made of it";
  if (lacks.length > 0) return `, which ${lackWords(version)}: --partial`;
  return copied === undefined ? "" : `, a copy of what ${copied} had: --from ${via.at(-1)}`;
}

function timeText(ms: number | undefined): string {
  if (ms === undefined) return "a time that the estate doesn't say";
  return ms === 0
    ? "no time for bytes: they are there"
    : `at least ${formatDuration(Math.ceil(ms))}, by the estate's links`;
}

function taskLines({ number, step, by }: Pick<Task, "number" | "step" | "by">): string[] {
  return [
    `  ${number}. ${by === "person" ? "YOURS, " : ""}${stepText(step)}`,
    `     then      ${step.changes}`,
    `     undo      ${step.undo}`,
    `     worked    ${step.verifies}`,
  ];
}

/** What is true now, and what to type next. @param again the command that was typed */
export function endText(ended: readonly Ended[], estate: Estate, again: string): string {
  const done = ended.filter(({ standing }) => standing === "done");
  const over = ended.filter(({ standing }) => !["done", "yours", "waits"].includes(standing));
  const yours = ended.filter(({ standing }) => standing === "yours");
  const rest = ended.filter(({ standing }) => standing === "waits");
  return [
    ...over.flatMap(each => overLines(each, estate, again)),
    ...(over.length === 0 && rest.length > 0 ? [`It was stopped between two steps. Next: ${again}`] : []),
    ...(done.length > 0 ? [`${counted(done.length, "step")} of ${ended.length} ended well:`] : []),
    ...done.flatMap(({ task }) => [
      `  ${task.number}. ${stepText(task.step)}`,
      `     now       ${task.step.changes}`,
      `     undo      ${task.step.undo}`,
    ]),
    ...(rest.length > 0 ? [`Not begun: ${rest.map(({ task }) => `step ${task.number}`).join(", ")}.`] : []),
    ...(yours.length > 0
      ? [
          "What is left is yours, in this order:",
          ...yours.flatMap(({ task }) => taskLines({ ...task, by: "host" })),
        ]
      : []),
    ...(over.length > 0 || yours.length > 0 || rest.length > 0
      ? []
      : [
          'Next: start what uses it, and see whether all is there; what stands above after "undo" takes it back.',
        ]),
  ].join("\n");
}

function overLines(ended: Ended, estate: Estate, again: string): string[] {
  const { task, standing, exitCode } = ended;
  const { number, step } = task;
  const on = step.where.name;
  if (task.by === "cluster")
    return [
      standing === "lost"
        ? `Step ${number} is followed no more. Cluster ${on} goes on with it; how it ended isn't known here.`
        : `Step ${number} failed (${exitCode}). What is kept stands above.`,
      "Next: kubectl get jobs --all-namespaces   (one that is at work ends before the same again)",
    ];
  const there = sshTo(estate, on);
  const typed = `what stands above after "Next:" is typed there: ${there}`;
  const list = `${there} ${shellWord(step.argv?.[0] ?? "")} list   (it says how it stands)`;
  switch (standing) {
    case "refused":
      return [
        `Step ${number} was refused by ${on} (${exitCode}), which changed nothing; ${typed}`,
        `Next: that, then: ${again}`,
      ];
    case "stopped":
      return [
        `Step ${number} was stopped (${exitCode}). What is kept stands above, and where nothing does, it had not begun; ${typed}`,
        `Next: ${list}`,
      ];
    case "lost":
      return [
        `The connection to ${on} was lost in step ${number}. The restore goes on there by itself; how it ended isn't known here.`,
        `Next: ${list}; while it works, the same restore again is refused`,
      ];
    case "unreached":
      return [
        `${on} wasn't reached for step ${number}, which changed nothing.`,
        `Next: ${there} true; then: ${again}`,
      ];
    default:
      return [`Step ${number} failed (${exitCode}). What is kept stands above; ${typed}`, `Next: ${list}`];
  }
}
