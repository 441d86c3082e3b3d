import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { exampleWith } from "../plan/estate/example";
import type { Context } from "./command";
import { dashboards } from "./commands/dashboards";

let folder: string;
let estate: object;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-dashboards-"));
  estate = exampleWith(() => undefined);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...flags: string[]) {
  writeFileSync(join(folder, "estate.json"), JSON.stringify(estate));
  const words = {
    ...{ estate: "estate.json", to: "boards" },
    ...Object.fromEntries(flags.map(flag => [flag, true])),
  };
  return dashboards.run(dashboards.options.parse(words), { folder } as Context);
}
const at = (name: string): string => join(folder, "boards", name);

const panel = z.object({
  type: z.enum(["row", "table", "text", "timeseries"]),
  title: z.string().min(1),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z
    .array(
      z.object({
        refId: z.string(),
        expr: z.string(),
        datasource: z.object({ uid: z.literal("${datasource}") }),
      }),
    )
    .optional(),
});
const written = z.object({ uid: z.string(), schemaVersion: z.int(), panels: z.array(panel) });

test("an overview and a dashboard for each layer are written, the same to the byte, and checked", async () => {
  expect(await run("check")).toMatchObject({ exitCode: 1 });
  expect(await run()).toMatchObject({ exitCode: 0 });
  const names = readdirSync(join(folder, "boards"));
  expect(names).toContain("holdfast-example-overview.json");
  expect(names).toContain("holdfast-example-nfs-mirror.json");
  const before = names.map(name => readFileSync(at(name), "utf8"));
  expect(await run("check")).toMatchObject({ exitCode: 0 });
  rmSync(join(folder, "boards"), { recursive: true });
  await run();
  expect(names.map(name => readFileSync(at(name), "utf8"))).toEqual(before);
});

test("each panel has its place, and none lies on another", async () => {
  await run();
  for (const name of readdirSync(join(folder, "boards"))) {
    const { panels } = written.parse(JSON.parse(readFileSync(at(name), "utf8")));
    const taken = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect([name, new Set(taken).size]).toEqual([name, taken.length]);
    expect(
      panels.filter(
        ({ type, targets = [] }) => (type === "table" || type === "timeseries") && targets.length === 0,
      ),
    ).toEqual([]);
  }
});

test("the dashboard of a layer that is gone goes, and nobody else's", async () => {
  await run();
  const mine = readFileSync(at("holdfast-example-nfs-mirror.json"), "utf8");
  writeFileSync(at("mine.json"), mine);
  writeFileSync(at("other.json"), "[]");
  estate = exampleWith(({ layers }) => {
    layers["vm-images"] = [];
  });
  const { text } = await run();
  expect(text).toContain("holdfast-example-vm-images.json: removed");
  expect(readdirSync(join(folder, "boards"))).toEqual(expect.arrayContaining(["mine.json", "other.json"]));
});
