import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onExit } from "signal-exit";
import { errorText } from "../plan/estate/plain";
import { BadInput } from "./bad-input";

/**
 * A folder for temporary files, open to this user alone. It goes when `use` has ended, and when a signal ends the command meanwhile.
 * @param name what is in it, e.g. "ssh"
 * @throws {BadInput} where no folder can be made; else as `use` does
 */
export async function withTemporaryFolder<Result>(
  name: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = make(name);
  // A program that ends by the same signal may still write into it.
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  const forget = onExit(remove);
  try {
    return await use(folder);
  } finally {
    forget();
    remove();
  }
}

function make(name: string): string {
  try {
    return mkdtempSync(join(tmpdir(), `holdfast-${name}-`));
  } catch (error) {
    throw new BadInput(
      `No folder for temporary files can be made in "${tmpdir()}": ${errorText(error)}. Next: make room there, or the same with TMPDIR=FOLDER.`,
    );
  }
}
