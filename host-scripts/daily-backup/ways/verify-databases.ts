import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import { errnoOf, messageOf } from "../../runtime/errors";
import { quoted } from "../../runtime/quoted";
import { copyTogether } from "../sqlite-copy";
import { failedFile } from "../sqlite";
import { below, findDatabases } from "../sqlite-search";
import { NotCopied } from "../sqlite-shell";
import { openWorkshops } from "../workshop";
import type { KeptCopy } from "./copies";

/** Of a copy that rotted, or was written to. */
export const noDatabase = "its copy is no database any more";

/** A big one on a busy disk takes long: indexes are read in no order. */
const databaseMs = 4 * 3_600_000;

/**
 * Has SQLite look at a copy of each database of a generation, so that the generation itself is only read. The copies are made on the host's
 * own disk, one at a time.
 * @param tell how far it is
 */
export async function databaseFaults(
  { folder }: KeptCopy,
  { stateDir }: DailyBackupConfig,
  stop: AbortSignal,
  tell: (line: string) => void,
): Promise<{ readonly checked: number; readonly faults: readonly string[] }> {
  const faults: string[] = [];
  let checked = 0;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const scratch = mkdtempSync(join(stateDir, "verify-"));
  try {
    const workshops = await openWorkshops(scratch, 1, stop);
    try {
      const [workshop] = workshops.all;
      const onOther = (path: Buffer): void => {
        if (path.toString() !== failedFile) faults.push(`${quoted(path)}: ${noDatabase}`);
      };
      for await (const found of findDatabases(Buffer.from(folder), stop, onOther)) {
        const name = quoted(found.path);
        if (found.kind === "unreadable") faults.push(`${name}: ${found.reason}`);
        if (found.kind === "unreadable" || !workshop) continue;
        tell(`integrity_check of ${name}`);
        checked += 1;
        const source = below(Buffer.from(folder), found.path);
        const target = Buffer.from(join(scratch, "proven"));
        try {
          await copyTogether([{ source, target }], workshop, {
            stop,
            timeoutMs: databaseMs,
            isThorough: true,
          });
        } catch (error) {
          stop.throwIfAborted();
          if (!(error instanceof NotCopied) && errnoOf(error) === undefined) throw error;
          const size = statSync(source).size;
          faults.push(`${name} (${size} bytes): ${messageOf(error)}`);
        } finally {
          rmSync(target, { force: true });
        }
      }
    } finally {
      await workshops.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { checked, faults };
}
