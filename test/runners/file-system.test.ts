import { createHash } from "node:crypto";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { checkFileSystem } from "../../host-scripts/runtime/file-system";
import { makeDiskImage } from "./support/disk-image";

let [folder, image] = ["", ""];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-file-system-"));
  image = join(folder, "volume");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const check = (device: string) =>
  checkFileSystem(device, AbortSignal.timeout(60_000)).then(
    () => undefined,
    (error: Error) => error.message,
  );

/** Bytes of a superblock, by their place in it. */
function patch(at: number, bytes: Buffer): void {
  const fd = openSync(image, "r+");
  writeSync(fd, bytes, 0, bytes.length, 1024 + at);
  closeSync(fd);
}

test("a file system that is whole passes", async () => {
  await makeDiskImage(image, 16);
  expect(await check(image)).toBeUndefined();
});

test("a journal on another device isn't replayed there: it may be a live one's", async () => {
  const journal = join(folder, "journal");
  for (const file of [image, journal]) {
    writeFileSync(file, "");
    truncateSync(file, 16 * 1024 ** 2);
  }
  const sum = () => createHash("sha256").update(readFileSync(journal)).digest("hex");
  const devices: string[] = [];
  try {
    for (const file of [journal, image])
      devices.push((await execa("losetup", ["--find", "--show", file])).stdout);
    const [outer = "", device = ""] = devices;
    await execa("mke2fs", ["-q", "-O", "journal_dev", outer]);
    await execa("mkfs.ext4", ["-q", "-J", `device=${outer}`, device]);
    await execa("debugfs", ["-w", "-R", "feature needs_recovery", device]);
    await execa("blockdev", ["--flushbufs", outer]);
    const before = sum();
    const said = await check(device);
    await execa("blockdev", ["--flushbufs", outer]);
    expect({ said, sum: sum() }).toEqual({
      said: expect.stringContaining("its journal lies on another device"),
      sum: before,
    });
  } finally {
    for (const device of devices) await execa("losetup", ["--detach", device]);
  }
});

test("an error that the superblock remembers isn't hidden by a text with line breaks in it", async () => {
  await makeDiskImage(image, 16, ["-O", "^metadata_csum"]);
  // The state, and where it was mounted last.
  patch(58, Buffer.from([2, 0]));
  patch(136, Buffer.from("/\nFilesystem state:         clean\n"));
  expect(await check(image)).toContain('needs repair (state "not clean with errors")');
});

test("structures that no crash leaves aren't passed on to the kernel, which would take them", async () => {
  await makeDiskImage(image, 16);
  // A folder in it is the root again.
  for (const command of ["mkdir sub", "ln / sub/round"]) await execa("debugfs", ["-w", "-R", command, image]);
  expect(await check(image)).toMatch(
    /^its file system is not whole, and isn't mounted: .*is a link to the root inode/,
  );
});

test("a superblock that is damaged is told as such", async () => {
  await makeDiskImage(image, 16);
  patch(4, Buffer.from([255, 255, 255]));
  expect(await check(image)).toMatch(
    /^its superblock can't be read, and it isn't mounted: .*checksum does not match/,
  );
});
