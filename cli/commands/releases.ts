import Table from "cli-table3";
import { z } from "zod";
import { jobFolder } from "../../components/host-release/commands";
import { type Estate, planOf } from "../../plan";
import { isInstalled, type Job } from "../../plan/job";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { readEstate } from "../estate-source";
import { keyFlag, onHost } from "../host-shell";
import { plainTable } from "../output";

const options = z.object({ ...estateOptions, key: z.string().optional() });

/** What a host says of one job. */
interface ReleaseState {
  readonly host: string;
  readonly job: string;
  /** Stack that it belongs to; null where no release was deployed. */
  readonly stack: string | null;
  readonly live: string | null;
  /** When the live release became so, in ISO form. */
  readonly since: string | null;
  /** Releases that a roll-back can make live, those first that were live last. */
  readonly kept: readonly string[];
  /** The release that somebody has gone back from, as long as no other has followed; null else. */
  readonly rolledBack: string | null;
  /** What isn't as it was deployed, and what to do about it. */
  readonly faults: readonly string[];
}

/** `holdfast releases`: what the hosts themselves say is live on them, which the state of a stack can't know. */
export const releases: CommandSpec<z.output<typeof options>> = {
  name: "releases",
  summary: "What is live on each host, what is kept for a roll-back, and what a host has lost",
  flags: [...estateFlags, keyFlag],
  options,
  async run({ stack, estate: file, json, key }, context) {
    const { terminal } = context;
    const estate = await readEstate({ stack, estate: file }, context);
    const jobs = planOf(estate).jobs.filter(isInstalled);
    const hosts = [...new Set(jobs.map(job => job.host))];
    const found = await Promise.all(
      hosts.map(host =>
        statesOn(
          estate,
          host,
          jobs.filter(job => job.host === host),
          key,
        ),
      ),
    );
    const states = found.flat();
    const exitCode = states.some(({ faults }) => faults.length > 0) ? 1 : 0;
    return { text: json ? JSON.stringify(states, undefined, 2) : summaryOf(states, terminal), exitCode };
  },
};

/** One connection a host. */
async function statesOn(
  estate: Estate,
  host: string,
  jobs: readonly Job[],
  key: string | undefined,
): Promise<ReleaseState[]> {
  const asked = jobs.map(({ name }) => {
    const script = `${jobFolder(name)}/release.sh`;
    return `echo "job ${name}"; test ! -e ${script} || sh ${script} list || echo "fault release.sh list failed"`;
  });
  const ended = await onHost(estate, host, asked.join("; "), key);
  if (ended.exitCode !== 0) {
    const cause = ended.stderr.trim().split("\n").at(-1) ?? "";
    return jobs.map(job => ({ ...nothing(host, job.name), faults: [`the host wasn't asked: ${cause}`] }));
  }
  const answers = new Map(
    ended.stdout
      .split(/^job /m)
      .slice(1)
      .map(text => text.split("\n"))
      .map(([name = "", ...lines]) => [name, lines]),
  );
  return jobs.map(job => stateOf(host, job, answers.get(job.name) ?? []));
}

function stateOf(host: string, job: Job, lines: readonly string[]): ReleaseState {
  const said = (word: string) =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1));
  const [live, since] = said("live")[0]?.split(" ") ?? [];
  const faults = said("fault");
  const [left] = said("left");
  // To deploy it again would make the release live that was rolled back.
  const repair =
    left === undefined
      ? `pulumi up --replace '**::${job.name}-${host}-release-live'`
      : "mend the estate or the program, then pulumi up";
  return {
    ...nothing(host, job.name),
    stack: said("stack")[0] ?? null,
    live: live ?? null,
    since: since ?? null,
    kept: said("kept").map(line => line.split(" ")[0] ?? ""),
    rolledBack: left ?? null,
    faults: [
      ...(live === undefined
        ? [`not live. Where pulumi up says that nothing changes, the host has lost it. Next: ${again(job)}`]
        : []),
      ...faults.map(fault => (fault.includes(". Next: ") ? fault : `${fault}. Next: ${repair}`)),
    ],
  };
}

/** Deploys all of a job again, though the state says that it is there. */
function again({ name, host, credentials }: Job): string {
  const patterns = [
    `**::${name}-${host}-release-*`,
    ...(credentials.length > 0 ? [`**::${name}-${host}-credential-*-file`] : []),
  ];
  return ["pulumi up", ...patterns.map(pattern => `--replace '${pattern}'`)].join(" ");
}

function nothing(host: string, job: string): ReleaseState {
  return { host, job, stack: null, live: null, since: null, kept: [], rolledBack: null, faults: [] };
}

function summaryOf(states: readonly ReleaseState[], colours: boolean): string {
  const rows = new Table({
    head: ["host", "job", "live", "since", "kept", "stack"],
    ...plainTable(colours),
  });
  for (const { host, job, live, since, kept, stack } of states)
    rows.push([host, job, live ?? "-", since ?? "-", kept.join(" ") || "-", stack ?? "-"]);
  const faults = states.flatMap(({ host, job, rolledBack, faults }) =>
    [...notes(rolledBack), ...faults].map(text => `${job} on ${host}: ${text}`),
  );
  return [rows.toString(), ...faults].join("\n");
}

function notes(rolledBack: string | null): string[] {
  return rolledBack === null
    ? []
    : [`${rolledBack} was rolled back, and stays so until another release follows`];
}
