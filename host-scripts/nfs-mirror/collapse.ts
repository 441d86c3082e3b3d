import { isLess, isMostlyOther } from "../runtime/collapse";
import { filesIn } from "../runtime/files-in";
import { required } from "../runtime/required";
import { isFolderIn, statIn } from "../runtime/tree-path";
import { type Mirror, serviceOf } from "./mirror";

/** Of a small service, most files may well go in a night. */
const leastLost = 20;
/** A file at the root that is a service of its own, such as the image of a disk, and no note that somebody left there. */
const leastBytes = 1024 * 1024;

/** Why a service counts as gone. One of which most files have another name now is not gone, but renamed. */
export function goneReason(mirror: Mirror, service: string): string | undefined {
  const { source, target, collapse } = mirror.config;
  const moved = new Set(
    (mirror.moves ?? []).map(({ from }) => from).filter(name => serviceOf(name) === service),
  );
  const lost = lostIn(mirror, service);
  const files = lost.filter(name => !isFolderIn(target.path, name)).length;
  if (files <= moved.size) return undefined;
  if (lost.includes(service))
    return isWorthIt(target.path, service) ? "the source lacks all of it" : undefined;
  if (!isFolderIn(source.path, service)) return "the source has something else of that name, no folder";
  if (!holdsFile(source.path, service)) return "the source has its folder, and no file in it any more";
  if (files < leastLost) return undefined;
  const has = countFiles(target.path, service, files / (1 - collapse.leastPercent / 100));
  return isLess(has - files, has, collapse.leastPercent)
    ? `the source lacks ${files} of its files, most of all that it has`
    : undefined;
}

/** Why what the source has of a service now isn't what anybody made of it on an ordinary day. */
export function rewrittenReason(mirror: Mirror, service: string): string | undefined {
  const { target, collapse } = mirror.config;
  const { files, lostBytes } = required(mirror.scan, "scan").rewritten.get(service) ?? {
    files: 0,
    lostBytes: 0,
  };
  if (files === 0) return undefined;
  const image = statIn(target.path, service);
  if (image?.isFile() === true) {
    const bytes = Number(image.size);
    return bytes >= leastBytes && isLess(bytes - lostBytes, bytes, collapse.leastPercent)
      ? `the source has ${bytes - lostBytes} of its ${bytes} bytes`
      : undefined;
  }
  const gone = lostIn(mirror, service).filter(name => !isFolderIn(target.path, name)).length;
  const has = countFiles(target.path, service, (files + gone) / (collapse.mostChangedPercent / 100));
  return isMostlyOther(files + gone, has, collapse.mostChangedPercent)
    ? `${files} of the ${has} files that it has would get another content${gone > 0 ? `, and ${gone} would go` : ""}: overwritten or encrypted by somebody?`
    : undefined;
}

/** What goes of a service, and leaves nothing under another name. */
function lostIn({ scan, moves = [] }: Mirror, service: string): readonly string[] {
  const moved = new Set(moves.map(({ from }) => from));
  return (scan?.listed?.deleted ?? []).filter(name => serviceOf(name) === service && !moved.has(name));
}

function isWorthIt(root: string, name: string): boolean {
  const stat = statIn(root, name);
  return stat?.isDirectory() === true || (stat?.isFile() === true && stat.size >= leastBytes);
}

/** Whether there is any below a folder; none where there is no folder. */
export function holdsFile(root: string, name: string): boolean {
  return isFolderIn(root, name) && countFiles(root, name, 0) > 0;
}

/** @returns one more than `most`, however many there are beyond it */
function countFiles(root: string, name: string, most: number): number {
  const files = filesIn(root, name);
  let found = 0;
  while (found <= most && files.next().done !== true) found += 1;
  files.return();
  return found;
}
