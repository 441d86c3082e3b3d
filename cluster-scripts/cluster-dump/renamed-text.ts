import { Readable } from "node:stream";

/** A head is as long as its comments and settings. */
const longestHead = 65_536;

/**
 * A text of one database of MariaDB's, by which it gets another name: its own is in "CREATE DATABASE" and "USE" of its head, and nowhere
 * else. Names are bytes in latin1.
 */
export function renamedText(content: Readable, from: string, to: string): Readable {
  const [old, other] = [from, to].map(name => `\`${name.replaceAll("`", "``")}\``) as [string, string];
  return Readable.from(rewritten(content, old, other));
}

async function* rewritten(content: Readable, old: string, other: string): AsyncGenerator<Buffer> {
  let head: string | undefined = "";
  for await (const chunk of content) {
    if (head === undefined) {
      yield chunk as Buffer;
      continue;
    }
    head += (chunk as Buffer).toString("latin1");
    const use = `\nUSE ${old};`;
    if (!head.includes(use)) {
      if (head.length > longestHead) break;
      continue;
    }
    const made = `\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ ${old}`;
    const text: string = head
      .replace(made, () => made.replace(old, () => other))
      .replace(use, () => `\nUSE ${other};`);
    yield Buffer.from(text, "latin1");
    head = undefined;
  }
  if (head !== undefined) throw new Error(`its head has no "USE ${old}"`);
}
