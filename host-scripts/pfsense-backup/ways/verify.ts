import type { PfsenseBackupConfig } from "../../../plan/contracts/pfsense-backup";
import { shell } from "../../runtime/shell";
import type { Answer, ListRequest, WayContext } from "../../runtime/ways";
import { files } from "../sums";
import { generationsCalled, judge, type Judged, type Listed, listedGenerations, verifyDisk } from "./judged";

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
    const { period, folder, isApart, lacks } = generation;
    log.progress(`verify: ${period}`);
    found.push({ period, isApart, lacks, ...(await judge(context, generation, folder)) });
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

type Verified = Judged & Pick<Listed, "period" | "isApart" | "lacks">;

function lineOf({ period, isApart, lacks, members, hasSums, faults }: Verified): string {
  if (faults.length > 0) return `${period}: ${faults.join("; ")}`;
  if (isApart) {
    const found = files
      .filter(name => !lacks.includes(name))
      .map(name => (name === "config.xml" ? `${name} is whole` : `${name} has ${members} members`));
    const none = lacks.map(name => `there is no ${name}`);
    return `${period}, incomplete: ${[...found, ...none].join(", ")}`;
  }
  return `${period}: config.xml is whole, full.tar.gz has ${members} members${hasSums ? ", and both hold what was recorded of them" : "; an earlier version recorded no checksums"}`;
}
