import { exitCodes, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { required } from "../runtime/required";
import { saidWhere } from "../runtime/said-where";
import { ready, shell } from "../runtime/shell";
import type { Scrub } from "./backup-scrub";
import { nameOf, type RottenFile } from "./rotten";
import { isInGeneration } from "./units";

const shown = 3;
const tool = ready("apt-get install smartmontools if there is none");

/** A run that found rot, mended or not, is no success: a disk that rots once does it again. */
export const judge: Phase<Scrub> = {
  name: "judge",
  async run(scrub) {
    const { config, faults, log, mended } = scrub;
    const left = required(scrub.left, "list of rotten files");
    for (const file of left)
      log.error(
        `rotten since ${file.foundAt}: ${nameOf(file)}: recorded sha256 ${file.sha256 ?? "nothing"}, the disk gives ${file.found}`,
      );
    for (const fault of faults) log.error(fault);
    const disk = shell`smartctl --all "$(findmnt --noheadings --output SOURCE ${config.target.path})"`;
    if (left.length > 0)
      throw new RunnerError(exitCodes.failed, {
        failed: `${left.length} files of the backup disk don't hold what was recorded, and no good copy of them is known: ${namesOf(left)}${alsoMended(mended)}`,
        kept: "They are left as they are; what else was read is as it was recorded.",
        next: shell`${ready(disk)}   (${tool}; then restore each from elsewhere, or ${ready(adviceFor(scrub, left))})`,
      });
    if (mended.length > 0)
      throw new RunnerError(exitCodes.failed, {
        failed: `${mended.every(({ was }) => was) ? "files of generations were written to, which nobody may" : "the backup disk rots"}:${alsoMended(mended)}`,
        kept: "All that was read holds what was recorded.",
        next: shell`${ready(disk)}   (${tool})`,
      });
    const [first] = faults;
    if (first !== undefined)
      throw new RunnerError(exitCodes.failed, {
        failed: faults.length > 1 ? `${first}; and ${faults.length - 1} more faults` : first,
        kept: "What else was read is as it was recorded.",
        next: shell`${ready(disk)}; ${ready(saidWhere(config.job))}   (${tool})`,
      });
  },
};

/** What else is to be done about rotten files: a generation that lacks one is told each night, whoever removed it. */
function adviceFor({ config }: Scrub, left: readonly RottenFile[]): string {
  const held = left.filter(({ names }) => names.some(name => isInGeneration(config, name)));
  if (held.length === 0) return "remove it";
  const accept = "accept it in the estate until its generation goes";
  return held.length === left.length ? accept : `remove it; in a generation remove none, but ${accept}`;
}

function alsoMended(mended: readonly RottenFile[]): string {
  return mended.length === 0
    ? ""
    : ` ${mended.length} rotten files were mended from good copies: ${namesOf(mended)}`;
}

function namesOf(files: readonly RottenFile[]): string {
  const more = files.length > shown ? `, and ${files.length - shown} more` : "";
  return files.slice(0, shown).map(nameOf).join(", ") + more;
}
