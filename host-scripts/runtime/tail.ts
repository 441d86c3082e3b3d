const headLimit = 2048;
const tailLimit = 4096;

/** First and last part of a stream of any length: the first error is mostly the cause, the last one the verdict. */
export class Tail {
  private head = Buffer.alloc(0);
  private tail = Buffer.alloc(0);
  private dropped = 0;

  add(chunk: Buffer): void {
    const room = headLimit - this.head.length;
    if (room > 0) this.head = Buffer.concat([this.head, chunk.subarray(0, room)]);
    const joined = Buffer.concat([this.tail, chunk.subarray(Math.max(room, 0))]);
    const cut = Math.max(0, joined.length - tailLimit);
    this.dropped += cut;
    this.tail = joined.subarray(cut);
  }

  text(): string {
    const gap = this.dropped > 0 ? `\n... ${this.dropped} bytes left out ...\n` : "";
    return `${this.head.toString()}${gap}${this.tail.toString()}`;
  }
}

/** The first lines of a command's messages, as one. */
export function firstLines(stderr: string): string {
  return stderr.trim().split("\n").slice(0, 6).join("; ");
}
