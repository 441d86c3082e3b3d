import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { isLess, isMostlyOther, leastCompared } from "../runtime/collapse";
import { filesIn } from "../runtime/files-in";
import { isFolderIn, statIn } from "../runtime/tree-path";
import { namesOf } from "./lacking";
import { type Mirror, serviceOf } from "./mirror";

/** Of a small service, most files may well go in a night. */
const leastLost = 20;
/** A file at the root that is a service of its own, such as the image of a disk, and no note that somebody left there. */
const leastBytes = 1024 * 1024;

const uncounted = "and how many the copy has can't be read";

/** What the source lacks of a service. */
export interface Lacking {
  /** Names that leave nothing under another one. */
  readonly lost: readonly string[];
  /** How many files have another name now. */
  readonly moved: number;
}

/** The same of each service that lacks anything, from one look at what goes. */
export function lackingByService({ scan, moves = [] }: Mirror): ReadonlyMap<string, Lacking> {
  const moved = new Set(moves.map(({ from }) => from));
  const services = new Map<string, { lost: string[]; moved: number }>();
  for (const name of scan?.listed?.deleted ?? []) {
    const service = services.get(serviceOf(name)) ?? { lost: [], moved: 0 };
    services.set(serviceOf(name), service);
    if (moved.has(name)) service.moved += 1;
    else service.lost.push(name);
  }
  return services;
}

/** Why a service counts as gone. One of which most files have another name now is not gone, but renamed. */
export function goneReason(
  { config }: Mirror,
  service: string,
  { lost, moved }: Lacking,
): string | undefined {
  const { source, target, collapse } = config;
  const files = filesOf(target.path, lost);
  if (files <= moved) return undefined;
  if (lost.includes(service))
    return isWorthIt(target.path, service) && !isUnfinished(config, service)
      ? "the source lacks all of it"
      : undefined;
  if (!isFolderIn(source.path, service)) return "the source has something else of that name, no folder";
  const content = contentOf(source.path, service);
  if (content !== "files")
    return `the source has its folder, and no file in it ${content === "none" ? "any more" : "that can be read"}`;
  if (files < leastLost) return undefined;
  const has = countFiles(target.path, service, files / (1 - collapse.leastPercent / 100));
  if (has === undefined) return `the source lacks ${files} of its files, ${uncounted}`;
  return isLess(has - files, has, collapse.leastPercent)
    ? `the source lacks ${files} of its files, most of all that it has`
    : undefined;
}

/** Why what the source has of a service now isn't what anybody made of it on an ordinary day. */
export function rewrittenReason(
  { config, scan }: Mirror,
  service: string,
  lacking: Lacking | undefined,
): string | undefined {
  const { target, collapse } = config;
  const rewritten = scan?.rewritten.get(service);
  if (!rewritten) return undefined;
  const { files, lostBytes } = rewritten;
  const image = statIn(target.path, service);
  if (image?.isFile() === true) {
    const bytes = Number(image.size);
    return bytes >= leastBytes && isLess(bytes - lostBytes, bytes, collapse.leastPercent)
      ? `the source has ${bytes - lostBytes} of its ${bytes} bytes`
      : undefined;
  }
  const share = collapse.mostChangedPercent / 100;
  const gone = filesOf(target.path, lacking?.lost ?? []);
  if (files + gone <= share * leastCompared) return undefined;
  const has = countFiles(target.path, service, (files + gone) / share);
  if (has === undefined) return `the source has other content in ${files} of its files, ${uncounted}`;
  return isMostlyOther(files + gone, has, collapse.mostChangedPercent)
    ? `${files} of the ${has} files that it has would get another content${gone > 0 ? `, and ${gone} would go` : ""}: overwritten or encrypted by somebody?`
    : undefined;
}

/** Whether so many files of a service, in none of which size or time tells, aren't what anybody made of it on an ordinary day. */
export function isMostlyRewritten(
  { target, collapse }: NfsMirrorConfig,
  service: string,
  files: number,
): boolean {
  const most = files / (collapse.mostChangedPercent / 100);
  if (most < leastCompared || !isFolderIn(target.path, service)) return false;
  const has = countFiles(target.path, service, most);
  return has === undefined || isMostlyOther(files, has, collapse.mostChangedPercent);
}

export const anotherSource = "the source is another file system than the one that was mirrored";

/**
 * Why what another disk has of a service isn't what was mirrored: on a new one, workloads make their first files as soon as they are
 * started, also before anybody has brought back what they had. Where most of it is as it was, it was.
 */
export function beganAnewReason(
  { config: { target }, scan }: Mirror,
  service: string,
  lacking: Lacking | undefined,
): string | undefined {
  const { files } = scan?.rewritten.get(service) ?? { files: 0 };
  if (files === 0) return undefined;
  const others = files + filesOf(target.path, lacking?.lost ?? []);
  const has = isFolderIn(target.path, service) ? countFiles(target.path, service, 2 * others) : 1;
  return has === undefined || 2 * others > has
    ? `${anotherSource}, and of the files that it has of this, most are other ones or gone: its workload may have begun anew there`
    : undefined;
}

/** Less than that goes from a service without a question, however small it is: a log, a cache. */
const leastLostBytes = 16 * 1024 * 1024;

/**
 * Why a service counts as gone by its bytes: some have nearly all of them in a few files. What is new there counts, and what has
 * another name by now.
 */
export function lightReason(
  { config: { source, target, collapse }, scan }: Mirror,
  service: string,
  lacking: Lacking | undefined,
): string | undefined {
  const lost = (lacking?.lost ?? []).reduce((sum, name) => sum + bytesOf(target.path, name), 0);
  const less = lost + (scan?.rewritten.get(service)?.lostBytes ?? 0);
  if (less < leastLostBytes || !isFolderIn(source.path, service)) return undefined;
  const has = countBytes(target.path, service, less / (1 - collapse.leastPercent / 100));
  if (has === undefined) return `the source lacks ${less} bytes of it, ${uncounted}`;
  const now = countBytes(source.path, service, has);
  if (now === undefined) return `the source lacks ${less} bytes of it, and how many it has can't be read`;
  return isLess(now, has, collapse.leastPercent)
    ? `the source has ${now} bytes of it, and the copy ${has}`
    : undefined;
}

/** Holes hold nothing. */
function bytesOf(root: string, name: string): number {
  const stat = statIn(root, name);
  return stat?.isFile() === true ? Math.min(Number(stat.size), Number(stat.blocks) * 512) : 0;
}

function filesOf(root: string, names: readonly string[]): number {
  return names.filter(name => !isFolderIn(root, name)).length;
}

function isWorthIt(root: string, name: string): boolean {
  const stat = statIn(root, name);
  return stat?.isDirectory() === true || (stat?.isFile() === true && stat.size >= leastBytes);
}

/**
 * What a copy that was cut left of a file of the source, which that file's next copy doesn't take up again.
 * rsync writes "NAME" as ".NAME.XXXXXX", readable for root alone; rsync(1), "--temp-dir".
 */
export function isUnfinished(config: NfsMirrorConfig, path: string): boolean {
  const left = statIn(config.target.path, path);
  if (left?.isFile() !== true || left.uid !== 0n || (left.mode & 0o777n) !== 0o600n) return false;
  return namesOf(config, path).some(name => {
    const file = name === path ? undefined : statIn(config.source.path, name);
    return file?.isFile() === true && left.size <= file.size;
  });
}

/** What is below a folder; "unread" where no file was found and some of it can't be read. Nothing is where there is no folder. */
export function contentOf(root: string, name: string): "files" | "none" | "unread" {
  if (!isFolderIn(root, name)) return "none";
  const found = countFiles(root, name, 0);
  if (found === undefined) return "unread";
  return found > 0 ? "files" : "none";
}

/** @returns more than `most`, however many there are beyond it; undefined when some can't be read, and it may be either */
function countFiles(root: string, name: string, most: number): number | undefined {
  return sumOver(root, name, most, () => 1);
}

function countBytes(root: string, name: string, most: number): number | undefined {
  return sumOver(root, name, most, file => bytesOf(root, file));
}

function sumOver(
  root: string,
  name: string,
  most: number,
  valueOf: (file: string) => number,
): number | undefined {
  let isWhole = true;
  let sum = 0;
  const unread = (): void => void (isWhole = false);
  for (const file of filesIn(root, name, unread)) {
    sum += valueOf(file);
    if (sum > most) return sum;
  }
  return isWhole ? sum : undefined;
}
