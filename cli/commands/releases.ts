import Table from "cli-table3";
import { z } from "zod";
import { jobFolder } from "../../components/host-release/commands";
import { type Estate, planOf } from "../../plan";
import { type Installed, installedBy } from "../../plan/installed";
import { shellWord } from "../../plan/contracts/shell-word";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
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
  /** What is to be known of it, and is no fault. */
  readonly notes: readonly string[];
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
    const jobs = installedBy(planOf(estate));
    const hosts = [...new Set(jobs.map(job => job.host))];
    const found = await Promise.all(
      hosts.map(host =>
        statesOn(
          { estate, named: namedBy({ stack, estate: file }) },
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

interface Asked {
  readonly estate: Estate;
  /** Words by which a command gets the same one. */
  readonly named: readonly string[];
}

/** One connection a host. */
async function statesOn(
  { estate, named }: Asked,
  host: string,
  jobs: readonly Installed[],
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
  return jobs.map(job => stateOf(named, host, job, answers.get(job.name) ?? []));
}

function stateOf(
  named: readonly string[],
  host: string,
  job: Installed,
  lines: readonly string[],
): ReleaseState {
  const said = (word: string) =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1));
  const [live, since] = said("live")[0]?.split(" ") ?? [];
  const faults = said("fault");
  const [left] = said("left");
  const kept = said("kept").map(line => line.split(" ")[0] ?? "");
  const back = (release: string): string =>
    ["holdfast roll-back --host", host, "--job", job.name, "--to", release, ...named.map(shellWord)].join(
      " ",
    );
  const [other] = kept;
  // Deployed again, what was rolled back stays so, and what runs in its place is put back as it was: if it is whole.
  const isWhole = !faults.some(fault => fault.includes("is damaged"));
  const repair =
    left === undefined || other === undefined || isWhole
      ? `pulumi up --replace '**::${job.name}-${host}-release-live'`
      : `${back(other)}   (or mend the estate or the program, then pulumi up)`;
  const lost =
    left === undefined || other === undefined
      ? `not live. Where pulumi up says that nothing changes, the host has lost it. Next: ${again(job)}`
      : `nothing is live: ${left} was rolled back, and what ran in its place is gone. Next: ${back(other)}   (or mend the estate or the program, then pulumi up)`;
  return {
    ...nothing(host, job.name),
    stack: said("stack")[0] ?? null,
    live: live ?? null,
    since: since ?? null,
    kept,
    rolledBack: left ?? null,
    notes:
      left === undefined || live === undefined
        ? []
        : [
            `${left} was rolled back, and stays so until another release follows${kept.includes(left) ? `. To have it again: ${back(left)}` : ""}`,
          ],
    faults: [
      ...(live === undefined ? [lost] : []),
      ...faults.map(fault => (fault.includes(". Next: ") ? fault : `${fault}. Next: ${repair}`)),
    ],
  };
}

/** Deploys all of a job again, though the state says that it is there. */
function again({ name, host, credentials }: Installed): string {
  const patterns = [
    `**::${name}-${host}-release-*`,
    ...(credentials.length > 0 ? [`**::${name}-${host}-credential-*-file`] : []),
  ];
  return ["pulumi up", ...patterns.map(pattern => `--replace '${pattern}'`)].join(" ");
}

function nothing(host: string, job: string): ReleaseState {
  return {
    host,
    job,
    stack: null,
    live: null,
    since: null,
    kept: [],
    rolledBack: null,
    notes: [],
    faults: [],
  };
}

function summaryOf(states: readonly ReleaseState[], colours: boolean): string {
  const rows = new Table({
    head: ["host", "job", "live", "since", "kept", "stack"],
    ...plainTable(colours),
  });
  for (const { host, job, live, since, kept, stack } of states)
    rows.push([host, job, live ?? "-", since ?? "-", kept.join(" ") || "-", stack ?? "-"]);
  const faults = states.flatMap(({ host, job, notes, faults }) =>
    [...notes, ...faults].map(text => `${job} on ${host}: ${text}`),
  );
  return [rows.toString(), ...faults].join("\n");
}
