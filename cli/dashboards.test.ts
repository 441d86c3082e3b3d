import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { exampleWith } from "../plan/estate/example";
import type { Context } from "./command";
import { dashboards } from "./commands/dashboards";
import { chart } from "./dashboards/chart";

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

/** Runs the command where a Prometheus has a line for each range and a row for each instant. @param refused a word that it can't evaluate */
async function pageOf(page: string, refused = ""): Promise<{ text: string; exitCode: number }> {
  writeFileSync(join(folder, "estate.json"), JSON.stringify(estate));
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const query = searchParams.get("query") ?? "";
    if (refused !== "" && query.includes(refused)) {
      response.writeHead(422).end(JSON.stringify({ error: "no such function" }));
      return;
    }
    const [metric, atS] = [{ job: "<nfs-mirror>", instance: "pve" }, Number(searchParams.get("end"))];
    const data =
      pathname === "/api/v1/query"
        ? { resultType: "vector", result: [{ metric, value: [Number(searchParams.get("time")), "+Inf"] }] }
        : {
            resultType: "matrix",
            result: [
              {
                metric,
                values: [
                  [atS - 86_400, "1"],
                  [atS - 84_600, "2"],
                  [atS, "3"],
                ],
              },
            ],
          };
    response.end(JSON.stringify({ status: "success", data }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const prometheus = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const nowMs = Date.UTC(2026, 10, 30, 10, 7);
    const words = dashboards.options.parse({ estate: "estate.json", page, prometheus });
    return await dashboards.run(words, { folder, nowMs } as Context);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("the overview is a page with each of its panels drawn, a gap where nothing was told, and texts of series as texts", async () => {
  expect(await pageOf("overview.html")).toMatchObject({ exitCode: 0 });
  const html = readFileSync(join(folder, "overview.html"), "utf8");
  await run();
  const { panels } = written.parse(JSON.parse(readFileSync(at("holdfast-example-overview.json"), "utf8")));
  for (const { title } of panels) expect(html).toContain(`>${title}</h`);
  const charts = panels.filter(({ type }) => type === "timeseries").length;
  expect(html.match(/role="img"/g)).toHaveLength(charts);
  // Half an hour later, and then a day later.
  expect(html).toMatch(/d="M[\d.]+ [\d.]+h\.1L[\d.]+ [\d.]+M[\d.]+ [\d.]+h\.1"/);
  expect(html).toContain('<span class="mark broken">✗ ∞</span>');
  expect(html).toContain("&lt;nfs-mirror&gt;");
  expect(html).not.toContain("<nfs-mirror>");
  // The next one takes its place, and nobody else's.
  expect(await pageOf("overview.html")).toMatchObject({ exitCode: 0 });
  writeFileSync(join(folder, "mine.html"), "mine");
  await expect(pageOf("mine.html")).rejects.toThrow(
    /^--page: ".*mine.html" was not written by "holdfast dashboards"/,
  );
  expect(readFileSync(join(folder, "mine.html"), "utf8")).toBe("mine");
});

test("what Prometheus doesn't answer is told on the page and beside it", async () => {
  const { text, exitCode } = await pageOf("overview.html", "max_over_time");
  expect(exitCode).toBe(3);
  expect(text).toContain("no such function");
  expect(readFileSync(join(folder, "overview.html"), "utf8")).toMatch(
    /<p class="broken">[^<]*no such function/,
  );
});

test("files or a page are asked for, one of the two, and a page of where Prometheus answers", async () => {
  writeFileSync(join(folder, "estate.json"), JSON.stringify(estate));
  const called = (words: object) =>
    dashboards.run(dashboards.options.parse({ estate: "estate.json", ...words }), { folder } as Context);
  await expect(called({})).rejects.toThrow("expected one of two: --to");
  await expect(called({ to: "boards", page: "a.html" })).rejects.toThrow("expected one of two: --to");
  await expect(called({ page: "a.html" })).rejects.toThrow("nothing says where Prometheus answers");
});

test("lines with more points together than a call takes words are drawn", () => {
  const points = Array.from({ length: 200_000 }, (_, index) => [index, index % 3] as const);
  const span = { fromS: 0, toS: 200_000, stepS: 1 };
  expect(chart([{ name: "many", points }], "count", span, "UTC")).toContain("many</span> <b>1</b>");
});
