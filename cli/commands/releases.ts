import { z } from "zod";
import { planOf } from "../../plan";
import { type Installed, installedBy } from "../../plan/installed";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { type Asked, askJobs } from "../ask-jobs";
import { listCommand, releaseOf, type ReleaseState, unasked } from "../host-releases";
import { keyFlag } from "../host-shell";
import { type Look, tableText } from "../table";

const options = z.object({ ...estateOptions, key: z.string().optional() });

/** `holdfast releases`: what the hosts themselves say is live on them, which the state of a stack can't know. */
export const releases: CommandSpec<z.output<typeof options>> = {
  name: "releases",
  summary: "What is live on each host, what is kept for a roll-back, and what a host has lost",
  flags: [...estateFlags, keyFlag],
  options,
  async run({ stack, estate: file, json, key }, context) {
    const estate = await readEstate({ stack, estate: file }, context);
    const jobs = installedBy(planOf(estate));
    const hosts = [...new Set(jobs.map(job => job.host))];
    const found = await Promise.all(
      hosts.map(host =>
        statesOn(
          { estate, named: namedBy({ stack, estate: file }, context), key },
          host,
          jobs.filter(job => job.host === host),
        ),
      ),
    );
    const states = found.flat();
    const exitCode = states.some(({ faults }) => faults.length > 0) ? 1 : 0;
    return { text: json ? JSON.stringify(states, undefined, 2) : summaryOf(states, context), exitCode };
  },
};

/** One connection a host. */
async function statesOn(
  { estate, named, key }: Asked,
  host: string,
  jobs: readonly Installed[],
): Promise<ReleaseState[]> {
  const answer = await askJobs({ estate, key }, host, jobs, listCommand);
  return jobs.map(job =>
    "cause" in answer ? unasked(host, job.name, answer.cause) : releaseOf(named, host, job, answer.said(job)),
  );
}

function summaryOf(states: readonly ReleaseState[], look: Look): string {
  const rows = states.map(({ host, job, live, since, kept, stack }) => [
    ...[host, job, live ?? "-", since ?? "-", kept.join(" ") || "-", stack ?? "-"],
  ]);
  const faults = states.flatMap(({ host, job, notes, faults }) =>
    [...notes, ...faults].map(text => `${job} on ${host}: ${text}`),
  );
  return [tableText(["host", "job", "live", "since", "kept", "stack"], rows, look), ...faults].join("\n");
}
