import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifestOf } from "./configuration-manifest";

jest.setTimeout(300_000);

const largestBuffer = 2 ** 31;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-manifest-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const list = (stop = new AbortController().signal) =>
  manifestOf(folder, "pve", new Date("2026-05-26T03:00:00Z"), [], stop);

test("a file that is larger than a buffer may be has its hash, as sha256sum gives it", async () => {
  writeFileSync(join(folder, "disk.img"), "");
  truncateSync(join(folder, "disk.img"), largestBuffer + 1);
  expect((await list()).entries).toMatchObject([
    {
      ...{ path: "disk.img", sizeBytes: largestBuffer + 1 },
      sha256: "b8030a8ab89280935633d8d991da3d9907c0f12e8b6fc3bfc515f4d440872b6e",
    },
  ]);
});

test("a run that is told to stop doesn't read on", async () => {
  writeFileSync(join(folder, "disk.img"), "");
  truncateSync(join(folder, "disk.img"), largestBuffer + 1);
  await expect(list(AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
});
