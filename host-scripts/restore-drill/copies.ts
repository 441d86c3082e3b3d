import { dirname } from "node:path";
import { z } from "zod";
import { shellWord } from "../../plan/contracts/shell-word";
import { type Version, versionsAnswer } from "../../plan/contracts/versions";
import { CommandMissing, run as runCommand } from "../runtime/run";
import { firstLines } from "../runtime/tail";
import type { RestoreDrill } from "./restore-drill";
import { sentCopies } from "./sent-copies";
import { commandOf, type DiskTier, type Listed, type Tier } from "./tier";
import { type DrillCopy, newestOf } from "./turns";

/** What a program answers that a restore is asked of. */
export const failedAnswer = z.object({ failed: z.string().optional() });

const longestListMs = 10 * 60_000;

/**
 * The newest whole copy of each thing of some tiers, and those off site of what lies on the disk. What can't be asked, or can't be
 * seen, is a fault of the run.
 */
export async function copiesOf(
  tiers: readonly Tier[],
  run: Pick<RestoreDrill, "stop" | "faults" | "notes" | "config">,
): Promise<DrillCopy[]> {
  const isOffsite = tiers.some(({ kind }) => kind === "offsite");
  const listed: Listed[] = [];
  for (const tier of run.config.tiers)
    if (tier.kind !== "offsite" && (isOffsite || tiers.includes(tier)))
      listed.push({
        tier,
        versions: (await versionsOf(tier, run)).filter(each => isWhole(tier, each)).map(restoredAs(tier)),
      });
  const copies: DrillCopy[] = [];
  for (const tier of tiers) {
    if (tier.kind === "offsite") copies.push(...sentCopies(tier, await versionsOf(tier, run), listed, run));
    else
      copies.push(
        ...newestOf(listed.flatMap(each => (each.tier === tier ? each.versions : [])).map(copyOf(tier))),
      );
  }
  return copies;
}

async function versionsOf(
  tier: Tier,
  { stop, faults, notes }: Pick<RestoreDrill, "stop" | "faults" | "notes">,
): Promise<readonly Version[]> {
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
    const { versions, unseen, noText = [] } = versionsAnswer.parse(JSON.parse(result.stdout));
    notes.push(
      ...noText.map(
        name =>
          `${name} of the ${tier.tier} was not drilled: its name isn't UTF-8, and no record of a drill can have that. To prove it by hand: ${tier.job} restore --into DIR -- ${shellWord(name)}`,
      ),
    );
    if (unseen !== undefined) faults.push(`not all ${tier.tier} can be seen: ${unseen}`);
    return versions;
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    faults.push(`the ${tier.tier} can't be listed: ${error.message}`);
    return [];
  }
}

/** One that lacks something is no copy to be proved. */
function isWhole({ below }: DiskTier, { path, pick }: Version): boolean {
  return path?.startsWith(`${below}/`) === true && !pick.includes("--incomplete");
}

/** A version as a restore brings it, and the words that make it take that. */
function restoredAs({ kind }: DiskTier): (version: Version) => Version {
  switch (kind) {
    case "databases":
      // Its program lists them beside the volume's files, by one name.
      return version => ({ ...version, pick: ["--databases", ...version.pick] });
    case "configuration":
      // Its path is that of the host's files, and what the host said lies beside them.
      return version => ({ ...version, ...(version.path !== undefined && { path: dirname(version.path) }) });
    default:
      return version => version;
  }
}

/** A tier's program is told where a restore's copy is by its own words. */
function copyOf({ tier }: DiskTier): (version: Version) => DrillCopy {
  return ({ of, at, path = "", lacks, pick }) => ({ tier, of, path, at, pick, lacks });
}
