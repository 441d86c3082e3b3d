import { exitCodes, RunnerError } from "../runtime/errors";
import { openSegment, type Segment } from "../runtime/journal";
import type { Phase } from "../runtime/phases";
import { type RsyncPass, rsync } from "../runtime/rsync";
import { required } from "../runtime/required";
import { firstLines } from "../runtime/tail";
import { journalFolder, type Mirror, mirrorArgs } from "./mirror";
import { allowedDeletions, isNothing } from "./scan";
import { hiddenByKeep } from "./verify";

/** Copies what changed, then deletes what the source lacks. Left out when the scan found neither. */
export const copy: Phase<Mirror> = {
  name: "copy",
  async run(mirror) {
    const { config, stop, notes } = mirror;
    const scan = required(mirror.scan, "scan");
    const deletions = scan.whole ? scan.deletions : 0;
    if (scan.changes + deletions === 0) {
      mirror.copied = { changed: 0, deleted: 0, bytes: 0, segment: undefined };
    } else {
      const segment = openSegment(journalFolder(config));
      const counted = { changed: 0, deleted: 0 };
      const pass = await pour(mirror, segment, counted);
      // What a pass that ended early did last, it may not have told.
      const name = pass.outcome === "broken" ? segment.abandon() : segment.promote();
      mirror.copied = { ...counted, bytes: pass.bytes, segment: name };
      stop.check("copy");
      judgePass(mirror, pass, counted);
      if (pass.outcome === "vanished") notes.push("some files vanished while they were read (rsync exit 24)");
    }
    if (!scan.whole) throw unreadable(mirror);
  },
};

/** A name of `keep` that the source has too is data without a copy: the rest is mirrored, and the run fails. */
export const cover: Phase<Mirror> = {
  name: "cover",
  async run(mirror) {
    const hidden = hiddenByKeep(mirror);
    if (hidden.length === 0) return;
    throw new RunnerError(exitCodes.failed, {
      failed: `${hidden.map(name => JSON.stringify(name)).join(", ")} of the source can't be mirrored: the target's entry of that name is another job's`,
      kept: "All else is mirrored.",
      next: "Rename it, or exclude it in the estate and say why.",
    });
  },
};

async function pour(
  mirror: Mirror,
  segment: Segment,
  counted: { changed: number; deleted: number },
): Promise<RsyncPass> {
  const { config, stop, log } = mirror;
  const scan = required(mirror.scan, "scan");
  const most = allowedDeletions(config.maxDeletions, scan.targetEntries);
  // After the transfer, and not at all when something couldn't be read; the ceiling holds also for what went since the scan.
  const deletion = scan.whole ? ["--delete-after", `--max-delete=${most}`] : [];
  let bytes = 0;
  try {
    return await rsync(
      mirrorArgs(mirror, deletion),
      {
        cwd: config.source.path,
        timeoutMs: config.budgetMs,
        stop: stop.signal,
        inherit: [required(mirror.lock, "lock").fd],
      },
      item => {
        if (isNothing(item)) return;
        segment.add(item.path);
        counted[item.kind === "deleted" ? "deleted" : "changed"] += 1;
        bytes += item.bytes;
        log.progress(
          `copy: ${counted.changed} of ${scan.changes} entries, ${bytes} of ${scan.bytes} bytes; ${counted.deleted} of ${scan.deletions} deleted`,
        );
      },
    );
  } catch (error) {
    segment.abandon();
    throw error;
  }
}

function judgePass(mirror: Mirror, pass: RsyncPass, counted: { changed: number; deleted: number }): void {
  const { config } = mirror;
  const stderr = firstLines(pass.result.stderr);
  const did = `${counted.changed} entries were copied, ${counted.deleted} deleted; the next run does the rest.`;
  const fail = (failed: string, next: string): RunnerError =>
    new RunnerError(exitCodes.failed, { failed, kept: did, next });
  switch (pass.outcome) {
    case "complete":
    case "vanished":
      return;
    case "partial":
      throw fail(
        `rsync could not copy everything (exit 23): ${stderr}`,
        `journalctl -u ${config.job} -n 50; df -h ${config.target.path}`,
      );
    case "ceiling":
      throw fail(
        `rsync stopped deleting at the ceiling: more entries went from the source after the scan (exit 25): ${stderr}`,
        `ls -la ${config.source.path}`,
      );
    case "broken":
      throw fail(
        `rsync ended with ${pass.result.exitCode ?? pass.result.signal}: ${stderr}`,
        `df -h ${config.target.path}; journalctl -u ${config.job} -n 50`,
      );
    default:
      return pass.outcome satisfies never;
  }
}

function unreadable(mirror: Mirror): RunnerError {
  return new RunnerError(exitCodes.failed, {
    failed: `some of the source could not be read (rsync exit 23)`,
    kept: "The rest is mirrored, and nothing was deleted.",
    next: `journalctl -u ${mirror.config.job} -n 50; dmesg --level err,warn | tail`,
  });
}
