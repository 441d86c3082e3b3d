import type { NasSnapshotsConfig } from "../../plan/contracts/nas-snapshots";
import type { Facts } from "./nas-snapshots";
import type { Answered } from "./script";
import { readSnapshotList } from "./snapshot-list";

type Answers = ReadonlyMap<string, Answered>;

/**
 * What the answers say. Only the list has to be there; of the rest, a question that failed or was answered in unknown words
 * leaves nothing. @param nowMs this host's clock in the middle of the session
 */
export function readFacts(answers: Answers, nowMs: number, { nas }: NasSnapshotsConfig): Facts {
  const text = (name: string): string | undefined => {
    const answer = answers.get(name);
    return answer?.exitCode === 0 ? answer.text : undefined;
  };
  const seconds = /^\d+$/.exec(text("clock")?.trim() ?? "");
  const keepDays = /^snap_auto_remove_keep_days=(\d+)$/m.exec(text("conf") ?? "");
  const policy = text("policy")?.trim();
  const rights = answers.get("rights");
  return {
    ...readSnapshotList(text("list") ?? ""),
    skewMs: seconds ? Number(seconds[0]) * 1000 - nowMs : undefined,
    keepDays: keepDays ? Number(keepDays[1]) : undefined,
    policy: policy === "" ? undefined : policy,
    volume: roomIn(text("room")),
    share: quotaIn(text("quota")),
    pinnedBytes: pinnedIn(text("groups"), text("subvolumes"), nas.share),
    // sudo -l COMMAND ends with 1 where it isn't allowed.
    mayDelete: rights === undefined || rights.exitCode > 1 ? undefined : rights.exitCode === 0,
  };
}

/** `df -Pk`, whose last line has the sizes in KiB. */
function roomIn(text: string | undefined): Facts["volume"] {
  const found = /^\S+\s+(\d+)\s+\d+\s+(\d+)\s+\d+%\s/m.exec(text ?? "");
  return found ? { sizeBytes: Number(found[1]) * 1024, freeBytes: Number(found[2]) * 1024 } : undefined;
}

/** Rows of `btrfs qgroup show --raw -re`: group, referenced, exclusive, and the limits of both. */
function groupsIn(text: string | undefined) {
  return [...(text ?? "").matchAll(/^0\/(\d+)\s+(\d+)\s+(\d+)\s+(none|\d+)\s+(?:none|\d+)/gm)].map(
    ([, id = "", referenced, exclusive, limit]) => ({
      id,
      referenced: Number(referenced),
      exclusive: Number(exclusive),
      limit: limit === "none" ? undefined : Number(limit),
    }),
  );
}

function quotaIn(text: string | undefined): Facts["share"] {
  const groups = groupsIn(text);
  const [group] = groups;
  return group && groups.length === 1 ? { usedBytes: group.referenced, quotaBytes: group.limit } : undefined;
}

function pinnedIn(
  groups: string | undefined,
  subvolumes: string | undefined,
  share: string,
): number | undefined {
  if (groups === undefined || subvolumes === undefined) return undefined;
  const ids = new Set(
    subvolumes
      .split("\n")
      .filter(line => line.includes(`@sharesnap/${share}/`))
      .map(line => /^ID (\d+) /.exec(line)?.[1]),
  );
  return groupsIn(groups)
    .filter(({ id }) => ids.has(id))
    .reduce((sum, { exclusive }) => sum + exclusive, 0);
}
