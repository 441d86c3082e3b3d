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
 * Reads a dump to its end and compares it with its manifest: SHA-256, its last line, the rows of each table.
 * @returns what is wrong with it
 */
export async function faultOf(
  { folder, manifest }: Dump,
  client: RestoreClient,
  stop: Stop,
): Promise<string | undefined> {
  const { file, form, sha256, tables } = manifest;
  const path = join(folder, file);
  try {
    const found = await sumOf(path, stop.signal);
    if (found.sha256 !== sha256)
      return `it has other bytes than were written (${found.bytes} of ${manifest.bytes})`;
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
    return `it can't be read: ${messageOf(error)}`;
  }
}
