/** A longer line is none that is looked for: a path has 4096 bytes, which may be escaped as four each, and a name in a tar may have no end. */
export const longestLine = 65_536;

/**
 * Reads lines as they come from somebody who may send one without end, byte by byte as latin1. It keeps the beginning of the one whose
 * end hasn't come yet, and no more.
 */
export class Lines {
  private rest = "";

  /** @param see gets each line once its end has come */
  constructor(
    private readonly see: (line: string) => void,
    private readonly end: "\n" | "\0" = "\n",
  ) {}

  /** Of the line whose end hasn't come yet. */
  get keptBytes(): number {
    return this.rest.length;
  }

  add(chunk: Buffer): void {
    const lines = (this.rest + chunk.toString("latin1")).split(this.end);
    this.rest = (lines.pop() ?? "").slice(0, longestLine);
    for (const line of lines) this.see(line);
  }

  /** What came after the last line's end is the last line. */
  close(): void {
    const last = this.rest;
    this.rest = "";
    this.see(last);
  }
}
