import { relative } from "node:path";
import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import { type RecordedUnit, recordedUnit } from "../../backup-scrub/recorded";
import { withoutAhead } from "../../runtime/clock";
import { generationIn } from "../../runtime/generations";
import { momentText } from "../../runtime/moment";
import { quoted } from "../../runtime/quoted";
import { shell } from "../../runtime/shell";
import { sizeText } from "../../runtime/size-text";
import type { Answer, ListRequest, WayContext } from "../../runtime/ways";
import {
  copiesCalled,
  keptCopies,
  type KeptCopy,
  lackWords,
  type UnreadCopies,
  unitOf,
  unreadFailure,
} from "./copies";
import { proveBackupDisk } from "../../runtime/backup-disk";
import { manifestFaults } from "./manifest";
import { databaseFaults } from "./verify-databases";

interface Verified {
  readonly copy: KeptCopy;
  /** What was looked at, in words. */
  readonly seen: string;
  readonly faults: readonly string[];
}

/**
 * Reads copies and compares them with what is recorded of them: of all things the newest, of one thing all. Takes no lock, and
 * changes nothing; a copy that goes meanwhile is passed over.
 */
export async function verify({ what }: ListRequest, context: WayContext<DailyBackupConfig>): Promise<Answer> {
  await proveBackupDisk(context.config, "read", { ...context, dryRun: true });
  const { config, stop, log } = context;
  const kept = keptCopies(config);
  const readers = new Map<string, RecordedUnit>();
  const verified: Verified[] = [];
  for (const copy of what === undefined ? newestOfEach(kept.copies) : copiesCalled(kept, what)) {
    stop.check("verify");
    const { seen, faults } = await verifiedOne(copy, context, readers);
    if (isGone(copy)) {
      log.warn(`${copy.folder} went while it was read`);
      continue;
    }
    verified.push({ copy, seen, faults });
  }
  const unread = kept.unread.filter(({ mayHold }) => what === undefined || mayHold(what));
  return answerOf(verified, unread, what);
}

/** Of each thing, the copy that a restore would take. */
export function newestOfEach(all: readonly KeptCopy[]): KeptCopy[] {
  const things = new Map<string, KeptCopy[]>();
  for (const copy of all) {
    const key = `${copy.kind} ${copy.name}`;
    things.set(key, [...(things.get(key) ?? []), copy]);
  }
  return [...things.values()].flatMap(copies => {
    const known = withoutAhead(copies, ({ completeMs }) => completeMs);
    const newest = known.find(({ isComplete }) => isComplete) ?? known[0];
    return newest ? [newest] : [];
  });
}

async function verifiedOne(
  copy: KeptCopy,
  { config, stop, log }: WayContext<DailyBackupConfig>,
  readers: Map<string, RecordedUnit>,
): Promise<Omit<Verified, "copy">> {
  const path = relative(config.target.path, copy.folder);
  const unit = unitOf(path, copy);
  const reader =
    readers.get(unit) ??
    recordedUnit({ target: config.target, stateDir: config.sumsDir }, unit, stop, {
      isFixed: true,
      onFile: name => log.progress(`reads ${quoted(Buffer.from(name, "latin1"))}`),
    });
  readers.set(unit, reader);
  const { good, unrecorded, bad, bytes } = await reader.compare(path);
  const faults = bad.map(({ name, reason }) => `${quoted(Buffer.from(name, "latin1"))}: ${reason}`);
  const files = good + unrecorded + bad.length;
  const read = `${files} files, ${sizeText(bytes)}, ${good} of them as recorded`;
  switch (copy.kind) {
    case "files":
      return { seen: read, faults };
    case "configuration":
      return {
        seen: `${read}, and the manifest`,
        faults: [...faults, ...(await manifestFaults(copy.folder, stop.signal))],
      };
    case "databases": {
      const databases = await databaseFaults(copy, config, stop.signal, line => log.progress(line));
      return {
        seen: `${read}, and integrity_check of ${databases.checked} databases`,
        faults: [...faults, ...databases.faults],
      };
    }
    default:
      return copy.kind satisfies never;
  }
}

function isGone({ folder, identity, period }: KeptCopy): boolean {
  // The folder itself stands for the root of its only generation.
  const root = folder.slice(0, folder.lastIndexOf(`/${period}`));
  const path = folder.slice(root.length + period.length + 2);
  return generationIn(root, period, path === "" ? "." : path)?.identity !== identity;
}

function answerOf(
  verified: readonly Verified[],
  unread: readonly UnreadCopies[],
  what: string | undefined,
): Answer {
  const hidden = unreadFailure(unread);
  const bad = verified.filter(({ faults }) => faults.length > 0);
  const [first] = bad;
  const lines = verified.map(({ copy, seen, faults }) => {
    const lacks = copy.lacks.length > 0 ? `; lacks ${lackWords(copy)}` : "";
    const state = faults.length === 0 ? "good" : `BAD, ${faults.length} faults`;
    return [
      `${copy.name}, ${copy.kind} of ${momentText(copy.completeMs)}: ${state} (${seen})${lacks}`,
      ...faults.slice(0, 10).map(fault => `  ${fault}`),
    ].join("\n");
  });
  return {
    text: lines.length === 0 ? "There is no copy on the backup disk." : lines.join("\n"),
    result: {
      verified: verified.map(({ copy, faults }) => ({
        ...{ name: copy.name, kind: copy.kind, period: copy.period, folder: copy.folder },
        ...{ completeAt: momentText(copy.completeMs), isComplete: copy.isComplete, faults },
      })),
    },
    ...(hidden && { failure: hidden }),
    ...(first !== undefined && {
      failure: {
        failed: `${bad.length} of ${verified.length} copies are not what is recorded of them, first ${first.copy.name} of ${momentText(first.copy.completeMs)}: ${first.faults[0] ?? ""}`,
        kept: "Nothing was changed; all others are good.",
        next: shell`daily-backup list ${what ?? first.copy.name}   (an earlier one: restore … --at TIME; and: systemctl start backup-scrub, which mends what it can)`,
      },
    }),
  };
}
