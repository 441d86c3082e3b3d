import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notesOfHoles } from "./around-holes";

test("a file whose holes take a night is named before it is sent, and what they cost", () => {
  const from = mkdtempSync(join(tmpdir(), "holdfast-holes-"));
  try {
    for (const [name, gibibytes] of [
      ["huge", 1024],
      ["small", 1],
    ] as const) {
      writeFileSync(join(from, name), "");
      truncateSync(join(from, name), gibibytes * 1024 ** 3);
    }
    const transfer = {
      from,
      to: "nas",
      filters: [],
      linked: [],
      only: { names: ["huge", "small"], deep: false },
    };
    expect(notesOfHoles({ ...transfer, isPacked: true })).toEqual([
      expect.stringMatching(/huge has 1024\.0 GiB of holes, .* about 1\.7 hours of a processor/),
    ]);
    expect(notesOfHoles(transfer)).toEqual([]);
  } finally {
    rmSync(from, { recursive: true });
  }
});
