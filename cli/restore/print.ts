import { counted } from "../../checks/wording";
import type { Estate } from "../../plan";
import { formatDuration } from "../../plan/units/duration";
import { localText } from "../find/print";
import { sshTo } from "../host-shell";
import type { Chosen } from "./choose";
import type { Ended } from "./go";
import { commandOf, stepText, type Task } from "./tasks";

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

function datasetLines({ version, heldMs, others }: Chosen, { zone, nowMs }: Reader): string[] {
  const { dataset, below, bringsMore, where, via, medium, lacks, verified, backMs, takenMs } = version;
  const what =
    below === undefined ? dataset : bringsMore ? `all of ${dataset}, for ${below}` : `${below} of ${dataset}`;
  const age = heldMs === undefined ? "an unknown time" : formatDuration(Math.max(0, nowMs - heldMs));
  const more = others.filter(each => (each.takenMs ?? 0) > (heldMs ?? 0));
  return [
    `${what}: back to ${localText(heldMs, zone)}`,
    `  copy      ${where} (${via.at(-1)}, made ${localText(takenMs, zone)}), ${medium}`,
    `  state     ${lacks.length > 0 ? `LACKS ${lacks.join("; ")}` : verified ? "compared when made" : "never compared"}`,
    `  is lost   what changed in the last ${age}`,
    `  takes     ${backMs === undefined ? "a time that the estate doesn't say" : backMs === 0 ? "no time for bytes" : `at least ${formatDuration(Math.ceil(backMs))}, by the estate's links`}`,
    ...more.map(
      each =>
        `  passed    ${each.where} (${each.via.at(-1)}, made ${localText(each.takenMs, zone)})${each.lacks.length > 0 ? `, which LACKS ${each.lacks.join("; ")}: --partial` : each.copied === undefined ? "" : `, a copy of what ${each.copied} had: --from ${each.via.at(-1)}`}`,
    ),
  ];
}

function taskLines({ number, step, byHand }: Task): string[] {
  return [
    `  ${number}. ${byHand ? "YOURS, " : ""}${stepText(step)}`,
    `     then      ${step.changes}`,
    `     undo      ${step.undo}`,
    `     worked    ${step.verifies}`,
  ];
}

/** What is true now, and what to type next. @param again the command that was typed */
export function endText(ended: readonly Ended[], estate: Estate, again: string): string {
  const done = ended.filter(({ standing }) => standing === "done");
  const over = ended.find(({ standing }) => standing !== "done" && standing !== "yours");
  const yours = ended.filter(({ standing }) => standing === "yours");
  const rest = ended.filter(each => each !== over && each.standing === "waits");
  return [
    ...(over ? overLines(over, estate, again) : []),
    ...(done.length > 0 ? [`${counted(done.length, "step")} of ${ended.length} ended well:`] : []),
    ...done.flatMap(({ task }) => [
      `  ${task.number}. ${stepText(task.step)}`,
      `     now       ${task.step.changes}`,
      `     undo      ${task.step.undo}`,
    ]),
    ...(rest.length > 0 ? [`Not begun: ${rest.map(({ task }) => `step ${task.number}`).join(", ")}.`] : []),
    ...(yours.length > 0 && !over
      ? [
          "What is left is yours, in this order:",
          ...yours.flatMap(({ task }) => taskLines({ ...task, byHand: false })),
        ]
      : []),
    ...(over || yours.length > 0
      ? []
      : [
          'Next: start what uses it, and see whether all is there; what stands above after "undo" takes it back.',
        ]),
  ].join("\n");
}

function overLines(
  { task: { number, step }, standing, exitCode }: Ended,
  estate: Estate,
  again: string,
): string[] {
  const host = step.where.name;
  const there = sshTo(estate, host);
  const list = `${there} ${commandOf({ ...step, argv: [step.argv?.[0] ?? "", "list"] })}`;
  switch (standing) {
    case "refused":
      return [
        `Step ${number} was refused by ${host} (${exitCode}), which changed nothing. What stands above after "Next:" is typed there: ${there}`,
        `Next: that, then: ${again}`,
      ];
    case "stopped":
      return [
        `Step ${number} was stopped (${exitCode}). What is kept stands above, and what is typed after "Next:" there: ${there}`,
        `Next: ${list}   (it says how it stands)`,
      ];
    case "lost":
      return [
        `The connection to ${host} was lost in step ${number}. The restore goes on there by itself; how it ended isn't known here.`,
        `Next: ${list}   (it says how it stands; while it works, the same restore again is refused)`,
      ];
    case "unreached":
      return [
        `${host} wasn't reached for step ${number}, which changed nothing.`,
        `Next: ${there} true; then: ${again}`,
      ];
    default:
      return [
        `Step ${number} failed (${exitCode}). What is kept stands above, and what is typed after "Next:" there: ${there}`,
        `Next: ${list}   (it says how it stands)`,
      ];
  }
}
