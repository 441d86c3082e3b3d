import { z } from "zod";
import { jobFolder } from "../../components/host-release/commands";
import { planOf } from "../../plan";
import { installedBy } from "../../plan/installed";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { BadInput } from "../bad-input";
import { namedBy, readEstate } from "../estate-source";
import { notOurs } from "../host-releases";
import { keyFlag, onHost } from "../host-shell";

const options = z.object({
  ...estateOptions,
  host: z.string(),
  job: z.string(),
  to: z
    .string()
    .regex(/^[0-9a-f]{12}$/, "expected the name of a release, 12 digits from holdfast releases")
    .optional(),
  key: z.string().optional(),
});

/** `holdfast roll-back`: a release that a host keeps becomes live again, after the same checks as a new one. */
export const rollBack: CommandSpec<z.output<typeof options>> = {
  name: "roll-back",
  summary: "Make a release live again that a host keeps: by default the one that was live before",
  flags: [
    ...estateFlags.filter(([flag]) => flag !== "--json"),
    ["--host <name>", "host of the estate"],
    ["--job <name>", "job on it"],
    ["--to <release>", "one of those that holdfast releases shows as kept"],
    keyFlag,
  ],
  required: ["host", "job"],
  options,
  async run({ stack, estate: file, host, job, to, key }, context) {
    const estate = await readEstate({ stack, estate: file }, context);
    const jobs = installedBy(planOf(estate))
      .filter(found => found.host === host)
      .map(({ name }) => name);
    if (!jobs.includes(job))
      throw new BadInput(
        `--job: "${job}" is no job on "${host}", expected one of ${jobs.join(", ") || "none"}.`,
      );
    const script = `sh ${jobFolder(job)}/release.sh`;
    const listed = await onHost(estate, host, `${script} list`, key);
    // What somebody types at the host is for whoever it belongs to; this is for one stack.
    const [foreign] = notOurs(namedBy({ stack, estate: file }, context), listed.stdout.split("\n"));
    if (foreign !== undefined)
      return {
        text: `Nothing was rolled back. ${job} on ${host}: ${foreign}. Next: the same command with the --stack that it belongs to`,
        exitCode: 1,
      };
    if (to === undefined && listed.exitCode !== 0)
      return { text: `Nothing was rolled back. ${listed.stderr.trim()}`, exitCode: 1 };
    // By its name, so that a second try changes nothing more.
    const wanted = to ?? releaseBefore(listed.stdout);
    const { exitCode, stdout, stderr } = await onHost(
      estate,
      host,
      `${script} roll-back ${wanted}`.trimEnd(),
      key,
    );
    if (exitCode === 0) return { text: stdout, exitCode: 0 };
    // What the script itself ends with.
    if (exitCode === 1) return { text: `Nothing was rolled back. ${stderr.trim()}`, exitCode: 1 };
    return {
      text: `It isn't known what is live now: ${stderr.trim()}\nNext: holdfast releases   (then the same command again, with --to ${wanted})`,
      exitCode: 1,
    };
  },
};

/** Name of the release that was live before; empty where none is kept, and the script then says so. */
function releaseBefore(listed: string): string {
  return /^kept (\w+)/m.exec(listed)?.[1] ?? "";
}
