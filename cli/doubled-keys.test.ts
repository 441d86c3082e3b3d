import { doubledKeys } from "./doubled-keys";

const doubledIn = (text: string) => doubledKeys(text, JSON.parse(text));

test("names the key, where its object stands and both lines", () =>
  expect(
    doubledIn(`{
  "services": {
    "books": { "data": [1, { "a": ",", "b": "}\\"{" }] },
    "books": { "data": [] }
  },
  "hosts": [{}, { "x": 1,
    "x": 2 }]
}`),
  ).toEqual([
    { key: "books", path: ["services"], lines: [3, 4] },
    { key: "x", path: ["hosts", 1], lines: [6, 7] },
  ]));

test("one key in two objects, a value like a key and an escaped name are no doubles", () => {
  expect(doubledIn('{"a":{"a":"a"},"b":["a","a"],"c":{}}')).toEqual([]);
  expect(doubledIn('{"a":1,"\\u0061":2}')).toEqual([{ key: "a", path: [], lines: [1, 1] }]);
});

test("a colon that is escaped doesn't stand for that of a key", () =>
  expect(doubledIn('{"a":1,"a":"\\u003a"}')).toEqual([{ key: "a", path: [], lines: [1, 1] }]));
