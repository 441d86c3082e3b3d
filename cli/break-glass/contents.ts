import type { Plan } from "../../plan";
import { runbookPages } from "../../components/runbooks/pages";
import { type SetFile, textFile } from "./files";
import { commandsOf, hostFiles, type ProgramOf } from "./host-files";
import { secretsOf } from "./secrets";

/** What a set follows from. */
export interface Sources {
  readonly plan: Plan;
  /** The estate as somebody wrote it, evaluated. */
  readonly input: unknown;
  /** Secrets' texts by name. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly programOf: ProgramOf;
}

/**
 * All that restores need when everything else is gone.
 * @throws {BadInput} when a secret is missing
 */
export async function contentsOf({ plan, input, secrets, programOf }: Sources): Promise<SetFile[]> {
  const kept = secretsOf(plan.estate, secrets);
  const ofHosts = await hostFiles(plan, kept, programOf);
  return [
    textFile("README.txt", readme(plan)),
    textFile("estate.json", `${JSON.stringify(input, undefined, 2)}\n`),
    ...[...kept].map(([name, text]) => textFile(`${secretsFolder}/${name}`, text)),
    ...runbookPages({ plan, named: ["--estate", "estate.json"] }).map(({ path, text }) =>
      textFile(`${pagesFolder}/${path}`, text),
    ),
    ...ofHosts,
  ];
}

/** Folder in which each secret is a file of its own name. */
export const secretsFolder = "secrets";
/** Folder with the estate's runbooks. */
export const pagesFolder = "runbooks";

function readme({ estate }: Plan): string {
  const [host = "HOST"] = Object.keys(estate.hosts);
  return `Break-glass set: what restores need when everything else is gone.

secrets/NAME            keys and passwords, as they are typed or read
runbooks/README.md      what happened? It leads to a page for each disaster, service and job: what is lost, and what
                        brings it back, in order
hosts/HOST/bin          the commands that those pages name, for a host on which nothing is installed but Node 18 or
                        later, rsync and ssh. As root, in this folder:
                            export PATH="$PWD/${commandsOf(host)}:$PATH"
estate.json             the estate, as holdfast check --estate estate.json takes it
manifest.json           when this was made, and each file's SHA-256

These commands work with the estate's file systems alone, known by their UUIDs. A new disk gets that of the one in whose
place it stands (mkfs.ext4 -U UUID, mkfs.xfs -m uuid=UUID), and a backup disk is mounted with nosuid,nodev,noexec:
${fileSystems(estate)}
`;
}

function fileSystems({ hosts }: Plan["estate"]): string {
  return Object.entries(hosts)
    .flatMap(([host, { filesystems }]) =>
      Object.entries(filesystems).map(([path, { fsUuid }]) => `    ${host}: ${path} is ${fsUuid}`),
    )
    .join("\n");
}
