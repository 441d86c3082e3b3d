import { join } from "node:path";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { exitCodes, RunnerError } from "../../runtime/errors";
import { notedName, quoted, shortened } from "../../runtime/quoted";
import { rsync } from "../../runtime/rsync";
import { ready, shell } from "../../runtime/shell";
import { firstLines } from "../../runtime/tail";
import { statIn } from "../../runtime/tree-path";
import type { Answer } from "../../runtime/ways";
import { recordedRoot } from "../roots";
import { copyAside, endIfStopped, proveCopy, type Tools } from "./copy";
import { hasOwnRoot, makeAside, place, placesOf, removeAside, takeBack, withInodes } from "./place";
import {
  asideName,
  asideOf,
  dropRestore,
  isInPlace,
  isThere,
  mirrorRoot,
  restoreCommand,
  type RestoreRecord,
  shownNames,
  wantedText,
  writeRestore,
} from "./record";

/**
 * Goes on with a restore from where it is.
 * @param isResumed whether an earlier command may have left something of the copy
 */
export async function bringBack(tools: Tools, begun: RestoreRecord, isResumed: boolean): Promise<Answer> {
  const { config } = tools;
  let record = begun;
  if (record.state === "copying") {
    makeAside(record);
    record = await copyAside(tools, record, isResumed);
    tools.log.info("compares the copy with the mirror");
    await proveCopy(tools, record);
    // Where something came or went meanwhile, what changes places is another folder.
    record = withInodes({ ...record, items: placesOf(record) });
    endIfStopped(tools, record);
    if (hasOwnRoot(record) && !isThere(keptRoot(record)))
      await copyRoot(tools, record, record.root, keptRoot(record));
    record = writeRestore(config, { ...record, state: "placing" });
  }
  const placing = record;
  if (!isThere(asideOf(record))) throw folderGone(config, record);
  await place(record, tools.lock, () => endIfStopped(tools, placing)).catch((error: unknown) => {
    throw withWaysOn(error, config, placing);
  });
  const isNew = record.items.every(({ path }) => !isKept(record, path));
  if (hasOwnRoot(record)) await copyRoot(tools, record, mirrorRoot(config, record), record.root);
  else if (record.isAll && isNew && isInPlace(record, config) && isThere(recordedRoot(config)))
    // On a new file system its root's owner, mode, ACL and attributes are those that mkfs gave it.
    await copyRoot(tools, record, recordedRoot(config), record.root);
  record = writeRestore(config, { ...record, state: "placed" });
  return tellPlaced(tools, record, isNew);
}

/** Who is told why something can't change places is told what to do once it can. */
function withWaysOn(error: unknown, config: NfsMirrorConfig, record: RestoreRecord): unknown {
  if (!(error instanceof RunnerError)) return error;
  const [resume, rollback] = (["resume", "rollback"] as const).map(how =>
    ready(restoreCommand(config, record, how)),
  );
  const { exitCode, failed, kept, next } = error;
  if (!resume || !rollback || next.includes("--resume")) return error;
  return new RunnerError(exitCode, {
    ...{ failed, kept },
    next: shell`${ready(next)}; then ${resume}   (or give it up: ${rollback})`,
  });
}

/** An empty folder with what that root had before. No entry that comes back has its name. */
function keptRoot(record: RestoreRecord): string {
  return join(asideOf(record), asideName);
}

function isKept(record: RestoreRecord, path: string): boolean {
  return statIn(asideOf(record), path) !== undefined;
}

/** Gives a folder owner, mode, ACL and attributes of another one, and nothing that is in it. */
async function copyRoot(
  { config, stop, lock, log }: Tools,
  record: RestoreRecord,
  from: string,
  to: string,
): Promise<void> {
  const args = ["-aAXX", "--numeric-ids", "--omit-dir-times", "--exclude=*", "--", "./", `${to}/`];
  const pass = await rsync(
    args,
    { cwd: from, timeoutMs: rootMs, stop: stop.signal, inherit: [lock.fd] },
    () => undefined,
  );
  endIfStopped({ config, stop, log }, record);
  if (pass.outcome === "complete") return;
  throw new RunnerError(exitCodes.failed, {
    failed: `owner, mode and ACL of ${quoted(from)} itself can't be given to ${quoted(to)}: ${firstLines(pass.result.stderr)}`,
    kept: "What is in it is kept, in its place or aside.",
    next: shell`ls -ld ${from} ${to}; ${ready(restoreCommand(config, record, "resume"))}`,
  });
}

const rootMs = 60_000;

async function tellPlaced(tools: Tools, record: RestoreRecord, isNew: boolean): Promise<Answer> {
  const { config } = tools;
  const what = wantedText(record);
  const undo = restoreCommand(config, record, "rollback");
  const remove = shell`rm -rf --one-file-system -- ${asideOf(record)}`;
  if (isNew) {
    // Nothing was there: nothing is kept.
    await removeAside(record, tools);
    if (record.lacked.length === 0 || !isInPlace(record, config)) dropRestore(config, record);
  }
  const lacked = record.lacked.map(name => notedName(name));
  if (lacked.length > 0)
    throw new RunnerError(exitCodes.failed, {
      failed: `${lacked.length} entries can't be brought back, as the mirror can't be read there: ${lacked.slice(0, 5).join(", ")}${lacked.length > 5 ? ", …" : ""}`,
      kept: [
        isNew
          ? `All else of ${what} is in ${record.root}.`
          : `All else of ${what} is in its place; what was there is kept in ${asideOf(record)}.`,
        ...(isInPlace(record, config) ? ["Each night keeps what the mirror has of them, and says so."] : []),
      ].join(" "),
      next: isNew
        ? shell`dmesg --level err,warn | tail`
        : shell`ls -la ${asideOf(record)}   (look for them there; to take it back: ${ready(undo)})`,
    });
  const lines = [
    `${what} in ${record.root} is what the mirror has: compared by content, owner, mode, times, ACL, attributes and links`,
    ...(isNew
      ? []
      : [
          `What was there is kept in ${asideOf(record)}`,
          `When all is well: ${remove}`,
          `If it isn't:      ${undo}`,
        ]),
  ];
  return {
    text: lines.join("\n"),
    result: {
      ...{ as: "restored", root: record.root, what: shownNames(record) },
      ...(isNew ? {} : { kept: asideOf(record), undo, remove }),
    },
  };
}

function folderGone(config: NfsMirrorConfig, record: RestoreRecord): RunnerError {
  return new RunnerError(exitCodes.failed, {
    failed: `${quoted(asideOf(record))} is gone, with what the restore had copied there, or had put aside: somebody removed it`,
    kept: "Nothing was changed.",
    next: restoreCommand(config, record, "rollback"),
  });
}

/** What somebody has removed can neither be placed nor taken back, and keeps no night from mirroring any more. */
function endWithout(config: NfsMirrorConfig, record: RestoreRecord): RunnerError {
  dropRestore(config, record);
  const [came, stayed] = [true, false].map(isCopy =>
    record.items
      .filter(item => !item.isGone && (String(statIn(record.root, item.path)?.ino) === item.inode) === isCopy)
      .map(({ path }) => notedName(path))
      .join(", "),
  );
  return new RunnerError(exitCodes.failed, {
    failed: `${quoted(asideOf(record))} is gone, and what was there before the restore with it: somebody removed it`,
    kept: `In ${quoted(record.root)} there is what the restore brought of: ${shortened(came || "nothing")}; and what was there before of: ${shortened(stayed || "nothing")}. The restore has ended, and the next run mirrors what is there.`,
    next: shell`ls -la ${record.root}   (before the next run, if it isn't as it should be: ${ready(shell`${config.job} restore -- ${Buffer.from(record.asked, "latin1")}`)})`,
  });
}

/** From then on it is one that gives back what was there. */
export function beginRollBack(config: NfsMirrorConfig, record: RestoreRecord): RestoreRecord {
  return record.state === "copying" ? record : writeRestore(config, { ...record, state: "undoing" });
}

/** Gives back what was there before, and keeps what the restore had brought. @param record begun */
export async function rollBack(tools: Tools, record: RestoreRecord): Promise<Answer> {
  const { config } = tools;
  const what = wantedText(record);
  const result = { as: "rolled-back", root: record.root, what: shownNames(record) };
  if (record.state === "copying") {
    await removeAside(record, tools);
    dropRestore(config, record);
    return {
      text: `${what} is as it was: nothing of it had been replaced, and what was copied is removed`,
      result,
    };
  }
  if (!isThere(asideOf(record))) throw endWithout(config, record);
  await takeBack(record, tools.lock, () => endIfStopped(tools, record));
  if (isThere(keptRoot(record))) await copyRoot(tools, record, keptRoot(record), record.root);
  writeRestore(config, { ...record, state: "undone" });
  const kept = asideOf(record);
  const remove = shell`rm -rf --one-file-system -- ${kept}`;
  return {
    text: `${what} is what it was before the restore\nWhat the restore had brought is kept in ${kept}\nWhen nobody needs it: ${remove}`,
    result: { ...result, kept, remove },
  };
}
