import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../log";
import { volumesIn } from "./persistent-volumes";
import { keptMap, type KnownVolumes } from "./volume-map";

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "holdfast-volume-map-")), "volume-map.json");
});
afterEach(() => rmSync(join(file, ".."), { recursive: true }));

const claim = (name: string) => ({ namespace: "app", name });
const notes: string[] = [];

/** A run's map, when the API names these volumes. */
function mapOf(...volumes: readonly string[]): Promise<KnownVolumes> {
  const map = new Map(volumes.map(name => [name, claim(name)]));
  return keptMap(file, async () => map, createLog("test", { json: true, progress: false }), notes);
}

test.each([
  ["no volume at all", []],
  ["other volumes", ["x", "y", "z"]],
  ["less than half of them", ["a", "x"]],
])("an API that names %s doesn't overwrite what was known", async (_, volumes) => {
  await mapOf("a", "b", "c");
  const before = readFileSync(file, "utf8");
  const { map, isCurrent } = await mapOf(...volumes);
  expect([...map.keys()]).toEqual(["a", "b", "c"]);
  expect(isCurrent).toBe(false);
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(notes.at(-1)).toContain("the map of an earlier run is used (3 volumes)");
});

test("a volume that has lost its claim goes on under it; one that never had one has none", async () => {
  await mapOf("a", "b");
  const answer = new Map([
    ["a", claim("a")],
    ["b", undefined],
    ["c", undefined],
  ] as const);
  const log = createLog("test", { json: true, progress: false });
  for (const night of [1, 2]) {
    const { map, isCurrent } = await keptMap(file, async () => answer, log, notes);
    expect([night, isCurrent, [...map]]).toEqual([
      night,
      true,
      [
        ["a", claim("a")],
        ["b", claim("b")],
      ],
    ]);
    expect(notes.at(-1)).toBe("b belongs to no claim any more, and goes on as app/b");
  }
});

test("volumes come and go", async () => {
  await mapOf("a", "b", "c");
  expect([...(await mapOf("b", "c", "d")).map.keys()]).toEqual(["b", "c", "d"]);
  expect(await mapOf("c", "d")).toMatchObject({ isCurrent: true });
});

test("a page of a list is not taken for the list", () => {
  const page = { metadata: { continue: "next" }, items: [] };
  expect(() => volumesIn(page)).toThrow();
  expect(volumesIn({ metadata: { continue: "" }, items: [] })).toEqual([]);
});
