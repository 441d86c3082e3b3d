import { Command } from "@pulumi/command/remote/command";
import { CopyToRemote } from "@pulumi/command/remote/copyToRemote";
import * as pulumi from "@pulumi/pulumi";
import { runbookPagesFolder } from "../plan/contracts/runbook-pages";
import { checked, stackWord } from "./host-release/commands";
import { connectionOf, type HostConnection } from "./host-release";

/** An estate's pages as one file, which `tar` unpacks. */
export interface RunbooksArchive {
  /** Path of the file on the machine that deploys. */
  readonly path: string;
  readonly sha256: string;
}

export interface HostRunbooksArgs {
  /** Whose pages they are: those of another estate lie beside them. */
  readonly estate: string;
  /** Who puts them there: "organization/project/stack". */
  readonly stack: string;
  readonly archive: RunbooksArchive;
  readonly connection: HostConnection;
  /** Each edit of the estate changes its pages: on a host that is down, they stay as they are until it is back. */
  readonly isDown: boolean;
}

/**
 * The runbooks of an estate on one of its hosts, in a folder that root sees. The state has the archive's sum and none of its text,
 * which is some megabytes for a large estate. Destroying it removes the pages, unless another stack has put its own there since.
 */
export class HostRunbooks extends pulumi.ComponentResource {
  constructor(name: string, args: HostRunbooksArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:host:Runbooks", name, { estate: args.estate }, opts);
    const { estate, stack, archive } = args;
    const connection = connectionOf(args.connection);
    const children = {
      ...{ parent: this, deleteBeforeReplace: true },
      ...(args.isDown ? { ignoreChanges: ["*"] } : {}),
    };
    const copied = new CopyToRemote(
      `${name}-archive`,
      {
        connection,
        source: new pulumi.asset.FileAsset(archive.path),
        remotePath: archiveOn(estate),
        // As of a release's bundle: of a changed connection alone, the plugin copies nothing.
        triggers: [connection.host, connection.port, connection.hostKey],
      },
      children,
    );
    new Command(
      `${name}-pages`,
      {
        ...{ connection, addPreviousOutputInEnv: false },
        create: unpackRunbooks(estate, stack),
        delete: removeRunbooks(estate, stack),
        stdin: `${archive.sha256}\n`,
        // Of another name alone, those of the former one would stay there for good.
        triggers: [estate],
      },
      { ...children, dependsOn: [copied] },
    );
    this.registerOutputs();
  }
}

/** Beside the pages, and not among them. Root's folder is there on each host, and nobody else writes in it. */
function archiveOn(estate: string): string {
  return `/root/.holdfast-runbooks-${checked("estate", estate)}.tar`;
}

/**
 * Puts the archive's pages, and whose they are, in the place of those that are there, all of them or none. Standard input is its sum.
 */
export function unpackRunbooks(estate: string, stack: string): string {
  const [pages, fresh, old] = foldersOf(estate);
  const failed = "the runbooks came in part, and those that are there stay. Next: pulumi up";
  return [
    `set -eu; umask 022; a=${archiveOn(estate)}; read -r sum`,
    `[ "$(sha256sum <$a)" = "$sum  -" ] || { echo "${failed}" >&2; exit 1; }`,
    `rm -rf ${fresh} ${old}; mkdir -p ${fresh}; tar -x -m --no-same-owner -f $a -C ${fresh}`,
    `echo ${stackWord({ stack })} >${fresh}/${ownerFile}; sync -f ${fresh}`,
    `test ! -e ${pages} || mv -T ${pages} ${old}; mv -T ${fresh} ${pages}; rm -rf ${old}`,
  ].join("; ");
}

/** Where another stack has put its own there, they stay; so does an archive that came since, where both are replaced: it comes first. */
export function removeRunbooks(estate: string, stack: string): string {
  const [pages, ...beside] = foldersOf(estate);
  const [archive, owner] = [archiveOn(estate), `${pages}/${ownerFile}`];
  return [
    `o=$(cat ${owner} 2>/dev/null || true)`,
    `if [ -z "$o" ] || [ "$o" = ${stackWord({ stack })} ]; then [ ${archive} -nt ${owner} ] || rm -f ${archive}`,
    `rm -rf ${[pages, ...beside].join(" ")}; rmdir ${runbookPagesFolder} 2>/dev/null || true`,
    "fi",
  ].join("; ");
}

const ownerFile = ".stack";

/** The pages, and what stands beside them while they are replaced. */
function foldersOf(estate: string): [pages: string, fresh: string, old: string] {
  const folder = (name: string): string => `${runbookPagesFolder}/${name}`;
  return [folder(estate), folder(`.${estate}.new`), folder(`.${estate}.old`)];
}
