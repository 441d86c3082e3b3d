import fc from "fast-check";
import { bytesOfTyped, noted, notedOfTyped, printable } from "./quoted";

const anyName = fc.uint8Array({ min: 1, max: 255, minLength: 1 }).map(bytes => Buffer.from(bytes));

test("what a message shows names the very same when it is typed", () => {
  fc.assert(fc.property(anyName, name => expect(notedOfTyped(noted(name))).toBe(noted(name))));
});

test("a name that is typed as it is is meant too, unless it holds what looks like a message's way to write a byte", () => {
  const typed = fc.string({ unit: "grapheme" }).filter(text => !text.includes("\\"));
  fc.assert(fc.property(typed, text => expect(notedOfTyped(text)).toBe(noted(text))));
  expect(notedOfTyped("a\\b")).toBe(noted("a\\b"));
  expect(notedOfTyped("caf\\xe9")).toBe(noted(Buffer.from("caf\xe9", "latin1")));
});

test("what is typed means the bytes that it shows", () => {
  fc.assert(fc.property(anyName, name => expect(bytesOfTyped(noted(name)).equals(name)).toBe(true)));
  expect(bytesOfTyped("café a\\b")).toEqual(Buffer.from("café a\\b"));
});

test("two names never look the same", () => {
  fc.assert(fc.property(anyName, anyName, (a, b) => expect(noted(a) === noted(b)).toBe(a.equals(b))));
});

test("what a terminal acts on is shown, and words stay words", () => {
  expect(printable("rsync: \u001b]0;x\u0007\u009b2J \u202egnp.exe\r\n\tüber 日本 🗄\n")).toBe(
    "rsync: \\x1b]0;x\\x07\\xc2\\x9b2J \\xe2\\x80\\xaegnp.exe\\x0d\n\tüber 日本 🗄\n",
  );
});
