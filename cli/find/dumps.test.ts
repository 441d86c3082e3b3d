import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dumpsIn, listDumps } from "./dumps";

let above: string;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), "holdfast-dumps-"));
});
afterEach(() => rmSync(above, { recursive: true }));

test("lists what lies in a folder and in those in it, also below a hidden one, and nothing hidden of its own", () => {
  const folder = join(above, ".dumps");
  for (const name of ["app", ".part"]) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ["one.sql", "app/two.sql", "app/.three.sql", ".part/four.sql", "one.sql.json"]) {
    writeFileSync(join(folder, name), "dump");
    utimesSync(join(folder, name), 1_790_000_000, 1_790_000_000);
  }
  const encoded = execFileSync("sh", ["-c", `{ ${listDumps(folder)}; } | base64 --wrap=0`]).toString();
  const told = dumpsIn(folder, [encoded]);
  const paths = "versions" in told ? told.versions.map(({ path }) => path) : [];
  expect(paths.sort()).toEqual([join(folder, "app/two.sql"), join(folder, "one.sql")]);
});
