import { createHash } from "node:crypto";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { manifestOf } from "./configuration-manifest";

const largestBuffer = 2 ** 31;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-manifest-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const list = (stop = new AbortController().signal) =>
  manifestOf(folder, "pve", new Date("2026-05-26T03:00:00Z"), [], stop);

test("a file of several pieces has its hash, as sha256sum gives it", async () => {
  const content = Buffer.from("piece ".repeat(1_000_000));
  writeFileSync(join(folder, "disk.img"), content);
  const sha256 = createHash("sha256").update(content).digest("hex");
  expect((await list()).entries).toMatchObject([{ path: "disk.img", sizeBytes: content.length, sha256 }]);
});

test("a file that is larger than a buffer may be is read, until the run is told to stop", async () => {
  const file = sparseFile();
  const stop = new AbortController();
  const end = expect(list(stop.signal)).rejects.toThrow("stopped");
  // Node's readFile refuses it before the first byte.
  await Promise.race([end, reading(file, stop.signal)]).finally(() => stop.abort(new Error("stopped")));
  await end;
});

// Seconds of a processor.
if (process.env["HOLDFAST_LONG"] === "1")
  test("its hash is that of sha256sum too", async () => {
    sparseFile();
    expect((await list()).entries).toMatchObject([
      {
        ...{ path: "disk.img", sizeBytes: largestBuffer + 1 },
        sha256: "b8030a8ab89280935633d8d991da3d9907c0f12e8b6fc3bfc515f4d440872b6e",
      },
    ]);
  });

test("a run that is told to stop doesn't read on", async () => {
  sparseFile();
  await expect(list(AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
});

function sparseFile(): string {
  const file = join(folder, "disk.img");
  writeFileSync(file, "");
  truncateSync(file, largestBuffer + 1);
  return file;
}

/** Resolves once this process has read a piece of a file, as the kernel knows. */
async function reading(file: string, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    const fd = readdirSync("/proc/self/fd").find(name => linkOf(`/proc/self/fd/${name}`) === file);
    if (fd !== undefined && !/^pos:\s+0$/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))) return;
    await setImmediate();
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
