import type { Answered } from "./kubectl";

/** No list of silences is nearly as long. */
const mostBytes = 16 * 1024 * 1024;

/** What a server has answered; of one that goes on for ever, no more than is worth to be read. */
export async function replyOf(
  status: number,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Answered<{ readonly text: string }>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBytes) return { cause: `its answer is longer than ${mostBytes / 1024 / 1024} MiB` };
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (status >= 200 && status < 300) return { text };
  return { cause: `it answers ${status}: ${inOneLine(text).slice(0, 300)}` };
}

/** What somebody else has written, as a part of a line. */
export function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
