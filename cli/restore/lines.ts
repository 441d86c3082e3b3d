import { StringDecoder } from "node:string_decoder";

/** More than the longest answer of a program of ours has. */
const mostCharacters = 16 * 2 ** 20;

/** The lines of what comes in pieces. Of one that doesn't end, its beginning alone is kept, whatever comes. */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  most = mostCharacters,
): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder();
  let line = "";
  for await (const piece of pieces) {
    const [first = "", ...more] = decoder.write(piece).split("\n");
    line += first.slice(0, Math.max(0, most - line.length));
    for (const next of more) {
      yield line;
      line = next.slice(0, most);
    }
  }
  if (line !== "") yield line;
}
