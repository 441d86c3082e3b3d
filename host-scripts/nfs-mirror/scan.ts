import { exitCodes, Refusal, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { rsync } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { required } from "../runtime/required";
import { firstLines } from "../runtime/tail";
import { createLists } from "./lists";
import { type Mirror, mirrorArgs } from "./mirror";
import { rootsOf } from "./roots";

/** rsync's dry run: what would change, and how much would go. A night without a change ends here, after one scan. */
export const scan: Phase<Mirror> = {
  name: "scan",
  async run(mirror) {
    const { config, log, stop, dryRun } = mirror;
    const found = { changes: 0, deletions: 0, bytes: 0, doomed: [] as Buffer[] };
    const lists = createLists();
    const pass = await rsync(
      mirrorArgs(mirror, ["--dry-run", "--delete"]),
      {
        ...{ cwd: config.source.path, timeoutMs: config.budgetMs, stop: stop.signal },
        inherit: mirror.lock ? [mirror.lock.fd] : [],
      },
      item => {
        if (isNothing(item)) return;
        count(found, item);
        lists.add(item);
        if (dryRun) log.info(`would ${verbs[item.kind]} ${quoted(item.path)}`);
        else if ((found.changes + found.deletions) % 1000 === 0)
          log.progress(`scan: ${found.changes} to copy, ${found.deletions} to delete`);
      },
    );
    stop.check("scan");
    if (pass.outcome === "broken" || pass.outcome === "ceiling")
      throw new RunnerError(exitCodes.failed, {
        failed: `rsync's dry run ended with ${pass.result.exitCode ?? pass.result.signal}: ${firstLines(pass.result.stderr)}`,
        kept: "Nothing was changed.",
        next: `journalctl -u ${config.job} -n 50`,
      });
    if (pass.outcome === "partial")
      log.warn(`some of the source can't be read, so nothing is deleted: ${firstLines(pass.result.stderr)}`);
    // The root is counted for each source, and is one entry.
    const entries = pass.entries - rootsOf(mirror).length + 1;
    mirror.scan = {
      ...found,
      entries,
      targetEntries: Math.max(0, entries - pass.created + found.deletions),
      whole: pass.outcome !== "partial",
      ...lists.taken(),
    };
    log.info(
      `${entries} entries, ${found.changes} to copy (${found.bytes} bytes), ${found.deletions} to delete`,
    );
  },
};

/** Refuses to delete more than both ceilings: a source that lost its data must not take the copy with it. */
export const judge: Phase<Mirror> = {
  name: "judge",
  async run({ config, scan: found, lost }) {
    const { deletions: all, targetEntries, doomed } = required(found, "scan");
    const deletions = lost ?? all;
    if (deletions <= allowedDeletions(config.maxDeletions, targetEntries)) return;
    const { count: most, percent } = config.maxDeletions;
    const share = ((100 * deletions) / targetEntries).toFixed(1);
    throw new Refusal(
      `${deletions} of the target's ${targetEntries} entries (${share} %) would be deleted, more than ${most} and ${percent} %; first ${doomed.map(quoted).join(", ")}`,
      `ls -la ${config.source.path}   (if they are meant to go, raise maxDeletions in the estate for a night; if another job wrote them, add them to keep)`,
    );
  },
};

/** @returns most entries that a run may delete */
export function allowedDeletions(
  ceiling: { readonly count: number; readonly percent: number },
  targetEntries: number,
): number {
  return Math.max(ceiling.count, Math.floor((ceiling.percent / 100) * targetEntries));
}

const verbs = { deleted: "delete", created: "copy", changed: "update" } as const;
const shownDeletions = 5;

/** The target's root is the host's own: it has another owner and mode than the source's, and other jobs' entries move its time. */
export function isNothing(item: RsyncItem): boolean {
  return item.path.equals(Buffer.from("."));
}

function count(found: Totals, item: RsyncItem): void {
  if (item.kind === "deleted") {
    found.deletions += 1;
    if (found.doomed.length < shownDeletions) found.doomed.push(item.path);
  } else {
    found.changes += 1;
    found.bytes += item.bytes;
  }
}

interface Totals {
  changes: number;
  deletions: number;
  bytes: number;
  doomed: Buffer[];
}
