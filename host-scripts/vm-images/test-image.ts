import { closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { CommandMissing } from "../runtime/run";
import { Refusal } from "../runtime/errors";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { freshUser, runWithoutRights } from "../runtime/without-rights";
import type { Image } from "./image";
import { ImageFailed } from "./vm-images";

/** Its own threads; an image needs no file of zstd's. */
const given = { processes: 16, fileBytes: 0, network: "host" } as const;

/**
 * Reads an image from the disk to its end, and compares the checksums that are in it. What a guest has filled is decompressed by a user
 * without rights.
 * @throws {ImageFailed} when it isn't whole
 */
export async function testImage(
  { folder, name }: Image,
  options: { readonly stop: AbortSignal; readonly timeoutMs: number },
): Promise<void> {
  const file = join(folder, name);
  const fd = openSync(file, "r");
  try {
    fsyncSync(fd);
    const result = await runWithoutRights(
      ["zstd", "--test", "--quiet"],
      { ...given, user: freshUser() },
      { ...options, stdin: fd, env: { LC_ALL: "C" } },
    );
    if (result.ended === "exited" && result.exitCode === 0) return;
    throw new ImageFailed(
      `its image isn't whole: zstd ${result.ended === "exited" ? `ended with ${result.exitCode}: ${firstLines(result.stderr)}` : "had no end within its time"}`,
      shell`dmesg --level err,warn | tail`,
    );
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    throw new Refusal(`${error.program} can't be started: ${error.errno}`, "apt-get install zstd util-linux");
  } finally {
    closeSync(fd);
  }
}
