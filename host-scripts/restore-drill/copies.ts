import { z } from "zod";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { type Version, versionsAnswer } from "../../plan/contracts/versions";
import { CommandMissing, run as runCommand } from "../runtime/run";
import { firstLines } from "../runtime/tail";
import type { RestoreDrill } from "./restore-drill";
import { type DrillCopy, keyOf } from "./turns";

export type Tier = RestoreDrillConfig["tiers"][number];

/** What a program answers that a restore is asked of. */
export const failedAnswer = z.object({ failed: z.string().optional() });

const longestListMs = 10 * 60_000;

/** The newest whole copy of each thing of a tier. What can't be asked, or can't be seen, is a fault of the run. */
export async function copiesOf(
  tier: Tier,
  { stop, faults }: Pick<RestoreDrill, "stop" | "faults">,
): Promise<DrillCopy[]> {
  try {
    const argv = [...commandOf(tier), "list", "--versions", "--json"] as const;
    const result = await runCommand(argv, { timeoutMs: longestListMs, stop: stop.signal });
    stop.check("survey");
    if (result.exitCode !== 0) {
      faults.push(
        `the ${tier.tier} can't be listed: ${firstLines(result.stderr) || `${tier.job} ended with ${result.exitCode ?? result.signal}`}`,
      );
      return [];
    }
    const { versions, unseen } = versionsAnswer.parse(JSON.parse(result.stdout));
    if (unseen !== undefined) faults.push(`not all ${tier.tier} can be seen: ${unseen}`);
    return newestOf(tier, versions);
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    faults.push(`the ${tier.tier} can't be listed: ${error.message}`);
    return [];
  }
}

/** A tier's program is told where a restore's copy is by its own words; one that lacks something is no copy to be proved. */
function newestOf({ tier, below }: Tier, versions: readonly Version[]): DrillCopy[] {
  const newest = new Map<string, DrillCopy>();
  for (const { of, at, path, lacks, pick } of versions) {
    if (path === undefined || !path.startsWith(`${below}/`) || pick.includes("--incomplete")) continue;
    const copy = { tier, of, path, at, pick, lacks };
    const known = newest.get(keyOf(copy));
    if (known === undefined || (known.at ?? "") < (at ?? "")) newest.set(keyOf(copy), copy);
  }
  return [...newest.values()];
}

/** @throws {Error} for none, which the contract refuses */
export function commandOf({ command: [program, ...args] }: Tier): [string, ...string[]] {
  if (program === undefined) throw new Error("a tier has no command");
  return [program, ...args];
}
