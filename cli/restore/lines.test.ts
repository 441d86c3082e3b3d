import { linesOf } from "./lines";

async function* pieces(...texts: readonly (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function linesIn(most: number, ...texts: readonly (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(pieces(...texts), most)) lines.push(line);
  return lines;
}

test("lines come whole, however they are cut into pieces, and the last one without its end too", async () => {
  const [half, rest] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
  expect(await linesIn(100, "a", "b\n\nc", half, rest, "\nd")).toEqual(["ab", "", "cé", "d"]);
  expect(await linesIn(100)).toEqual([]);
});

test("of a line that doesn't end the beginning is kept, and the next one is told", async () => {
  expect(await linesIn(4, "abc", "def", "ghi".repeat(1000), "\nnext\nlonger")).toEqual([
    "abcd",
    "next",
    "long",
  ]);
});
