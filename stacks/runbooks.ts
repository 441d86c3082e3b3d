import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { packTar } from "modern-tar";
import type { RunbooksArchive } from "../components/host-runbooks";
import { runbookPages } from "../components/runbooks/pages";
import type { Plan } from "../plan";
import { stateDir } from "./project";
import { writeWhole } from "./write-whole";

/**
 * An estate's pages as an archive that is the same, to the byte, wherever it is made: it tells no time, and isn't compressed, as
 * not each machine's zlib gives the same.
 * @param named flags by which `holdfast` finds this estate
 */
export async function runbooksArchive(plan: Plan, named: readonly string[]): Promise<RunbooksArchive> {
  const archive = await packTar(
    runbookPages({ plan, named }).map(({ path, text }) => {
      const body = Buffer.from(text);
      const header = { name: path, size: body.length, mode: 0o644, mtime: new Date(0) };
      return { header: { ...header, type: "file" as const }, body };
    }),
  );
  const folder = join(stateDir, "cache", "runbooks");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${plan.estate.name}.tar`);
  writeWhole(path, archive);
  return { path, sha256: createHash("sha256").update(archive).digest("hex") };
}
