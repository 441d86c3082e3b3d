import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import { withoutAhead } from "../../runtime/clock";
import { errnoOf, type Failure, messageOf, Refusal } from "../../runtime/errors";
import { completeMs } from "../../runtime/generation-time";
import {
  claimPaths,
  type Generation,
  generationIn,
  periodsOf,
  type UnreadFolder,
} from "../../runtime/generations";
import { momentText } from "../../runtime/moment";
import { quoted } from "../../runtime/quoted";
import { ready, shell } from "../../runtime/shell";
import { configurationFolder, configurationName } from "../configuration";
import { rootOf } from "../daily-backup";
import { incompleteFolder, lacksEnding } from "../../runtime/incomplete";
import { readRecords } from "../record";
import { failedFile } from "../sqlite";

/** What is kept of a thing: files of a volume, the databases in it, or the host's own configuration. */
export type Kind = "files" | "databases" | "configuration";

/** A copy that lies on the backup disk. */
export interface KeptCopy extends Generation {
  /** "NAMESPACE/CLAIM", or "configuration". */
  readonly name: string;
  readonly kind: Kind;
  /** When it was complete, epoch ms. */
  readonly completeMs: number;
  /** False where what it lacks keeps it from being one that a restore takes by itself. */
  readonly isComplete: boolean;
  /** What it is known to lack: entries that could not be copied, accepted ones too, and databases that had no good copy then. */
  readonly lacks: readonly Lacking[];
}

export interface Lacking {
  /** As messages show it. */
  readonly path: string;
  readonly reason: string;
}

/** A folder of copies that the disk doesn't show, and what may lie in it. */
export interface UnreadCopies extends UnreadFolder {
  readonly kind: Kind;
  /** Undefined for a folder of all periods. */
  readonly period: string | undefined;
  /** Of those alone that no restore takes by itself. */
  readonly isIncomplete: boolean;
  /** May hold copies of this thing. */
  mayHold(name: string): boolean;
}

export interface KeptCopies {
  /** By name; of each name and kind, the newest first. */
  readonly copies: readonly KeptCopy[];
  readonly unread: readonly UnreadCopies[];
}

/** All that is there. A host that was set up anew knows as much. What can't be read hides no copy that lies elsewhere. */
export function keptCopies(config: DailyBackupConfig): KeptCopies {
  const volumes = rootOf(config, "pvc-data");
  const configuration = rootOf(config, configurationFolder);
  const accepted = acceptedByGeneration(config);
  const unread: UnreadCopies[] = [];
  const below = (kind: Kind, root: string, isIncomplete = false): KeptCopy[] =>
    generationsBelow(config, { kind, root, isIncomplete }, ({ folder, reason }) => {
      if (unread.some(known => known.folder === folder)) return;
      const [period, ...path] = relative(root, folder).split("/").filter(Boolean);
      const mayHold = (name: string): boolean =>
        (kind === "configuration") === (name === configurationName) &&
        path.every((word, at) => name.split("/")[at] === word);
      unread.push({ folder, reason, kind, period, isIncomplete, mayHold });
    });
  const all = [
    ...below("files", volumes).map(copy => ({ ...copy, lacks: accepted.get(copy.identity) ?? [] })),
    ...below("files", join(volumes, incompleteFolder), true),
    ...below("databases", rootOf(config, "sqlite-backup")),
    ...below("configuration", configuration),
    ...below("configuration", join(configuration, incompleteFolder), true),
  ];
  const copies = all.sort(
    (a, b) => compare(a.name, b.name) || compare(order[a.kind], order[b.kind]) || b.completeMs - a.completeMs,
  );
  return { copies, unread };
}

/** What a list or a look at the copies ends with that could not see all of them. */
export function unreadFailure(unread: readonly UnreadCopies[]): Failure | undefined {
  const [first] = unread;
  if (!first) return undefined;
  return {
    failed: `${unread.length} folders of the backup disk can't be read, the first is ${unreadText(first)}`,
    kept: "Whatever lies elsewhere is told here.",
    next: shell`dmesg --level err,warn | tail; ls -la ${first.folder}`,
  };
}

function unreadText({ folder, reason }: UnreadFolder): string {
  return `${quoted(folder)}: ${reason}`;
}

const order = { configuration: 0, files: 1, databases: 2 } as const;

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Place {
  readonly kind: Kind;
  readonly root: string;
  readonly isIncomplete: boolean;
}

function generationsBelow(
  { zone }: DailyBackupConfig,
  { kind, root, isIncomplete }: Place,
  unread: (folder: UnreadFolder) => void,
): KeptCopy[] {
  const seen = (folder: string, read: () => readonly Generation[]): readonly Generation[] => {
    try {
      return read();
    } catch (error) {
      unread({ folder, reason: messageOf(error) });
      return [];
    }
  };
  // Period by period: one that can't be looked at hides no other.
  const all = (every: "day" | "week", path: string): readonly Generation[] =>
    seen(root, () =>
      periodsOf(root, every).flatMap(period =>
        seen(join(root, period, path), () =>
          [generationIn(root, period, path)].filter(found => found !== undefined),
        ),
      ),
    );
  return (["day", "week"] as const).flatMap(every => {
    const paths = kind === "configuration" ? ["."] : claimPaths(root, every, unread).filter(isClaim);
    return paths.flatMap(path =>
      all(every, path).map(generation => ({
        ...generation,
        ...{ kind, name: path === "." ? configurationName : path, isComplete: !isIncomplete },
        completeMs: completeMs(generation, every, zone),
        lacks: isIncomplete ? lacksBeside(generation) : kind === "databases" ? failedIn(generation) : [],
      })),
    );
  });
}

/** Beside an incomplete generation lies its list. */
function isClaim(path: string): boolean {
  return !path.endsWith(lacksEnding) && !path.split("/").some(name => name.startsWith("."));
}

/** What generations lack that are whole but for it, as somebody answered for it; by their identities, as far as it is on record. */
function acceptedByGeneration({ stateDir }: DailyBackupConfig): ReadonlyMap<string, readonly Lacking[]> {
  return new Map(
    [...readRecords(stateDir).values()].flatMap(({ generations, accepted = [] }) => {
      const lacks = accepted.map(({ path, reason }) => ({
        path: quoted(Buffer.from(path, "latin1")),
        reason: `${reason}, which was accepted`,
      }));
      return generations.map(({ identity }): [string, readonly Lacking[]] => [identity, lacks]);
    }),
  );
}

const lackingList = z.array(z.object({ path: z.string(), reason: z.string() }));

function lacksBeside({ folder }: Generation): readonly Lacking[] {
  try {
    return lackingList.parse(JSON.parse(readFileSync(`${folder}${lacksEnding}`, "utf8")));
  } catch {
    return [{ path: "?", reason: "the list of what it lacks can't be read" }];
  }
}

function failedIn({ folder }: Generation): readonly Lacking[] {
  try {
    const names = readFileSync(join(folder, failedFile)).toString("latin1").split("\0").filter(Boolean);
    return names.map(name => ({
      path: quoted(Buffer.from(name, "latin1")),
      reason: "it had no good copy that night; what lies here of it is older",
    }));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    return [{ path: "?", reason: "the list of databases without a copy can't be read" }];
  }
}

/** The scrub's unit of a copy. @param path of its folder below the disk */
export function unitOf(path: string, { kind, name }: Pick<KeptCopy, "kind" | "name">): string {
  const [root = ""] = path.split("/");
  return kind === "configuration" ? root : `${root}/${name}`;
}

/** Those of one thing. @throws {Refusal} when there are none */
export function copiesCalled({ copies, unread }: KeptCopies, name: string): readonly KeptCopy[] {
  const found = copies.filter(copy => copy.name === name);
  if (found.length > 0) return found;
  const hidden = unread.find(({ mayHold }) => mayHold(name));
  if (hidden)
    throw new Refusal(`no copy of ${quoted(name)} can be seen: ${unreadText(hidden)}`, lookAt(hidden));
  throw new Refusal(
    `there is no copy of ${quoted(name)} on the backup disk; expected NAMESPACE/CLAIM or ${configurationName}`,
    "daily-backup list",
  );
}

function lookAt({ folder }: UnreadFolder): string {
  return shell`dmesg --level err,warn | tail; ls -la ${folder}`;
}

/** What is asked for. */
export interface Wanted {
  readonly name: string;
  readonly kind: Kind;
  readonly atMs: number | undefined;
  /** An incomplete one will do. */
  readonly incomplete: boolean;
}

/** The copy that is meant, and what somebody should know of another one. */
export interface Chosen {
  readonly copy: KeptCopy;
  readonly notes: readonly string[];
}

/**
 * The newest copy that is not younger than the time that is asked for. An incomplete one is never taken in silence.
 * @throws {Refusal} where there is none
 */
export function chosenCopy(kept: KeptCopies, { name, kind, atMs, incomplete }: Wanted): Chosen {
  const all = copiesCalled(kept, name).filter(copy => copy.kind === kind);
  const until =
    atMs === undefined
      ? withoutAhead(all, ({ completeMs }) => completeMs)
      : all.filter(({ completeMs }) => completeMs <= atMs);
  const list = shell`daily-backup list ${name}`;
  const oldest = all.at(-1);
  if (!oldest) throw new Refusal(`there is no copy of the ${kind} of ${name} on the backup disk`, list);
  const copy = until.find(({ isComplete }) => isComplete || incomplete);
  const [newest] = until;
  if (!copy) {
    if (newest)
      throw new Refusal(
        `all that there is of ${name} is incomplete: that of ${momentText(newest.completeMs)} lacks ${lackWords(newest)}`,
        shell`${list}   (then, to have what there is: the same with --incomplete)`,
      );
    throw new Refusal(
      `there is no copy of ${name} of ${momentText(atMs ?? 0)} or before: the oldest is of ${momentText(oldest.completeMs)}`,
      list,
    );
  }
  const hidden = kept.unread.find(
    each =>
      each.kind === kind &&
      (incomplete || !each.isIncomplete) &&
      each.mayHold(name) &&
      // Days and weeks can't be compared by their names.
      (each.period?.length !== copy.period.length || each.period > copy.period),
  );
  if (hidden && atMs === undefined)
    throw new Refusal(
      `a newer copy of ${name} than that of ${momentText(copy.completeMs)} may lie where the disk shows nothing: ${unreadText(hidden)}`,
      shell`${ready(lookAt(hidden))}   (or, to have that one: the same with --at ${momentText(copy.completeMs)})`,
    );
  const isNewer = newest && newest !== copy && newest.completeMs > copy.completeMs;
  return {
    copy,
    notes: [
      ...(isNewer
        ? [
            `there is a newer one of ${momentText(newest.completeMs)}, which lacks ${lackWords(newest)}; --incomplete takes it`,
          ]
        : []),
      ...(hidden ? [`a newer one may lie where the disk shows nothing: ${unreadText(hidden)}`] : []),
      ...(copy.lacks.length > 0 ? [`it lacks ${lackWords(copy)}`] : []),
    ],
  };
}

/** "3 entries, first "a/b": …". */
export function lackWords({ lacks, kind }: Pick<KeptCopy, "lacks" | "kind">): string {
  const [first] = lacks;
  const what = kind === "databases" ? "databases" : "entries";
  return first ? `${lacks.length} ${what}, first ${first.path}: ${first.reason}` : "nothing that is known";
}
