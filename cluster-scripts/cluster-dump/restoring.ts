import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ClusterDumpConfig } from "../../plan/contracts/cluster-dump";
import { messageOf } from "../../host-scripts/runtime/errors";
import type { WayContext } from "../../host-scripts/runtime/ways";
import type { RestoreClient } from "./restore-client";
import { syncFolder, writeDurably } from "../../host-scripts/runtime/durable";

/** Both names as bytes in latin1. */
const rename = z.strictObject({ name: z.string(), other: z.string() });
const renames = z.array(rename);

const record = z.strictObject({
  /** What is restored, its bytes in latin1; empty for the whole server. */
  database: z.string(),
  /** What databases of the server are called meanwhile; of a way back, also what had another name until it took this one. */
  renamed: z.array(rename.extend({ from: z.string().optional() })),
  /** File with what was there, where that isn't renamed. */
  former: z.string().optional(),
  /** What is made has a name of its own. */
  isBeside: z.boolean().optional(),
});

/** A restore that has begun to change its server, and has not ended. */
export type Restoring = z.infer<typeof record>;

/** An earlier release kept one alone, without a list. */
const records = z.union([z.array(record), record.transform(one => [one])]);

/** Whether it is a way back from a restore, which reads no dump. */
export function isBack({ renamed }: Restoring): boolean {
  return renamed.some(({ from }) => from !== undefined);
}

function fileOf({ stateDir }: ClusterDumpConfig): string {
  return join(stateDir, "restoring.json");
}

/** @returns each restore that has begun to change the server and has not ended, oldest first; several when one was cut after another */
export function readRestoring(config: ClusterDumpConfig): Restoring[] {
  const path = fileOf(config);
  return existsSync(path) ? records.parse(JSON.parse(readFileSync(path, "utf8"))) : [];
}

/**
 * Comes before the first change, and once a restore has ended without it. The server has a mark for as long as something is on record, by
 * which its other jobs know of it; what is on record without one has changed nothing yet, or has ended.
 */
export async function noteRestoring(
  { config, log }: WayContext<ClusterDumpConfig>,
  client: RestoreClient,
  open: readonly Restoring[],
): Promise<void> {
  const about = { name: config.job };
  if (open.length > 0) {
    writeDurably(fileOf(config), `${JSON.stringify(open, undefined, 2)}\n`, 0o600);
    try {
      await client.ask("mark", about);
    } catch (error) {
      if (!client.client.isThere) throw error;
      // An account may have a database of its own and no more.
      log.warn(
        `other jobs of this server don't know of this restore, and one that dumps it may take a half for good: ${messageOf(error)}`,
      );
    }
    return;
  }
  await client.ask("unmark", about);
  rmSync(fileOf(config), { force: true });
  syncFolder(config.stateDir);
}

/** What databases were called before the last restore, or the last way back from one, and what of them is called so since. */
export type Renamed = z.infer<typeof renames>;

function lastOf({ stateDir }: ClusterDumpConfig): string {
  return join(stateDir, "last-restore.json");
}

export function readRenamed(config: ClusterDumpConfig): Renamed {
  const path = lastOf(config);
  return existsSync(path) ? renames.parse(JSON.parse(readFileSync(path, "utf8"))) : [];
}

export function noteRenamed(config: ClusterDumpConfig, renamed: Renamed): void {
  writeDurably(lastOf(config), `${JSON.stringify(renamed, undefined, 2)}\n`, 0o600);
}
