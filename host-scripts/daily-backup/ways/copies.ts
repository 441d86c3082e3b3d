import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import { withoutAhead } from "../../runtime/clock";
import { errnoOf, Refusal } from "../../runtime/errors";
import { completeMs } from "../../runtime/generation-time";
import { claimPaths, type Generation, generationsOf } from "../../runtime/generations";
import { momentText } from "../../runtime/moment";
import { quoted } from "../../runtime/quoted";
import { shell } from "../../runtime/shell";
import { configurationFolder, configurationName } from "../configuration";
import { rootOf } from "../daily-backup";
import { incompleteFolder } from "../incomplete";
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

/** All that is there, by name; of each name and kind, the newest first. A host that was set up anew knows as much. */
export function keptCopies(config: DailyBackupConfig): KeptCopy[] {
  const volumes = rootOf(config, "pvc-data");
  const accepted = acceptedByGeneration(config);
  const all = [
    ...generationsBelow(config, "files", volumes).map(copy => ({
      ...copy,
      lacks: accepted.get(copy.identity) ?? [],
    })),
    ...generationsBelow(config, "files", join(volumes, incompleteFolder), true),
    ...generationsBelow(config, "databases", rootOf(config, "sqlite-backup")),
    ...generationsBelow(config, "configuration", rootOf(config, configurationFolder)),
  ];
  return all.sort(
    (a, b) => compare(a.name, b.name) || compare(order[a.kind], order[b.kind]) || b.completeMs - a.completeMs,
  );
}

const order = { configuration: 0, files: 1, databases: 2 } as const;

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function generationsBelow(
  { zone }: DailyBackupConfig,
  kind: Kind,
  root: string,
  isIncomplete = false,
): KeptCopy[] {
  return (["day", "week"] as const).flatMap(every => {
    const paths = kind === "configuration" ? ["."] : claimPaths(root, every).filter(isClaim);
    return paths.flatMap(path =>
      generationsOf(root, path, every).map(generation => ({
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
  return !path.endsWith(".lacks.json") && !path.split("/").some(name => name.startsWith("."));
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
    return lackingList.parse(JSON.parse(readFileSync(`${folder}.lacks.json`, "utf8")));
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
export function copiesCalled(copies: readonly KeptCopy[], name: string): readonly KeptCopy[] {
  const found = copies.filter(copy => copy.name === name);
  if (found.length > 0) return found;
  throw new Refusal(
    `there is no copy of ${quoted(name)} on the backup disk; expected NAMESPACE/CLAIM or ${configurationName}`,
    "daily-backup list",
  );
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
export function chosenCopy(copies: readonly KeptCopy[], { name, kind, atMs, incomplete }: Wanted): Chosen {
  const all = copiesCalled(copies, name).filter(copy => copy.kind === kind);
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
  const isNewer = newest && newest !== copy && newest.completeMs > copy.completeMs;
  return {
    copy,
    notes: [
      ...(isNewer
        ? [
            `there is a newer one of ${momentText(newest.completeMs)}, which lacks ${lackWords(newest)}; --incomplete takes it`,
          ]
        : []),
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
