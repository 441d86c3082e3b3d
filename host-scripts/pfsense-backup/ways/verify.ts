import type { PfsenseBackupConfig } from "../../../plan/contracts/pfsense-backup";
import { shell } from "../../runtime/shell";
import type { Answer, ListRequest, WayContext } from "../../runtime/ways";
import { generationsCalled, judge, type Judged, listedGenerations, verifyDisk } from "./judged";

/** Reads each generation to its end. Changes nothing and takes no lock. */
export async function verify(
  { what }: ListRequest,
  context: WayContext<PfsenseBackupConfig>,
): Promise<Answer> {
  const { config, log } = context;
  await verifyDisk(context);
  const generations = what === undefined ? listedGenerations(config) : generationsCalled(config, what);
  const found: Verified[] = [];
  for (const generation of generations) {
    const { period, folder, isApart } = generation;
    log.progress(`verify: ${period}`);
    found.push({ period, isApart, ...(await judge(context, generation, folder)) });
  }
  const bad = found.filter(({ faults }) => faults.length > 0);
  return {
    text: found.map(lineOf).join("\n") || `there is no generation of ${config.folder} yet`,
    result: { generations: found },
    ...(bad.length > 0 && {
      failure: {
        failed: `${bad.length} of ${found.length} generations are bad: ${bad.map(({ period }) => period).join(", ")}`,
        kept: "Nothing was changed.",
        next: shell`systemctl start ${config.job}   (it makes a new one; an earlier good one: ${config.job} restore --at TIME --into DIR)`,
      },
    }),
  };
}

type Verified = Judged & { readonly period: string; readonly isApart: boolean };

function lineOf({ period, isApart, members, hasSums, faults }: Verified): string {
  if (faults.length > 0) return `${period}: ${faults.join("; ")}`;
  if (isApart) return `${period}, incomplete: config.xml is whole, there is no full.tar.gz`;
  return `${period}: config.xml is whole, full.tar.gz has ${members} members${hasSums ? ", and both hold what was recorded of them" : "; an earlier version recorded no checksums"}`;
}
