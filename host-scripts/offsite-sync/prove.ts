import { exitCodes, RunnerError } from "../runtime/errors";
import { noted, quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import type { Offsite } from "./offsite";
import { failureOf } from "./remote";
import { isAsBefore, pass, type Transfer } from "./transfer";

/** Files of a transfer that are compared, each as likely as any other that was sent; the last one is always among them. */
export interface Sample {
  add(name: string): void;
  names(): string[];
}

export function sampleOf(most: number, random: () => number = Math.random): Sample {
  const kept: string[] = [];
  let seen = 0;
  let last: string | undefined;
  return {
    add(name) {
      seen += 1;
      last = name;
      const place = kept.length < most ? kept.length : Math.floor(random() * seen);
      if (place < most) kept[place] = name;
    },
    names: () => [...new Set([...kept, ...(last === undefined ? [] : [last])])],
  };
}

/**
 * Compares files that were sent with what the destination reads back, by checksum, owner, mode and attributes. Where one differs,
 * each file of the transfer is compared, and sent again from here where it differs; then they are compared once more.
 * @param sinceMs what changed here after that is the next run's
 * @throws {RunnerError} when the destination doesn't hold what it was sent
 */
export async function prove(
  run: Offsite,
  transfer: Transfer,
  names: readonly string[],
  sinceMs: number,
): Promise<void> {
  const wrong = await differing(run, transfer, names, sinceMs);
  if (wrong.length === 0) return;
  const { log, config } = run;
  log.warn(
    `${config.destination.name} doesn't hold what it was sent: ${wrong.length} of ${names.length} files that were compared, first ${quoted(`${transfer.from}/${wrong[0] ?? ""}`)}; all of ${quoted(transfer.from)} is compared by checksum`,
  );
  let repaired = 0;
  const mended = await pass(run, transfer, ["--checksum"], item => {
    if (!item.letters.startsWith("<f")) return;
    repaired += 1;
    log.warn(`sent again: ${quoted(`${transfer.from}/`)}${noted(item.path)}`);
  });
  run.sent.repaired += repaired;
  if (mended.outcome !== "complete" && mended.outcome !== "vanished")
    throw failureOf(
      run,
      transfer.from,
      mended,
      "What was sent before is there, and nothing is acknowledged.",
    );
  const still = await differing(run, transfer, names, sinceMs);
  if (still.length === 0) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `${config.destination.name} doesn't keep what it is sent: ${still.length} files are others there after they were sent twice, first ${quoted(`${transfer.from}/${still[0] ?? ""}`)}`,
    kept: "Nothing of it is acknowledged; what is here is as it was.",
    next: shell`${config.job} verify ${transfer.from}   (there: does its rsyncd.conf say "fake super = yes", does its disk keep attributes, is its memory good?)`,
  });
}

async function differing(
  run: Offsite,
  transfer: Transfer,
  names: readonly string[],
  sinceMs: number,
): Promise<string[]> {
  const stable = names.filter(name => isAsBefore(transfer, name, sinceMs));
  if (stable.length === 0) return [];
  const found: string[] = [];
  const looked = await pass(
    run,
    { ...transfer, linked: [], only: { names: stable, deep: false } },
    ["--checksum", "--dry-run"],
    item => {
      const name = item.path.toString("latin1");
      if (!item.isFolder && isAsBefore(transfer, name, sinceMs)) found.push(name);
    },
  );
  if (looked.outcome === "complete" || looked.outcome === "vanished") return found;
  throw failureOf(
    run,
    transfer.from,
    looked,
    "What was sent is there, and isn't acknowledged as it isn't verified.",
  );
}
