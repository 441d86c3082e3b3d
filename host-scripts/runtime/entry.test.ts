import { closeSync, openSync } from "node:fs";
import { writeAll } from "./durable";
import { asRunnerError } from "./entry";

const given = process.env["INVOCATION_ID"];
afterEach(() => {
  process.env["INVOCATION_ID"] = given ?? "";
});

test("who typed a command isn't sent to the journal of a unit that has nothing of it", () => {
  const nextOf = (invocation: string): string => {
    process.env["INVOCATION_ID"] = invocation;
    return asRunnerError(new Error("unexpected"), "daily-backup").next;
  };
  expect(nextOf("")).not.toContain("journalctl");
  expect(nextOf("f0e1")).toBe("journalctl -u daily-backup -n 50");
});

test("what a disk says is told with what to look at, and not with a journal that has no more of it", () => {
  const nextOf = (code: string): string =>
    asRunnerError(Object.assign(new Error(`${code}: …, utime '/mnt/backup/x'`), { code }), "nfs-mirror").next;
  expect(nextOf("EROFS")).toMatch(/^dmesg .*; findmnt --options ro {3}\(/);
  expect(nextOf("EIO")).toMatch(/^dmesg/);
  expect(nextOf("ENOSPC")).toBe("df -h; df -i");
});

test("a write that finds no room names its file, and the disk that is full", () => {
  const full = openSync("/dev/full", "w");
  try {
    writeAll(full, Buffer.from("x"));
    throw new Error("it found room");
  } catch (error) {
    expect(asRunnerError(error, "nfs-mirror")).toMatchObject({
      failed: expect.stringContaining("ENOSPC: no space left on device, write '/dev/full'") as string,
      next: "df -h /dev; df -i /dev   (then make room there)",
    });
  } finally {
    closeSync(full);
  }
});
