import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { traitsOf } from "../../plan/contracts/dump-forms";
import { messageOf } from "../../host-scripts/runtime/errors";
import type { Stop } from "../../host-scripts/runtime/stop";
import { differenceOf } from "./compare";
import { judgeOf } from "./content";
import type { Dump } from "./manifest";
import type { RestoreClient } from "./restore-client";
import { contentOf, sumOf } from "./take";

/**
 * Reads a dump to its end and compares its SHA-256 with its manifest's: with the same bytes it has the content that was judged when it
 * was made.
 * @returns what is wrong with it
 */
export async function otherBytesOf({ folder, manifest }: Dump, stop: Stop): Promise<string | undefined> {
  try {
    const found = await sumOf(join(folder, manifest.file), stop.signal);
    if (found.sha256 === manifest.sha256) return undefined;
    return `it has other bytes than were written (${found.bytes} of ${manifest.bytes})`;
  } catch (error) {
    stop.check("verify");
    return unread(error);
  }
}

/**
 * The same, and its content is judged anew: its last line, the rows of each table.
 * @returns what is wrong with it
 */
export async function faultOf(dump: Dump, client: RestoreClient, stop: Stop): Promise<string | undefined> {
  const other = await otherBytesOf(dump, stop);
  if (other !== undefined) return other;
  const { file, form, tables } = dump.manifest;
  const path = join(dump.folder, file);
  try {
    const judge = judgeOf(form);
    if (traitsOf(form).judged === "read-back")
      await client.ask("check", { form, input: contentOf(path, form), see: chunk => judge.add(chunk) });
    else
      await pipeline(
        contentOf(path, form),
        async source => {
          for await (const chunk of source) judge.add(chunk as Buffer);
        },
        { signal: stop.signal },
      );
    const content = judge.end();
    if (!content.isWhole) return "its last line isn't there: it was cut";
    return differenceOf(tables, content.tables);
  } catch (error) {
    stop.check("verify");
    return unread(error);
  }
}

function unread(error: unknown): string {
  return `it can't be read: ${messageOf(error)}`;
}
