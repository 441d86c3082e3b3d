import { readdirSync } from "node:fs";
import { ownPrefix } from "../runtime/closed-folder";
import { proveBackupDisk } from "../runtime/backup-disk";
import { errnoOf, Refusal } from "../runtime/errors";
import { noteWholeSeconds } from "../runtime/whole-seconds";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { isLeftOut, type Mirror } from "./mirror";
import { asideName } from "./restore/record";

/** Refuses unless source and target are the file systems that the config names, and the source holds something. Writes nothing but a new disk's mark. */
export const verify: Phase<Mirror> = {
  name: "verify",
  async run(mirror) {
    const { config } = mirror;
    requireRoot(config.job, "keep owners and ACLs");
    const source = { role: "source", access: "read", ...config.source } as const;
    mirror.mounts = await proveBackupDisk(config, "write", mirror, [source]);
    noteWholeSeconds(config.target, mirror);
    const entries = entriesOf(config.source);
    if (entries.every(entry => isLeftOut(config, entry)))
      throw new Refusal(
        `source ${quoted(config.source.path)} holds nothing to mirror (${entries.length} entries, all left out), so all of the target would go`,
        shell`ls -la ${config.source.path}`,
      );
  },
};

/** Entries of the source that a name of `keep`, or of the runners' own, hides: their data is mirrored nowhere. */
export function hiddenByKeep(mirror: Mirror): string[] {
  const { config } = mirror;
  // What a restore has put aside is no service's data any more.
  const isOwn = (entry: string): boolean => entry.startsWith(ownPrefix) && entry !== asideName;
  const isTaken = (entry: string): boolean => isOwn(entry) || config.keep.includes(entry);
  return entriesOf(config.source).filter(entry => isTaken(entry) && !config.excludes.includes(entry));
}

function entriesOf(source: { readonly path: string }): string[] {
  try {
    return readdirSync(source.path);
  } catch (error) {
    throw new Refusal(
      `source ${quoted(source.path)} can't be read: ${errnoOf(error) ?? String(error)}`,
      shell`ls -la ${source.path}; dmesg --level err,warn | tail`,
    );
  }
}
