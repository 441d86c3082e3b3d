/** One line of rsync's own report: what it did to an entry. */
export interface RsyncItem {
  readonly kind: "deleted" | "created" | "changed";
  /** Path below the root of the transfer, byte by byte, without a trailing slash; "." for the root itself. */
  readonly path: Buffer;
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
  const path = decodeName(name.endsWith("/") ? name.slice(0, -1) : name);
  if (letters.startsWith("*deleting")) return { kind: "deleted", path, bytes: 0, letters };
  const sent = letters.startsWith(">f") || letters.startsWith("<f");
  return {
    kind: letters.slice(2).startsWith("+") ? "created" : "changed",
    path,
    bytes: sent ? Number(size) : 0,
    letters,
  };
}

/** rsync writes a byte that isn't printable as `\#` and three octal digits, and a backslash that starts such a sequence too. */
function decodeName(name: string): Buffer {
  return Buffer.from(
    name.replace(/\\#([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    "latin1",
  );
}

/** Reads rsync's stdout as it comes and keeps none of it but an unfinished line and the figures of `--stats`. */
export function rsyncReport(onItem: (item: RsyncItem) => void): {
  add(chunk: Buffer): void;
  stats(): { entries: number; created: number; bytes: number };
} {
  let rest = "";
  const figures = { entries: 0, created: 0, bytes: 0 };
  const take = (text: string): void => {
    const item = parseItem(text);
    if (item) onItem(item);
    else readFigure(text, figures);
  };
  return {
    add(chunk) {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) take(text);
    },
    stats: () => figures,
  };
}

function readFigure(text: string, figures: { entries: number; created: number; bytes: number }): void {
  const [, name, value] = /^([A-Z][a-z ]+): (\d+)/.exec(text) ?? [];
  if (name === "Number of files") figures.entries = Number(value);
  if (name === "Number of created files") figures.created = Number(value);
  if (name === "Total transferred file size") figures.bytes = Number(value);
}
