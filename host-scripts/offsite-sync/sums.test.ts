import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addSums, type Sum, sumsOf } from "./sums";

test("a record that a full disk cut takes none of those behind it along", () => {
  const stateDir = mkdtempSync(join(tmpdir(), "holdfast-sums-"));
  try {
    const sum = (size: string): Sum => ({
      size,
      mtime: "1780000000000000000",
      md5: "0123456789abcdef".repeat(2),
    });
    addSums({ stateDir }, new Map([["/a", sum("1")]]));
    appendFileSync(join(stateDir, "sums.new"), "5");
    addSums({ stateDir }, new Map([["/b", sum("2")]]));
    expect([...sumsOf({ stateDir }, new Set(["/a", "/b"]))]).toEqual([
      ["/a", sum("1")],
      ["/b", sum("2")],
    ]);
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});
