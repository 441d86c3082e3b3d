import { changes, topKey } from "./diff";
import { secret } from "./values";

const asset = (hash: string, path: string) => ({
  "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
  hash,
  path,
});

test("names the single leaf that differs", () => {
  const old = { spec: { rules: [{ expr: "a", for: "1m" }] }, kept: 1 };
  const now = { spec: { rules: [{ expr: "b", labels: {} }] }, kept: 1 };
  expect([...changes(old, now)]).toEqual([
    ["spec.rules[0].expr", "update"],
    ["spec.rules[0].for", "delete"],
    ["spec.rules[0].labels", "add"],
  ]);
});

test("quotes a key that is no identifier", () => {
  const found = changes({ data: { "a.b/c": "1" } }, { data: { "a.b/c": "2" } });
  expect([...found.keys()]).toEqual(['data["a.b/c"]']);
});

test("a secret that holds the same value is no change, one that holds another is", () => {
  expect(changes({ stdin: "x" }, { stdin: secret("x") }).size).toBe(0);
  expect([...changes({ stdin: secret("x") }, { stdin: secret("y") })]).toEqual([["stdin", "update"]]);
});

test("assets differ by content, not by path", () => {
  expect(changes({ source: asset("1", "a") }, { source: asset("1", "b") }).size).toBe(0);
  expect([...changes({ source: asset("1", "a") }, { source: asset("2", "a") })]).toEqual([
    ["source", "update"],
  ]);
});

test.each([
  ["triggers[0]", "triggers"],
  ["connection.host", "connection"],
  ["stdin", "stdin"],
])("the top-level property of %s is %s", (path, key) => expect(topKey(path)).toBe(key));
