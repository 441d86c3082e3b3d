import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unitsOf } from "./units";

test("generations that lie apart as they lack something are read with the whole ones, and their lists aren't", () => {
  const path = mkdtempSync(join(tmpdir(), "holdfast-units-"));
  try {
    for (const [folder, file] of [
      ["fw/2026-47", "config.xml"],
      ["fw/.incomplete/2026-48", "config.xml"],
      ["fw/.part/0", "config.xml"],
      ["pvc-data/.incomplete/2026-48/shop/data", "file"],
    ] as const) {
      mkdirSync(join(path, folder), { recursive: true });
      writeFileSync(join(path, folder, file), "x");
    }
    for (const list of ["fw/.incomplete/2026-48", "pvc-data/.incomplete/2026-48/shop/data"])
      writeFileSync(join(path, `${list}.lacks.json`), "[]");
    const generations = [
      { folder: "fw", depth: 0 },
      { folder: "pvc-data", depth: 2 },
    ];
    expect(unitsOf({ target: { path, fsUuid: "x" }, generations })).toEqual([
      { name: "fw", paths: ["fw/2026-47", "fw/.incomplete/2026-48"] },
      { name: "pvc-data/shop/data", paths: ["pvc-data/.incomplete/2026-48/shop/data"] },
    ]);
  } finally {
    rmSync(path, { recursive: true });
  }
});
