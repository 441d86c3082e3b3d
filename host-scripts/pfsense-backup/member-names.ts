/** A longer name is none that is looked for: a tar may hold names without end, which would be kept anew with each piece of them. */
export const longestName = 65_536;

/** Reads what tar lists, a name a line, as it comes; it keeps as much of a name as one that is looked for may have, and no more. */
export class MemberNames {
  private rest = "";

  /** @param see gets each name as it is listed, byte by byte as latin1 */
  constructor(private readonly see: (name: string) => void) {}

  /** Of the name whose end hasn't come yet. */
  get keptBytes(): number {
    return this.rest.length;
  }

  add(chunk: Buffer): void {
    const lines = (this.rest + chunk.toString("latin1")).split("\n");
    this.rest = (lines.pop() ?? "").slice(0, longestName);
    lines.forEach(this.see);
  }
}
