import { Lines } from "./lines";

/** One line of rsync's own report: what it did to an entry. */
export interface RsyncItem {
  readonly kind: "deleted" | "created" | "changed";
  /** Path below the root of the transfer, byte by byte, without a trailing slash; "." for the root itself. */
  readonly path: Buffer;
  readonly isFolder: boolean;
  /** Size of the file whose content is sent; 0 for all else. */
  readonly bytes: number;
  /** rsync's eleven letters, e.g. ">f.st......"; rsync(1), "--itemize-changes". */
  readonly letters: string;
}

/**
 * `--out-format` of the report. rsync escapes line breaks in names, so a line that starts with "|" is an entry's and no
 * name can pose as another line. Without %b and %c, an entry is named before its content is sent.
 */
export const itemFormat = "|%i|%l|%n";

const line = /^\|([^|]{11})\|(\d+)\|(.*)$/s;

export function parseItem(text: string): RsyncItem | undefined {
  const [, letters, size, name] = line.exec(text) ?? [];
  if (letters === undefined || size === undefined || name === undefined) return undefined;
  const isFolder = name.endsWith("/");
  const path = decodeName(isFolder ? name.slice(0, -1) : name);
  if (letters.startsWith("*deleting")) return { kind: "deleted", path, isFolder, bytes: 0, letters };
  const sent = letters.startsWith(">f") || letters.startsWith("<f");
  return {
    kind: letters.slice(2).startsWith("+") ? "created" : "changed",
    ...{ path, isFolder },
    bytes: sent ? Number(size) : 0,
    letters,
  };
}

/** rsync writes a byte that isn't printable as `\#` and three octal digits, and a backslash that starts such a sequence too. */
export function decodeName(name: string): Buffer {
  return Buffer.from(
    name.replace(/\\#([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    "latin1",
  );
}

/** Figures of `--stats`. */
export interface RsyncFigures {
  /** Entries of the source. */
  readonly entries: number;
  readonly created: number;
  /** Those of both that are no folders. */
  readonly files: number;
  readonly createdFiles: number;
  /** Of the files that were sent, whole files counted. */
  readonly bytes: number;
  /** Of all files of the source. */
  readonly totalBytes: number;
  /** What this end put on the wire. */
  readonly wireBytes: number;
}

/**
 * Reads rsync's stdout as it comes, to which the far side can send what it likes, and keeps none of it but the beginning of an
 * unfinished line and the figures of `--stats`.
 */
export function rsyncReport(
  onItem: (item: RsyncItem) => void,
  onText: (line: string) => void = () => undefined,
): {
  add(chunk: Buffer): void;
  stats(): RsyncFigures;
} {
  const figures = {
    entries: 0,
    created: 0,
    files: 0,
    createdFiles: 0,
    bytes: 0,
    totalBytes: 0,
    wireBytes: 0,
  };
  const take = (text: string): void => {
    const item = parseItem(text);
    if (item) onItem(item);
    else {
      readFigure(text, figures);
      onText(text);
    }
  };
  const lines = new Lines(take);
  return { add: chunk => lines.add(chunk), stats: () => figures };
}

function readFigure(text: string, figures: { -readonly [Name in keyof RsyncFigures]: number }): void {
  const [, name, number] = /^([A-Z][a-z ]+): (\d+)/.exec(text) ?? [];
  const value = Number(number);
  // "(reg: 3, dir: 1)"; a kind that there is none of is left out.
  const files = value - Number(/[( ]dir: (\d+)/.exec(text)?.[1] ?? 0);
  if (name === "Number of files") Object.assign(figures, { entries: value, files });
  if (name === "Number of created files") Object.assign(figures, { created: value, createdFiles: files });
  if (name === "Total transferred file size") figures.bytes = value;
  if (name === "Total file size") figures.totalBytes = value;
  if (name === "Total bytes sent") figures.wireBytes = value;
}
