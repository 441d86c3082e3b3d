import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { shell } from "../../runtime/shell";
import { serviceOf } from "../mirror";
import { knownNested } from "../nested";
import { asideRoot, name, servicesOf, type UnreadRestore } from "./record";

/** What nearly every version has written into a record. */
const partOfRecord = z.object({
  root: z.string(),
  below: z.union([z.literal(""), name]),
  wanted: z.array(name).min(1),
  isAll: z.boolean().default(false),
  state: z.string().optional(),
  lacked: z.array(z.unknown()).default([]),
});

/**
 * What a record that can't be read is about, by what is left of it, or else by what its folder beside the services holds.
 * @returns services that it may have changed: none where it was about another place or has ended, undefined where nobody knows
 */
export function servicesOfUnread(config: NfsMirrorConfig, unread: UnreadRestore): string[] | undefined {
  const { data: part } = partOfRecord.safeParse(unread.value);
  if (!part) return servicesAside(config, unread.id);
  const isOver = ["placed", "undone"].includes(part.state ?? "") && part.lacked.length === 0;
  return isOver || (part.below === "" && part.root !== config.source.path) ? [] : servicesOf(part);
}

/** The same as messages say it, with what to do. */
export function nextOfUnread({ source }: NfsMirrorConfig, { id, file }: UnreadRestore): string {
  return shell`cat ${file}; ls -laR ${join(asideRoot(source.path), id)}   (once the services are as they should be: rm ${file})`;
}

function servicesAside(config: NfsMirrorConfig, id: string): string[] | undefined {
  const found = ["", ...Object.keys(knownNested(config))].flatMap(below => {
    const folder = join(asideRoot(join(config.source.path, below)), id);
    const entries = entriesIn(folder);
    if (below === "" || entries.length === 0) return entries;
    return [serviceOf(Buffer.from(below).toString("latin1"))];
  });
  return found.length === 0 ? undefined : [...new Set(found)];
}

function entriesIn(folder: string): string[] {
  try {
    return readdirSync(folder, "latin1");
  } catch {
    return [];
  }
}
