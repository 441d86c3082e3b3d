import { EstateInvalid } from "./faults";
import { plainData } from "./plain";

function refused(input: unknown): string {
  try {
    plainData(input);
  } catch (error) {
    if (!(error instanceof EstateInvalid)) throw error;
    return error.faults.map(({ path, value, problem }) => `${path}: ${value} ${problem}`).join("\n");
  }
  throw new Error("nothing was refused");
}

test("plain data is copied; what isn't given is left out", () => {
  const data = { a: [1, "x", true, null, { b: -0.5 }], c: {}, empty: [] };
  expect(plainData({ ...data, d: undefined })).toEqual(data);
  expect(Object.keys(plainData({ d: undefined }) as object)).toEqual([]);
  expect(plainData(undefined)).toBeUndefined();
});

class Estate {
  readonly name = "x";
}
const cycle: Record<string, unknown> = { inner: {} };
cycle["inner"] = { cycle };
let deep: object = {};
for (let depth = 0; depth < 200_000; depth++) deep = { d: deep };
let wide: unknown = "x";
for (let depth = 0; depth < 30; depth++) wide = [wide, wide, wide];

test.each<[string, unknown, RegExp]>([
  ["a cycle", cycle, /^estate\.inner\.cycle: an object that holds itself has no end\. /],
  ["200,000 levels", deep, /it nests more than 32 deep/],
  ["3 to the 30th values", wide, /it holds more than 2 million values\. /],
  ["a function", { a: () => 1 }, /^estate\.a: a function is no data\. /],
  ["NaN", { a: [Number.NaN] }, /^estate\.a\[0\]: NaN is no number that is finite\. /],
  [
    "400 digits",
    JSON.parse(`{"a":${"9".repeat(400)}}`),
    /^estate\.a: Infinity is no number that is finite\. /,
  ],
  ["a BigInt", { a: 10n }, /^estate\.a: 10n is a BigInt, which is no data\. Write 10$/],
  ["a Date", { a: new Date(0) }, /^estate\.a: a Date is no data\. Write its text/],
  ["a Promise", { a: Promise.resolve(1) }, /^estate\.a: a Promise is no data\. Await it$/],
  ["an object of a class", { a: new Estate() }, /^estate\.a: an object of class Estate is no data\. /],
  ["a symbol", { [Symbol("a")]: 1 }, /^estate: an object with a symbol as a name is no data\. /],
  ["a hole", { a: [1, , 2] }, /^estate\.a\[1\]: nothing is an entry of a list\. /],
  [
    "__proto__ in JSON",
    JSON.parse('{"hosts":{"__proto__":{}}}'),
    /^estate\.hosts\.__proto__: the name is one that each JavaScript object has/,
  ],
  [
    "__proto__ in TypeScript",
    { hosts: { __proto__: { pve: {} } } },
    /^estate\.hosts: an object with a prototype is no data\. .*"__proto__"$/,
  ],
  [
    "constructor",
    { hosts: { constructor: {} } },
    /^estate\.hosts\.constructor: the name is one that each JavaScript object has/,
  ],
  [
    "an escape",
    { a: "\u001b[2J" },
    /^estate\.a: "\\u001b\[2J" has the character U\+001B, which acts on a terminal/,
  ],
  ["a bidi mark in a name", { "a\u202e": 1 }, /^estate\["a\\u202e"\]: "a\\u202e" has the character U\+202E/],
])("%s is refused where it stands", (_, input, message) => expect(refused(input)).toMatch(message));

test("a getter that throws is refused, with what it threw", () => {
  const estate = {
    get name(): string {
      throw new Error("no lab\nis up");
    },
  };
  expect(refused(estate)).toBe("estate.name: a getter throws: no lab is up. Write the value itself");
});

test("a Proxy is refused before it is read", () => {
  const estate = {
    hosts: new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("was read");
        },
      },
    ),
  };
  expect(() => plainData(estate, value => value === estate.hosts)).toThrow(
    "estate.hosts: a Proxy is no data. ",
  );
});
