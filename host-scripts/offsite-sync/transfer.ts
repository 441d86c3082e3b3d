import { join } from "node:path";
import { isPeriodName } from "../runtime/generations";
import { withPathList } from "../runtime/path-list";
import type { RsyncPass } from "../runtime/rsync";
import { patternOf } from "../runtime/rsync";
import { itemFormat, parseItem, type RsyncItem } from "../runtime/rsync-items";
import { firstLines } from "../runtime/tail";
import { isFolderIn, statIn } from "../runtime/tree-path";
import { entriesOf } from "../runtime/open-folder";
import type { Leg, Offsite, Part } from "./offsite";
import { doubtTimes, writeThere } from "./on-disk";
import { paced } from "./paced";
import {
  anyOwn,
  neverSent,
  offsiteMetadata,
  partialFolder,
  remotePath,
  type RemoteOptions,
  remoteRsync,
} from "./remote";

/** One folder that is brought to another, or some of what lies in it. */
export interface Transfer {
  readonly from: string;
  /** Below the module. */
  readonly to: string;
  readonly filters: readonly string[];
  /** Names below `from`, byte by byte as latin1; all of it unless given. */
  readonly only?: { readonly names: readonly string[]; readonly deep: boolean };
  /** Names of it that are left alone, the same way. */
  readonly without?: readonly string[];
  /** What is sent is packed on its way. */
  readonly isPacked?: boolean;
  /** Earlier generations there, by their paths from `to`: what hasn't changed since is a hard link to theirs. */
  readonly linked: readonly string[];
}

/** Where a part is here, and there below the module. */
export function placeOfPart({ leg, folder }: Pick<Part, "leg" | "folder">): { from: string; to: string } {
  return folder === undefined
    ? { from: leg.from, to: leg.to }
    : { from: join(leg.from, folder), to: `${leg.to}/${folder}` };
}

/** Name below a leg of what lies below a transfer, byte by byte as latin1. */
export function nameInLeg(leg: Leg, { from }: Transfer, name: string): string {
  const above = Buffer.from(from.slice(leg.from.length + 1)).toString("latin1");
  return above === "" ? name : `${above}/${name}`;
}

/** Some files of a leg, wherever in it they lie. */
export function wholeLeg(leg: Leg, names: readonly string[]): Transfer {
  return { from: leg.from, to: leg.to, filters: neverSent, linked: [], only: { names, deep: false } };
}

/** What takes part in a removal: all that is sent. What is left of a file that was cut goes with the folder that it lies in. */
export function goneFilters(part: Part): string[] {
  const own = neverSent.filter(filter => filter !== anyOwn);
  const unsent = part.folder === undefined ? treeFilters(part) : unfinished.map(name => `--exclude=/${name}`);
  return [...own, `--filter=-p ${partialFolder}`, ...unsent];
}

/** What a part takes, one after the other. */
export function transfersOf(part: Part): Transfer[] {
  const { leg, folder, todo } = part;
  if (todo.kind === "nothing") return [];
  const { from, to } = placeOfPart(part);
  const filters = [...neverSent, ...(folder === undefined ? treeFilters(part) : [])];
  // The job that keeps generations there may not have made the first one yet.
  if (folder !== undefined && !isFolderIn(from, ".")) return [];
  if (folder !== undefined) {
    // Its own owner and mode are no generation's, and the rest of the leg leaves it out.
    const own = wholeLeg(leg, [Buffer.from(folder).toString("latin1")]);
    return [...(todo.kind === "all" ? [own] : []), ...generations({ from, to, filters, linked: [] }, todo)];
  }
  if (todo.kind === "all") return [{ from, to, filters, linked: [] }];
  const { paths, subtrees } = todo;
  return [
    ...(paths.length > 0 ? [{ from, to, filters, linked: [], only: { names: paths, deep: false } }] : []),
    ...(subtrees.length > 0
      ? [{ from, to, filters, linked: [], only: { names: subtrees, deep: true } }]
      : []),
  ];
}

/** All of a leg but its folders of generations, what it leaves out, and what it doesn't carry. */
function treeFilters({ leg }: Part): string[] {
  const { excludes, only } = leg;
  const folders = leg.generations.map(generation => generation.folder);
  const entry = (name: string): string => patternOf(name);
  return [
    ...[...folders, ...excludes].map(name => `--exclude=${entry(name)}`),
    ...(only ? [...only.map(name => `--include=${entry(name)}`), "--exclude=/*"] : []),
  ];
}

/** As many as rsync takes, and more than anybody keeps of one thing. */
const mostLinked = 20;

function generations(base: Transfer, todo: Exclude<Part["todo"], { kind: "nothing" }>): Transfer[] {
  const names = entriesOf(base.from);
  const periods = names.filter(isPeriodName).sort();
  const found: Transfer[] = [];
  const list = todo.kind === "list" ? [...todo.paths, ...todo.subtrees] : undefined;
  for (const [index, period] of periods.entries()) {
    const asked = list?.filter(name => name === period || name.startsWith(`${period}/`));
    if (asked?.length === 0) continue;
    const inside = asked?.map(name => name.slice(period.length + 1));
    found.push({
      ...{ from: join(base.from, period), to: `${base.to}/${period}`, filters: base.filters },
      linked: periods
        .slice(Math.max(0, index - mostLinked), index)
        .reverse()
        .map(earlier => `../${earlier}`),
      ...(inside && !inside.includes("") && { only: { names: inside, deep: true } }),
    });
  }
  const others = names.filter(name => !isPeriodName(name) && !unfinished.includes(name));
  const asked = list?.filter(name => others.includes(name.split("/", 1)[0] ?? "")) ?? others;
  if (asked.length > 0) found.push({ ...base, only: { names: asked, deep: true } });
  return found;
}

/** What is being built, and what nobody wants any more. */
export const unfinished = [".part", ".trash"];

/** Sends it, or with other arguments looks how it differs. */
export async function pass(
  run: Offsite,
  transfer: Transfer,
  how: readonly string[],
  onItem: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  return start(run, transfer, how, onItem, {});
}

/** The same, with the MD5 of each file that was sent or compared by content. @param timeoutMs it is stopped then */
export async function passWithSums(
  run: Offsite,
  transfer: Transfer,
  how: readonly string[],
  onItem: (item: RsyncItem, md5: string | undefined) => void,
  timeoutMs = run.config.budgetMs,
): Promise<RsyncPass> {
  return start(run, transfer, [`--out-format=${sumFormat}`, ...how], () => undefined, {
    timeoutMs,
    // What is agreed on otherwise is another one for each two versions, and a server as old as a NAS's knows no option for it.
    env: { RSYNC_CHECKSUM_LIST: "md5" },
    onText(line) {
      const [, md5 = "", rest = ""] = /^#([0-9a-f ]{32})(\|.*)$/s.exec(line) ?? [];
      const item = parseItem(rest);
      if (item) onItem(item, md5.trim() === "" ? undefined : md5);
    },
  });
}

/** As `itemFormat`, and no line of it. */
const sumFormat = `#%C${itemFormat}`;

async function start(
  run: Offsite,
  { from, to, filters, only, without = [], isPacked = false, linked }: Transfer,
  how: readonly string[],
  onItem: (item: RsyncItem) => void,
  options: Omit<RemoteOptions, "cwd">,
): Promise<RsyncPass> {
  // A look sends no file.
  const isLook = how.includes("--dry-run");
  const sendList = async (
    list: readonly string[],
    limit: readonly string[],
    timeoutMs: number,
  ): Promise<RsyncPass> => {
    const start = async (packing: readonly string[]): Promise<RsyncPass> => {
      const done = await (isLook ? remoteRsync : writeThere)(
        run,
        [
          ...offsiteMetadata,
          ...[`--partial-dir=${partialFolder}`, ...filters, ...linked.map(folder => `--link-dest=${folder}`)],
          ...[...packing, ...list, ...limit, ...how],
          ...["--", "./", `${remotePath(run.config, to)}/`],
        ],
        { cwd: from, leaveAlone: without, ...options, timeoutMs },
        onItem,
      );
      doubtTimes(run, done);
      return done;
    };
    if (!isPacked || isLook) return start([]);
    // One that rsync has known since 3.1.1, at both ends by the same library.
    const sent = await start(["--new-compress", "--compress-level=1"]);
    if (!/refuse --(?:new-)?compress/.test(sent.result.stderr)) return sent;
    run.log.warn(
      `${run.config.destination.name} takes nothing that is packed (${firstLines(sent.result.stderr)}): holes of large files go there as zeros`,
    );
    return start([]);
  };
  const { timeoutMs = run.config.budgetMs } = options;
  const withList = (list: readonly string[]): Promise<RsyncPass> =>
    isLook ? sendList(list, [], timeoutMs) : paced(run, timeoutMs, (limit, ms) => sendList(list, limit, ms));
  if (!only) return withList([]);
  return withPathList(run.config.stateDir, only.names, list =>
    withList([...list, ...(only.deep ? ["--recursive"] : [])]),
  );
}

/**
 * Makes files of their own of those that share one with an earlier generation there, and get another owner or mode: rsync gives it to
 * the file that all of them share.
 */
export async function splitChanged(
  run: Offsite,
  transfer: Transfer,
  onItem: (item: RsyncItem) => void,
): Promise<RsyncPass | undefined> {
  if (transfer.linked.length === 0) return undefined;
  const names: string[] = [];
  const looked = await pass(run, { ...transfer, linked: [] }, ["--existing", "--dry-run"], item => {
    if (/^\.f(?!\.*$)/.test(item.letters)) names.push(item.path.toString("latin1"));
  });
  // A generation that isn't there yet shares nothing.
  if (looked.outcome !== "complete" && looked.outcome !== "vanished")
    return isMissing(looked) ? undefined : looked;
  if (names.length === 0) return undefined;
  return pass(run, { ...transfer, linked: [], only: { names, deep: false } }, ["--ignore-times"], onItem);
}

function isMissing({ result }: RsyncPass): boolean {
  return /No such file or directory/.test(result.stderr);
}

/** @returns the size of a file that is one with that of the generation before it, 0 for any other */
export function bytesOfEarlier({ from, linked }: Transfer, name: string): number {
  const [earlier] = linked;
  if (earlier === undefined) return 0;
  const [file, other] = [statIn(from, name), statIn(join(from, earlier), name)];
  return file && other && file.ino === other.ino && file.dev === other.dev ? Number(file.size) : 0;
}

/** Whether a file is still what it was when a transfer began. */
export function isAsBefore({ from }: Transfer, name: string, sinceMs: number): boolean {
  const stat = statIn(from, name);
  return stat !== undefined && Number(stat.ctimeMs) < sinceMs;
}
