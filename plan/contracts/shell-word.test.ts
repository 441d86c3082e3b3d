import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { shellWord } from "./shell-word";

/** What a shell takes words for, byte by byte. */
function taken(words: readonly string[], shell = ["bash", "-c"]): Buffer[] {
  const [program = "", ...args] = shell;
  const given = execFileSync(program, [...args, `printf '%s\\0' ${words.join(" ")}`]);
  return given
    .toString("latin1")
    .split("\0")
    .slice(0, -1)
    .map(word => Buffer.from(word, "latin1"));
}

const strange = [
  "",
  "café",
  "-x",
  "--",
  "$(touch PWNED)",
  "`id`",
  'a"b$HOME',
  "it's",
  "a\\b",
  "a\\'b!!",
  "line\nbreak",
  "~",
  "*",
  "a b",
  "#",
  "!ü",
  "\u001b]0;title\u0007",
].map(name => Buffer.from(name));

test("bash takes each word for the very bytes that it was made of", () => {
  const made = fc.sample(fc.uint8Array({ min: 1, max: 255, maxLength: 40 }), { numRuns: 1000, seed: 1 });
  const ascii = fc
    .sample(fc.string({ maxLength: 20 }), { numRuns: 1000, seed: 1 })
    .filter(text => !text.includes("\0"));
  const all = [...strange, ...made.map(bytes => Buffer.from(bytes)), ...ascii.map(text => Buffer.from(text))];
  expect(taken(all.map(shellWord))).toEqual(all);
});

test("what is printable is a word for any shell, and safe words stay as they are", () => {
  const printable = ["it's", "a b", "$(id)", 'a"b', "-x", "", "*"];
  expect(taken(printable.map(shellWord), ["sh", "-c"])).toEqual(printable.map(text => Buffer.from(text)));
  expect(["/srv/nfs", "app/data", "UUID=0a-1", "root@pve:22"].map(shellWord).join(" ")).toBe(
    "/srv/nfs app/data UUID=0a-1 root@pve:22",
  );
});

test("a terminal gets nothing but printable ASCII of it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ min: 1, max: 255 }), bytes => {
      expect(shellWord(Buffer.from(bytes))).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
});
