import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { lookAtNamed } from "./look-named";
import { lookAtAll } from "./look";
import { isOverwriting } from "./lists";
import { dropHeld } from "./held";
import type { Mirror } from "./mirror";

/**
 * rsync's dry run: what would change, and how much would go. A night without a change ends here, after one scan. Where what changed
 * is known by name, nothing else is looked at.
 */
export const scan: Phase<Mirror> = {
  name: "scan",
  async run(mirror) {
    mirror.scan =
      (await lookAtNamed(mirror)) ??
      (await lookAtAll(mirror, item => {
        if (mirror.dryRun) mirror.log.info(`would ${verbs[item.kind]} ${quoted(item.path)}`);
      }));
    dropHeld(mirror);
    const { entries, changes, bytes, deletions } = mirror.scan;
    mirror.log.info(`${entries} entries, ${changes} to copy (${bytes} bytes), ${deletions} to delete`);
  },
};

/**
 * Looks again, but not into services that are kept as they are: with them there was too much for a list. What was counted of
 * all services stays as it was.
 */
export async function scanOthers(mirror: Mirror): Promise<void> {
  const { entries, targetEntries, totalBytes, rewritten, errorsBefore, whole } = required(
    mirror.scan,
    "scan",
  );
  const found = await lookAtAll(mirror, () => undefined);
  mirror.scan = {
    ...{ ...found, entries, targetEntries, totalBytes, rewritten, errorsBefore },
    whole: whole && found.whole,
  };
  dropHeld(mirror);
}

/** Looks again for those of the files that are overwritten, more than a list holds, that are asked for. */
export async function scanOverwritten(
  mirror: Mirror,
  isAsked: (name: string) => boolean,
): Promise<readonly string[]> {
  const names: string[] = [];
  await lookAtAll(mirror, item => {
    const name = item.path.toString("latin1");
    if (isOverwriting(item, mirror.config.target.path) && isAsked(name)) names.push(name);
  });
  return names;
}

const verbs = { deleted: "delete", created: "copy", changed: "update" } as const;
