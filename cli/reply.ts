import { bodyWithin } from "../plan/contracts/body-within";
import type { Answered } from "./answered";

/** No list of silences is nearly as long. */
const mostBytes = 16 * 1024 * 1024;

/** What a server has answered. */
export async function replyOf(
  status: number,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Answered<{ readonly text: string }>> {
  const text = await bodyWithin(body, mostBytes);
  if (text === undefined) return { cause: `its answer is longer than ${mostBytes / 1024 / 1024} MiB` };
  if (status >= 200 && status < 300) return { text };
  return { cause: `it answers ${status}: ${inOneLine(text).slice(0, 300)}` };
}

/** What somebody else has written, as a part of a line. */
export function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
