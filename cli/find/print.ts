import { counted } from "../../checks/wording";
import { localTime } from "../../plan/calendar/time-zone";
import { restoreText } from "../../plan/graph/restore-steps";
import { formatDuration } from "../../plan/units/duration";
import { formatSize } from "../../plan/units/size";
import { type Look, tableText } from "../table";
import type { Found, Search } from "./found";

/** What was asked, and by whom it is read. */
export interface Reader extends Look {
  readonly what: string;
  /** IANA zone in which instants are told. */
  readonly zone: string;
  readonly nowMs: number;
  /** The instant that was asked for. */
  readonly atMs: number | undefined;
}

/** For a person. @param chosen the versions that `--at` means, each of them the first of its dataset */
export function textOf({ found, unasked, byHand }: Search, chosen: readonly Found[], reader: Reader): string {
  return [
    ...headOf(found, chosen, reader),
    found.length === 0 ? "" : tableOf(found, reader),
    ...ways(found),
    ...byHand,
    ...unasked,
    summaryOf(found, unasked, reader),
  ]
    .filter(text => text !== "")
    .join("\n");
}

function headOf(found: readonly Found[], chosen: readonly Found[], reader: Reader): string[] {
  const { atMs, zone } = reader;
  if (atMs === undefined || found.length === 0) return [];
  const asked = localText(atMs, zone);
  if (chosen.length === 0) return [`Nothing is of ${asked} or before.`];
  return chosen.map(
    ({ dataset, takenMs }) =>
      `${dataset}: the newest at or before ${asked} is of ${localText(takenMs, zone)}.`,
  );
}

function tableOf(found: readonly Found[], reader: Reader): string {
  const head = ["#", "taken", "age", "where", "medium", "holds", "state", "back after"];
  const { zone, nowMs } = reader;
  const rows = found.map((each, index) => [
    String(index + 1),
    localText(each.takenMs, zone),
    each.takenMs === undefined ? "-" : formatDuration(Math.max(0, nowMs - each.takenMs)),
    oneLine(`${each.where} (${each.via.at(-1)})`),
    each.medium,
    oneLine(holds(each, zone)),
    each.lacks.length > 0
      ? `LACKS ${oneLine(each.lacks.join("; "))}`
      : each.verified
        ? "compared when made"
        : "-",
    backText(each.backMs),
  ]);
  return tableText(head, rows, reader);
}

function holds({ dataset, below, bytes, there, copied }: Found, zone: string): string {
  if (copied !== undefined && there === undefined) return `what ${copied} had then`;
  if (below === undefined) return bytes === undefined ? `all of ${dataset}` : formatSize(bytes);
  switch (there?.state) {
    case "there":
      return there.isFolder
        ? `a folder, changed ${localText(there.modifiedMs, zone)}`
        : `${formatSize(there.bytes)}, changed ${localText(there.modifiedMs, zone)}`;
    case "unknown":
      return "couldn't be looked at";
    default:
      return `all of ${dataset}: what it has of ${below} is seen once it is brought back`;
  }
}

function backText(ms: number | undefined): string {
  return ms === undefined ? "unknown" : ms === 0 ? "no bytes to wait for" : formatDuration(Math.ceil(ms));
}

/** Each way back once, by the numbers of the versions that it brings. */
function ways(found: readonly Found[]): string[] {
  const numbers = new Map<string, number[]>();
  for (const [index, { restore }] of found.entries()) {
    const text = restoreText(restore);
    numbers.set(text, [...(numbers.get(text) ?? []), index + 1]);
  }
  return [...numbers].map(([text, of]) => `To bring back ${of.join(", ")}:\n${text}`);
}

function summaryOf(found: readonly Found[], unasked: readonly string[], { what, zone }: Reader): string {
  const rest = unasked.length > 0 ? " There may be more: not everybody has answered." : "";
  if (found.length === 0)
    return unasked.length > 0
      ? `No version of ${what} was seen, and not everybody has answered.`
      : `No version of ${what} is there.`;
  return `${counted(found.length, "version")}, the newest first; times are of ${zone}. "back after" is the least that the bytes need.${rest}`;
}

/** What a host has said, as one line of a cell: a newline would pass for another row. */
export function oneLine(text: string): string {
  return text.replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** By the clocks of a zone, with what they are ahead of UTC. */
export function localText(ms: number | undefined, zone: string): string {
  if (ms === undefined) return "not known";
  const local = localTime(ms, zone);
  const minutes = Math.round((local - ms) / 60_000);
  const two = (count: number): string => String(count).padStart(2, "0");
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const text = new Date(local).toISOString().slice(0, 19).replace("T", " ");
  return `${text} ${minutes < 0 ? "-" : "+"}${two(hours)}:${two(rest)}`;
}
