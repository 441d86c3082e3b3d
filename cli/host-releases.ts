import { saidAs } from "./ask-jobs";
import { stackNamed } from "./estate-source";
import { jobFolder } from "../components/host-release/commands";
import { shellWord } from "../plan/contracts/shell-word";
import type { Installed } from "../plan/installed";

/** What a host says of one job. */
export interface ReleaseState {
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

/** Text for a host's shell that says what is live of a job; nothing where none was ever deployed. */
export function listCommand({ name }: Installed): string {
  const script = `${jobFolder(name)}/release.sh`;
  return `test ! -e ${script} || sh ${script} list || echo "fault release.sh list failed"`;
}

/**
 * @param named words by which a command gets the same estate
 * @param lines what the host said to `listCommand`; lines of another kind are left alone
 */
export function releaseOf(
  named: readonly string[],
  host: string,
  job: Installed,
  lines: readonly string[],
): ReleaseState {
  const said = (word: string): string[] => saidAs(word, lines);
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
      ? `not live. Next: pulumi up, unless it was taken away for good. Where that says that nothing changes, the host has lost it: ${again(job)}`
      : `nothing is live: ${left} was rolled back, and what ran in its place is gone. Next: ${back(other)}   (or mend the estate or the program, then pulumi up)`;
  return {
    ...nothing(host, job.name),
    stack: said("stack")[0] ?? null,
    live: live ?? null,
    since: since ?? null,
    kept,
    rolledBack: left ?? null,
    notes: [
      ...notOurs(named, lines),
      ...(left === undefined || live === undefined
        ? []
        : [
            `${left} was rolled back, and stays so until another release follows${kept.includes(left) ? `. To have it again: ${back(left)}` : ""}`,
          ]),
    ],
    faults: [
      ...(live === undefined ? [lost] : []),
      ...faults.map(fault => (fault.includes(". Next: ") ? fault : `${fault}. Next: ${repair}`)),
    ],
  };
}

/**
 * A job is one stack's: an `up` of any other is refused, so that what runs isn't what its estate says.
 * @param lines what the host said to `listCommand`
 * @returns one or none
 */
export function notOurs(named: readonly string[], lines: readonly string[]): string[] {
  const [owner] = saidAs("stack", lines);
  const own = stackNamed(named);
  if (owner === undefined || own === undefined || owner.split("/").at(-1) === own) return [];
  return [`it belongs to stack ${owner}, and not to ${own}, whose pulumi up is refused (docs/hosts.md)`];
}

/** Deploys all of a job again, though the state says that it is there, and the pages that a host lost with it. */
function again({ name, host, credentials }: Installed): string {
  const patterns = [
    `**::${name}-${host}-release-*`,
    ...(credentials.length > 0 ? [`**::${name}-${host}-credential-*-file`] : []),
    `**::runbooks-${host}-*`,
  ];
  return ["pulumi up", ...patterns.map(pattern => `--replace '${pattern}'`)].join(" ");
}

/** Of a host that wasn't reached. */
export function unasked(host: string, job: string, cause: string): ReleaseState {
  return { ...nothing(host, job), faults: [`the host wasn't asked: ${cause}`] };
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
