import { yamlLocator } from "./places/yaml";

const at = (text: string, ...path: (string | number)[]) => {
  const found = yamlLocator("estate.yaml", text)(path);
  return found && [found.line, found.column];
};

test("a key's place in YAML and JSON is that of the key, an item's that of the item", () => {
  const yaml = "name: home\nservices:\n  books:\n    data:\n      - kind: tree\n      - kind: volume\n";
  expect(at(yaml, "services", "books", "data", 1)).toEqual([6, 9]);
  expect(at(yaml, "services", "books", "data", 1, "kind")).toEqual([6, 9]);
  expect(at(yaml, "services", "books")).toEqual([3, 3]);
  const json = '{\n\t"services": {\n\t\t"bücher \\u0041": { "data": [1, 2] }\n\t}\n}\n';
  expect(at(json, "services", "bücher A", "data", 1)).toEqual([3, 34]);
});

test("what isn't written is told by what it lies in; of what is there twice, the last counts", () => {
  const yaml =
    "base: &base\n  keep: 1\nservices:\n  books:\n    <<: *base\n  vault: *base\n  vault:\n    keep: 2\n";
  expect(at(yaml, "services", "books", "keep")).toEqual([4, 3]);
  expect(at(yaml, "services", "nothing", "deeper")).toEqual([3, 1]);
  expect(at(yaml, "services", "vault", "keep")).toEqual([8, 5]);
  expect(at("a: &x { keep: 1 }\nb: *x\n", "b", "keep")).toEqual([1, 9]);
  expect(at("", "services")).toBeUndefined();
});
