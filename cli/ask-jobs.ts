import type { Estate } from "../plan";
import type { Installed } from "../plan/installed";
import { onHost } from "./host-shell";
import { sshTo } from "../plan/estate/ssh-to";

/** Whose hosts are asked, and how. */
export interface Asked {
  readonly estate: Estate;
  /** Words by which a command gets the same estate. */
  readonly named: readonly string[];
  /** File of the private key; by default as `onHost` has it. */
  readonly key: string | undefined;
}

/** Goes before what may wait for a disk that hangs: that keeps nothing else from being told. */
export const soon = "timeout --kill-after=1 20";

/** What follows a word in the lines that begin with it. */
export function saidAs(word: string, lines: readonly string[]): string[] {
  return lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1));
}

/** What a host said, by the lines of its answer; or why it wasn't asked. */
export type Answer =
  | {
      /** Before those of the first job. */
      readonly first: readonly string[];
      /** To what was asked of a job. */
      said(job: Installed): readonly string[];
    }
  | { readonly cause: string };

/**
 * Asks a host of all its jobs by one connection.
 * @param command shell text that asks of one job; none of its lines begins with "job "
 * @param first shell text that runs before
 */
export async function askJobs(
  { estate, key }: Pick<Asked, "estate" | "key">,
  host: string,
  jobs: readonly Installed[],
  command: (job: Installed) => string,
  first = ":",
): Promise<Answer> {
  const asked = jobs.map(job => `echo "job ${job.name}"; ${command(job)}`);
  // Whoever asks brings a locale of their own along, in which lvs writes "41,50".
  const ended = await onHost(estate, host, ["export LC_ALL=C", first, ...asked].join("; "), key);
  if (ended.exitCode !== 0) {
    const said = ended.stderr.trim().split("\n").at(-1) || "it didn't answer, and ssh said nothing";
    return { cause: `${said}. Next: ${sshTo(estate, host)} true` };
  }
  const [before = "", ...parts] = ended.stdout.split(/^job /m);
  const answers = new Map(
    parts.map(text => text.split("\n")).map(([name = "", ...lines]) => [name, lines] as const),
  );
  return { first: before.split("\n"), said: ({ name }) => answers.get(name) ?? [] };
}
