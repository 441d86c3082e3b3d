import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { exampleEstate } from "../plan/estate/example";
import { readEstate } from "./estate-source";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-yaml-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string, name = "estate.yaml", estate: string | undefined = name) {
  writeFileSync(join(folder, name), text);
  return readEstate({ estate }, { folder, evaluate: () => Promise.reject(new Error("no TypeScript here")) });
}

const yaml = (more: object = {}): string => stringify({ ...exampleEstate(), ...more });

test("an estate in YAML is the one in JSON, and may name its schema", async () => {
  const same = await read(JSON.stringify(exampleEstate()), "estate.json");
  expect(await read(yaml())).toEqual(same);
  const $schema = "./node_modules/holdfast/docs/estate.schema.json";
  expect(await read(yaml({ $schema }))).toEqual({ ...same, $schema });
  expect(await read(JSON.stringify({ ...exampleEstate(), $schema }), "named.json")).toEqual({
    ...same,
    $schema,
  });
});

test("where nothing is named, the folder's own estate.yaml is taken, or estate.yml", async () => {
  writeFileSync(join(folder, "estate.yml"), yaml({ name: "short" }));
  const place = { folder, evaluate: () => Promise.reject(new Error("no TypeScript here")) };
  expect((await readEstate({}, place)).name).toBe("short");
  writeFileSync(join(folder, "estate.yaml"), yaml({ name: "long" }));
  expect((await readEstate({}, place)).name).toBe("long");
});

test("anchors and merge keys bring what they name", async () => {
  const [merged] = [
    yaml().replace("  etcd:\n    data:", "  etcd:\n    <<: &same { needs: [pfsense] }\n    data:"),
  ];
  expect((await read(merged)).services["etcd"]?.needs).toEqual(["pfsense"]);
});

test.each([
  [
    "a key that is there twice",
    () => `${yaml()}name: again\n`,
    /can't be loaded: .*Map keys must be unique at line \d+, column 1\. Nothing was changed/,
  ],
  [
    "a tag that nobody knows",
    () => yaml().replace("name: example", "name: !include other.yaml"),
    /Unresolved tag: !include at line 1, column 7/,
  ],
  ["a second document", () => `${yaml()}---\n${yaml()}`, /multiple documents/],
  ["a key that is no text", () => `${yaml()}? [a, b]\n: 1\n`, /can't be loaded: .* line \d+/],
  [
    "an indentation that is no YAML",
    () => yaml().replace("zone:", "  zone:"),
    /can't be loaded: .* at line \d+, column \d+\. Nothing/,
  ],
  [
    "a list that multiplies itself",
    () =>
      `a: &a [x, x, x, x, x, x, x, x, x]\n${[..."bcdefgh"].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefg"[index]}`).join(", ")}]`).join("\n")}\n`,
    /Excessive alias count/,
  ],
  [
    "a date that YAML 1.1 would turn",
    () =>
      yaml({
        waivers: [{ code: "a/b", subject: "x", reason: "it is so", owner: "me", expires: "2027-13-01" }],
      }),
    /waivers\[0\]\.expires: "2027-13-01"/,
  ],
])("%s is refused in words", async (_, text, message) => {
  await expect(read(text())).rejects.toThrow(message);
});
