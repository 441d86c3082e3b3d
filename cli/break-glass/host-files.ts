import { bundleName } from "../../components/host-release/commands";
import { shellWord } from "../../plan/contracts/shell-word";
import type { Plan } from "../../plan";
import { type HostedJob, isHosted } from "../../plan/job";
import { type SetFile, textFile } from "./files";

/** Text of a runner's program. */
export type ProgramOf = (runner: string) => Promise<string>;

/**
 * The hosts' jobs as commands of the same names, for a host on which nothing is installed: each with its program, its config and
 * those of its secrets that are kept outside.
 * @param secrets what these are, by name
 */
export async function hostFiles(
  { jobs }: Plan,
  secrets: ReadonlyMap<string, string>,
  programOf: ProgramOf,
): Promise<SetFile[]> {
  const each = await Promise.all(
    jobs.filter(isHosted).map(async job => jobFiles(job, secrets, await programOf(job.deployment.runner))),
  );
  return each.flat();
}

/** Folder of a host's commands in a set. */
export function commandsOf(host: string): string {
  return `hosts/${host}/bin`;
}

function jobFiles(
  { name, host, credentials, deployment }: HostedJob,
  secrets: ReadonlyMap<string, string>,
  program: string,
): SetFile[] {
  const folder = `hosts/${host}/jobs/${name}`;
  const config = deployment.files.find(file => file.name === "config.json");
  return [
    { ...textFile(`${commandsOf(host)}/${name}`, commandText(name)), isProgram: true },
    textFile(`${folder}/${bundleName(name)}`, program),
    textFile(`${folder}/config.json`, config?.text ?? ""),
    ...credentials.flatMap(({ name: file, from }) => {
      const text = from.kind === "secret" ? secrets.get(from.secret) : undefined;
      return text === undefined ? [] : [textFile(`${folder}/credentials/${file}`, text)];
    }),
  ];
}

/** As a release's command, but for where its parts lie: wherever the set was unpacked. */
function commandText(job: string): string {
  return `#!/bin/sh
set -eu
folder=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")/jobs/${shellWord(job)}
export CREDENTIALS_DIRECTORY="$folder/credentials"
exec unshare --mount --propagation private node "$folder/${bundleName(job)}" --config "$folder/config.json" "$@"
`;
}
