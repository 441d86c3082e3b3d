import { existsSync } from "node:fs";
import { writeDurably } from "../runtime/durable";
import { exitCodes, RunnerError } from "../runtime/errors";
import { openSegment } from "../runtime/journal";
import type { Phase } from "../runtime/phases";
import type { RsyncPass } from "../runtime/rsync";
import { required } from "../runtime/required";
import { saidWhere } from "../runtime/said-where";
import { ready, shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { type Applied, apply } from "./apply";
import { keptWords } from "./held";
import { dropPart } from "./holes";
import { linksCompared } from "./links";
import { journalFolder, type Mirror } from "./mirror";
import { hiddenByKeep } from "./verify";
import { startWork } from "./work";
import { beginWriting, isUnwritten, writeBack } from "./written";

/** Brings the target to what the source is. Left out when the scan found nothing to do. */
export const copy: Phase<Mirror> = {
  name: "copy",
  async run(mirror) {
    const { config, stop, notes } = mirror;
    dropPart(config);
    const scan = required(mirror.scan, "scan");
    const deletions = scan.whole ? scan.deletions : 0;
    const isOwed = isUnwritten(config) || (mirror.suspects?.pending ?? []).length > 0;
    if (scan.changes + deletions === 0 && existsSync(linksCompared(config)) && !isOwed) {
      mirror.copied = { changed: 0, deleted: 0, bytes: 0, segment: undefined };
    } else {
      const { failed, hasVanished } = await applyAndTell(mirror);
      stop.check("copy");
      if (failed) throw failureOf(mirror, failed);
      writeDurably(linksCompared(config), "", 0o600);
      if (hasVanished) notes.push("some files vanished while they were read (rsync exit 24)");
    }
    if (!scan.whole && mirror.held.every(({ isAnswered }) => isAnswered === true)) throw unreadable(mirror);
  },
};

async function applyAndTell(mirror: Mirror): Promise<Applied> {
  const segment = openSegment(journalFolder(mirror.config));
  const work = startWork(mirror, segment);
  try {
    beginWriting(mirror);
    const applied = await apply(mirror, work);
    await writeBack(mirror);
    // What a pass that ended early did last, it may not have told.
    const name = applied.failed?.outcome === "broken" ? segment.abandon() : segment.promote();
    mirror.copied = { ...work.counted, segment: name };
    return applied;
  } catch (error) {
    segment.abandon();
    throw error;
  }
}

/** A name of `keep` that the source has too is data without a copy: the rest is mirrored, and the run fails. */
export const cover: Phase<Mirror> = {
  name: "cover",
  async run(mirror) {
    const hidden = hiddenByKeep(mirror);
    if (hidden.length === 0) return;
    const held = keptWords(mirror.held);
    throw new RunnerError(exitCodes.failed, {
      failed: `${hidden.map(name => JSON.stringify(name)).join(", ")} of the source can't be mirrored: the target's entry of that name is another job's`,
      kept: held
        ? `All else is mirrored, but for ${held.words} whose copy was kept as it is: ${held.names}`
        : "All else is mirrored.",
      next: "Rename it, or exclude it in the estate and say why.",
    });
  },
};

function failureOf(mirror: Mirror, pass: RsyncPass): RunnerError {
  const { config } = mirror;
  const { changed, deleted } = required(mirror.copied, "copied");
  const stderr = firstLines(pass.result.stderr);
  const fail = (failed: string, next: string): RunnerError =>
    new RunnerError(exitCodes.failed, {
      failed,
      kept: `At least ${changed} entries were copied, ${deleted} deleted; the next run does the rest.`,
      next,
    });
  switch (pass.outcome) {
    case "ceiling":
      return fail(
        `rsync stopped deleting at the ceiling: more entries went from the source after the scan (exit 25): ${stderr}`,
        shell`ls -la ${config.source.path}`,
      );
    case "broken":
      return fail(
        `rsync ended with ${pass.result.exitCode ?? pass.result.signal}: ${stderr}`,
        shell`df -h ${config.target.path}; ${ready(saidWhere(config.job))}`,
      );
    default:
      return fail(
        `rsync could not copy everything (exit 23): ${stderr}`,
        shell`df -h ${config.target.path}; ${ready(saidWhere(config.job))}`,
      );
  }
}

function unreadable(mirror: Mirror): RunnerError {
  return new RunnerError(exitCodes.failed, {
    failed: `some of the source could not be read (rsync exit 23)`,
    kept: "The rest is mirrored, and nothing was deleted.",
    next: shell`dmesg --level err,warn | tail; ${ready(saidWhere(mirror.config.job))}`,
  });
}
