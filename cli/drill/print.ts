import { counted, listed } from "../../checks/wording";
import type { Estate } from "../../plan";
import type { DrillRecord } from "../../plan/contracts/drill-record";
import { shellWord } from "../../plan/contracts/shell-word";
import { formatDuration } from "../../plan/units/duration";
import { formatSize } from "../../plan/units/size";
import { localText, oneLine } from "../find/print";
import { sshTo } from "../../plan/estate/ssh-to";
import { type Answer, type Ended, missingFrom, stateOf } from "./go";
import type { InCluster } from "./tasks";
import { type Undrilled, undrilledText } from "../../checks/undrilled";
import { type Untried, untriedText } from "./untried";

type Record = Omit<DrillRecord, "hash">;

interface Reader {
  readonly estate: Estate;
  readonly dryRun: boolean;
  /** The command that was typed. */
  readonly again: string;
  /** Of what was asked for, what no drill proves. */
  readonly undrilled: readonly Undrilled[];
  readonly untried: readonly Untried[];
  readonly inCluster: readonly InCluster[];
}

/** What came back on each host, what didn't, and what to do next. */
export function endText(
  all: readonly Ended[],
  { estate, dryRun, again, undrilled, untried, inCluster }: Reader,
): string {
  const zone = estate.zone;
  return all
    .flatMap(ended => [
      ...(dryRun ? wouldLines(ended, zone) : drillLines(ended, zone)),
      ...faultLines(ended, estate, again),
    ])
    .concat(undrilled.length > 0 ? [`No drill proves a restore of ${undrilledText(undrilled)}.`] : [])
    .concat(
      untried.length > 0
        ? [`Proved from other copies alone, as no drill restores them: ${untriedText(untried)}.`]
        : [],
    )
    .concat(inCluster.map(inClusterText))
    .concat(summaryOf(all, dryRun, again))
    .map(oneLine)
    .join("\n");
}

function inClusterText({ dataset, job, now }: InCluster): string {
  return `${dataset} is proved by ${job} in its cluster: holdfast evidence says when that was last. To have it now: ${now}`;
}

function wouldLines({ task, answer }: Ended, zone: string): string[] {
  return (answer?.would ?? []).map(
    ({ tier, of, path, at }) =>
      `${of} (${tier}): would be restored from ${placeOf(task.host, path)}, read ${localText(msOf(at), zone)}`,
  );
}

function drillLines({ task, answer }: Ended, zone: string): string[] {
  return [
    ...(answer?.drills ?? []).flatMap(record => recordLines(task.host, record, zone)),
    ...(answer?.passedOver ?? []).map(({ tier, of, why }) => `${of} (${tier}): not drilled, ${why}`),
  ];
}

/** One drill: what, from which copy, how old, how long, compared how. */
function recordLines(host: string, record: Record, zone: string): string[] {
  const { tier, of, result, reason, copy, scope, restored, whole, seconds } = record;
  const ageMs = ageOf(record);
  const age = ageMs === undefined ? "" : `, ${formatDuration(Math.max(0, ageMs))} old`;
  const part =
    scope === "whole"
      ? `all of it, ${counted(restored.entries, "entry", "entries")}, ${formatSize(restored.bytes)}`
      : `a part, ${counted(restored.entries, "file")} of ${formatSize(restored.bytes)}; all of it has ${formatSize(whole.bytes)}`;
  return [
    `${of} (${tier}): ${result === "proved" ? "proved" : "FAILED"}`,
    `  copy      ${placeOf(host, copy.path)}, read ${localText(msOf(copy.at), zone)}${age}`,
    ...(copy.lacks > 0
      ? [`  lacks     what is known of it, and no restore brings back. Next: holdfast find ${shellWord(of)}`]
      : []),
    ...(result === "failed"
      ? [`  failed    ${reason ?? "nothing says why"}`]
      : [
          `  restored  ${part} in ${formatDuration(seconds.restore * 1000)}${speedText(record)}`,
          `  compared  ${comparedText(record)}, and owners, modes, times, links and attributes, in ${formatDuration(seconds.compare * 1000)}`,
        ]),
  ];
}

/** A copy off site is told with its machine. */
function placeOf(host: string, path: string): string {
  return path.startsWith("/") ? `${host}:${path}` : path;
}

/** How many files were compared with what. */
export function comparedText({
  compared: { recorded, copy, far },
  dumps,
}: Pick<Record, "compared" | "dumps">): string {
  if (dumps)
    return `${counted(recorded, "dump")} by checksum, and by the rows that were counted when it was made`;
  const text = `${counted(recorded, "file")} with checksums on record, ${copy} with`;
  if (far === undefined) return `${text} the copy itself`;
  return `${text} what the host has${far > 0 ? `, of ${far} the destination alone says what they are to be` : ""}`;
}

function speedText({ restored, seconds }: Record): string {
  return seconds.restore > 0 ? `, ${formatSize(restored.bytes / seconds.restore)} a second` : "";
}

/** How old a copy's data was when the drill began. */
export function ageOf({ at, copy }: Record): number | undefined {
  return copy.at === undefined ? undefined : Date.parse(at) - Date.parse(copy.at);
}

function msOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function faultLines(ended: Ended, estate: Estate, again: string): string[] {
  const { task, began, answer, exitCode } = ended;
  const there = sshTo(estate, task.host);
  const list = `${there} ${shellWord(task.program)} list`;
  switch (stateOf(ended)) {
    case "busy":
      return [
        `${task.called} on ${task.host} is at work already, and drills nothing else meanwhile. Next, once that is through: ${again}`,
      ];
    case "stopped":
      return [
        `It was stopped on ${task.host} (${exitCode}); what was through stands in its records. Next: ${list}`,
      ];
    case "owes":
      return [...missingLines(ended, list), ...failedLines(answer, there)];
    case "unknown":
      if (exitCode === 2)
        return [
          `The release of ${task.called} on ${task.host} can't be asked so: it is of an earlier version. Next: pulumi up`,
        ];
      if (exitCode === 126 || exitCode === 127)
        return [
          `${task.called} isn't there on ${task.host}, or doesn't begin (${exitCode}). Next: holdfast releases`,
        ];
      if (exitCode !== undefined)
        return [
          `${task.called} on ${task.host} ended with ${exitCode} and gave no answer that can be read. What it drilled stands in its records. Next: ${list}`,
        ];
      return began
        ? [
            `The connection to ${task.host} was lost. The drill goes on there to its end, and leaves its record. Next: ${list}`,
          ]
        : [`${task.host} wasn't reached, and nothing was drilled there. Next: ${there} true`];
    default:
      return [];
  }
}

function missingLines(ended: Ended, list: string): string[] {
  const { task, answer } = ended;
  const missing = missingFrom(ended).map(({ tier, name }) => `${name} (${tier})`);
  if (missing.length > 0)
    return [
      `${task.host} has no whole copy of ${listed(missing)}, and nothing was drilled of ${missing.length === 1 ? "it" : "them"}. Next: holdfast status`,
    ];
  const { drills = [], would = [], passedOver = [], failed } = answer ?? {};
  return failed === undefined && drills.length + would.length + passedOver.length === 0
    ? [`${task.host} has no copy that could be drilled: nothing was proved. Next: ${list}`]
    : [];
}

function failedLines(answer: Answer | undefined, there: string): string[] {
  if (answer?.failed === undefined) return [];
  return [`It failed: ${answer.failed}`, `Next: ${there}, and there: ${answer.next ?? ""}`];
}

function summaryOf(all: readonly Ended[], dryRun: boolean, again: string): string[] {
  const answers = all.flatMap(({ answer }) => answer ?? []);
  if (dryRun) {
    const would = answers.flatMap(answer => answer.would);
    return [
      `${counted(would.length, "copy", "copies")} would be drilled. Nothing was changed. Next: ${again}`,
    ];
  }
  const drills = answers.flatMap(answer => answer.drills);
  const failed = drills.filter(({ result }) => result === "failed").length;
  const passed = answers.flatMap(({ passedOver }) => passedOver).length;
  return [
    `${counted(drills.length - failed, "copy", "copies")} proved, ${failed} failed, ${passed} not drilled.${passed > 0 ? ` What wasn't tried for longest comes first in the next. Next: ${again}` : ""}`,
  ];
}
