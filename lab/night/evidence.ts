import { rmSync } from "node:fs";
import { join } from "node:path";
import { labDir } from "../facts";
import { mustOnHost } from "../hosts";
import { holdfast } from "./holdfast";
import { mirrorRests } from "./losses";

/**
 * Has copies restored for proof by `holdfast drill`, and the dossier of it written by `holdfast evidence`.
 * @param words which copies @returns what both say in the end @throws where one wasn't proved, or the records don't hang together
 */
export async function evidenceOf(...words: readonly string[]): Promise<string> {
  // While a copy of the mirror comes back the mirror can't run, which it would every two minutes; one that runs is waited for.
  await mustOnHost("pve", mirrorRests, {
    timeoutMs: 1_200_000,
  });
  const drilled = await holdfast("drill", ...words).finally(() =>
    mustOnHost("pve", "systemctl start nfs-mirror.timer"),
  );
  const folder = join(labDir, "evidence");
  // Of an earlier host's: its records aren't this one's.
  rmSync(folder, { recursive: true, force: true });
  const evidence = await holdfast("evidence", "--to", folder);
  const page = /^(.*\.html): written$/m.exec(evidence)?.[1];
  return `${drilled.split("\n").at(-1)} The evidence of it: ${page}`;
}
