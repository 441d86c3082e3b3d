import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "../../plan/contracts/dump-manifest";
import type { Versions } from "../../plan/contracts/versions";
import { dumpsIn, listDumps } from "./dumps";

let above: string;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), "holdfast-dumps-"));
});
afterEach(() => rmSync(above, { recursive: true }));

function listed(folder: string): Versions["versions"] {
  const encoded = execFileSync("sh", ["-c", `{ ${listDumps(folder)}; } | base64 --wrap=0`]).toString();
  const told = dumpsIn(folder, [encoded]);
  if ("cause" in told) throw new Error(told.cause);
  return told.versions;
}

test("lists what lies in a folder and in those in it, also below a hidden one, and nothing hidden of its own", () => {
  const folder = join(above, ".dumps");
  for (const name of ["app", ".part"]) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ["one.sql", "app/two.sql", "app/.three.sql", ".part/four.sql", "one.sql.json"]) {
    writeFileSync(join(folder, name), "dump");
    utimesSync(join(folder, name), 1_790_000_000, 1_790_000_000);
  }
  const paths = listed(folder).map(({ path }) => path);
  expect(paths.sort()).toEqual([join(folder, "app/two.sql"), join(folder, "one.sql")]);
});

test("tells of a dump with a record when it began, and why no restore would take it; any other file has its own time", () => {
  const record = (file: string, more: Partial<Manifest>): void => {
    const made: Manifest = {
      ...{
        job: "postgresql-backup",
        database: "app",
        form: "postgresql-archive",
        file,
        bytes: 4,
        contentBytes: 4,
      },
      ...{ startedAt: "2026-11-26T01:00:00.250Z", endedAt: "2026-11-26T01:10:00.000Z" },
      ...{ sha256: "0".repeat(64), server: "PostgreSQL 15.18", tables: {} },
    };
    writeFileSync(join(above, file), "dump");
    writeFileSync(
      join(above, `${file.split(".")[0] ?? ""}.json`),
      JSON.stringify({ ...made, ...more }, undefined, 2),
    );
  };
  record("dump_1.pgdump", {});
  record("dump_2.pgdump", { held: true });
  record("dump_3.pgdump", { former: true });
  record("dump_4.pgdump", { bytes: 5 });
  writeFileSync(join(above, "other.sql"), "dump");
  utimesSync(join(above, "other.sql"), new Date(-1000), new Date(-1000));
  writeFileSync(join(above, "dump_5.json"), "{ not ours");
  const told = new Map(
    listed(above).map(({ path = "", at, lacks }) => [path.slice(above.length + 1), [at, ...lacks]]),
  );
  expect(Object.fromEntries(told)).toEqual({
    "dump_1.pgdump": ["2026-11-26T01:00:00Z"],
    "dump_2.pgdump": ["2026-11-26T01:00:00Z", expect.stringContaining("waits for somebody")],
    "dump_3.pgdump": ["2026-11-26T01:00:00Z", expect.stringContaining("took the place of")],
    "dump_4.pgdump": ["2026-11-26T01:00:00Z", "its file has 4 bytes, and had 5 when it was compared"],
    "other.sql": ["1969-12-31T23:59:59Z"],
  });
});
