import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "../../runtime/errors";
import { quoted } from "../../runtime/quoted";
import { entriesOf, manifestFile, type ManifestEntry } from "../configuration-manifest";

const manifest = z.object({
  entries: z.array(
    z.object({
      path: z.string(),
      type: z.enum(["file", "folder", "link", "other"]),
      ...{ mode: z.string(), uid: z.number(), gid: z.number() },
      sizeBytes: z.number().optional(),
      sha256: z.string().optional(),
      target: z.string().optional(),
    }),
  ),
});

/**
 * Reads all of a generation of the host's configuration, or what was restored of it, and compares it with its manifest.
 * @returns what differs, one text an entry @throws {RunnerError} that names what can't be read
 */
export async function manifestFaults(folder: string, stop: AbortSignal): Promise<string[]> {
  let recorded: readonly ManifestEntry[];
  try {
    recorded = manifest.parse(JSON.parse(readFileSync(join(folder, manifestFile), "utf8"))).entries;
  } catch (error) {
    return [`${quoted(manifestFile)}: ${messageOf(error)}`];
  }
  const found = new Map((await entriesOf(folder, stop)).map(entry => [entry.path, entry]));
  found.delete(manifestFile);
  const faults = recorded.flatMap(entry => {
    const there = found.get(entry.path);
    found.delete(entry.path);
    const fault = there ? differenceOf(entry, there) : "it is missing";
    return fault === undefined ? [] : [`${quoted(entry.path)}: ${fault}`];
  });
  return [...faults, ...[...found.keys()].map(path => `${quoted(path)}: nobody recorded it`)];
}

function differenceOf(recorded: ManifestEntry, there: ManifestEntry): string | undefined {
  const fields = ["type", "mode", "uid", "gid", "sizeBytes", "sha256", "target"] as const;
  const other = fields.find(field => recorded[field] !== there[field]);
  return other && `its ${other} is ${there[other] ?? "none"}, and ${recorded[other] ?? "none"} was recorded`;
}
