import { Lines } from "./lines";
import { decodeName } from "./rsync-items";

/** An entry that rsync could not read or write. */
export interface LackedEntry {
  /** Below the source, byte by byte; absolute for one that lies elsewhere. */
  readonly path: Buffer;
  readonly reason: string;
  /** It went while it was looked at. */
  readonly hasVanished?: boolean;
  /** It is a folder that somebody accepts, and more lies in it than is named. */
  readonly hasMore?: boolean;
}

export interface Lacked {
  /** The first of them, each once. */
  readonly entries: readonly LackedEntry[];
  /** Messages that name no entry, or that were too many: then it isn't known what else is missing. */
  readonly unnamed: readonly string[];
}

/** More are no slip of a single entry: a disk is failing. Of those that somebody accepts, as many are named beside them. */
export const mostNamed = 1000;
const mostUnnamed = 20;

const vanished = /^(?:file|directory) has vanished: "(?<name>.+)"$/;
/** How rsync names one: most messages have it in quotes, and the first name is the entry's own. */
const patterns = [
  vanished,
  /^filename overflows max-path len by \d+: (?<name>.+)$/,
  /^skipping overly long name: (?<name>.+)$/,
  /^could not make way for [^:]+: (?<name>.+)$/,
  /^ERROR: (?<name>.+) failed verification -- update (?:discarded|put into partial-dir)\.$/,
  message(/delete_file: \w+\((?<name>.+)\) failed: .+/),
  message(/[gs]et_acl: sys_acl_\w+\((?<name>.+?)(?:, (?:SMB_)?ACL_TYPE_\w+)?\): .+/),
  // An attribute's name follows; the text of a link, or another name of the file. Its own separator isn't looked for in what follows: a
  // name made of separators took seconds.
  message(/\w+: \w*xattr\("(?<name>.+)",(?:"(?!,")|[^"])+"(?:,\d+)?\) .+/),
  message(/\w+ "(?<name>.+)" (?:->|=>) .+/),
  message(/rename failed for "(?<name>.+)" \(from (?:"(?! \(from ")|[^"])+"\).*/),
  message(/[^"]*"(?<name>.+)"[^"]*/),
];

/** What a process of rsync says of a call that failed. */
function message(text: RegExp): RegExp {
  return new RegExp(`^rsync: (?:\\[\\w+\\] )?${text.source}$`);
}

/** The verdict, which counts what was said before; what follows from it; and a second try that was announced. */
const passedOver = [
  /^IO error encountered -- skipping file deletion$/,
  /^rsync error: some files\/attrs were not transferred/,
  /^WARNING: .+ failed verification/,
  /^\*\*\* Skipping any contents from this failed directory \*\*\*$/,
  /^$/,
];

/**
 * Reads rsync's stderr as it comes: which entries a pass that ended with 23 lacks.
 * @param source as rsync names it
 * @param acceptedOf what somebody accepts as a whole, and an entry is or lies in
 */
export function rsyncErrors(
  source: string,
  acceptedOf: (path: Buffer) => Buffer | undefined = () => undefined,
): { add(chunk: Buffer): void; lacked(): Lacked } {
  const entries = new Map<string, LackedEntry>();
  const named = { accepted: 0, others: 0 };
  const unnamed: string[] = [];
  const take = (line: string): void => {
    if (passedOver.some(pattern => pattern.test(line))) return;
    const name = nameIn(line);
    const path = name === undefined ? undefined : below(source, decodeName(name));
    const accepted = path && acceptedOf(path);
    const kind = accepted ? "accepted" : "others";
    const isMore = named[kind] >= mostNamed;
    const hasVanished = vanished.test(line);
    // What went is lacked by nobody.
    if (isMore && hasVanished) return;
    const told = isMore ? accepted : path;
    if (name !== undefined && told !== undefined) {
      const key = told.toString("latin1");
      // What is said first is the cause of what follows.
      if (entries.has(key)) return;
      named[kind] += 1;
      entries.set(key, {
        ...{ path: told, reason: line.replace(name, "…") },
        ...(hasVanished && { hasVanished }),
        ...(isMore && { hasMore: isMore }),
      });
    } else if (unnamed.length < mostUnnamed) unnamed.push(line.slice(0, 500));
  };
  const lines = new Lines(take);
  return {
    add: chunk => lines.add(chunk),
    lacked() {
      lines.close();
      return { entries: [...entries.values()], unnamed };
    },
  };
}

function nameIn(line: string): string | undefined {
  return patterns.map(pattern => pattern.exec(line)?.groups?.["name"]).find(found => found !== undefined);
}

function below(source: string, path: Buffer): Buffer {
  const root = Buffer.from(source.endsWith("/") ? source : `${source}/`);
  return path.subarray(0, root.length).equals(root) ? path.subarray(root.length) : path;
}
