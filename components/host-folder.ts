import { Command } from "@pulumi/command/remote/command";
import * as pulumi from "@pulumi/pulumi";
import { shellWord } from "../plan/contracts/shell-word";
import { connectionOf, type HostConnection } from "./host-release";

export interface HostFolderArgs {
  readonly connection: HostConnection;
  readonly path: string;
  /** UUID of the file system on which it has to lie. */
  readonly fsUuid: string;
  /** Number of the account that it belongs to, and nobody else may look into it. */
  readonly uid: number;
}

/** A folder of a host for copies that others write there. Destroying it leaves it, with all that is in it. */
export class HostFolder extends pulumi.ComponentResource {
  constructor(name: string, args: HostFolderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:host:Folder", name, { path: args.path }, opts);
    new Command(
      `${name}-made`,
      {
        connection: connectionOf(args.connection),
        create: makeFolder(args),
        addPreviousOutputInEnv: false,
        // A rebuilt host has none.
        triggers: [args.connection.host, args.connection.port, args.connection.hostKey],
      },
      { parent: this, deleteBeforeReplace: true },
    );
    this.registerOutputs();
  }
}

/**
 * Made only where the file system is mounted: below an empty mount point, dumps would fill the host's own disk. What is there
 * and is somebody else's stays so: a slip of a path would close a service's data to it.
 */
export function makeFolder({ path, fsUuid, uid }: Omit<HostFolderArgs, "connection">): string {
  const folder = shellWord(path);
  // What is only known there ($u, $o) stands between the words of the text.
  const refuse = (...text: readonly string[]): string =>
    `{ printf '%s\\n' ${text.map(part => (/^\$\w$/.test(part) ? `"${part}"` : shellWord(part))).join("")} >&2; exit 3; }`;
  const elsewhere = refuse(
    ...[`${folder} lies on a file system with the UUID "`, "$u"],
    `", and the estate has ${fsUuid}; nothing was made. Next: findmnt UUID=${fsUuid}   (no line: it isn't mounted)`,
  );
  const taken = refuse(
    ...[`${folder} is there already, and is a link or belongs to the account `, "$o"],
    ` and not to ${uid}; it was left as it is. Next: ls -la ${folder}; if it is meant: chown -R ${uid}:${uid} ${folder}; then pulumi up`,
  );
  return [
    `set -eu; p=${folder}; d=$p; while [ ! -e "$d" ]; do d=$(dirname "$d"); done`,
    `u=$(findmnt --noheadings --output UUID --target "$d")`,
    `[ "$u" = ${shellWord(fsUuid)} ] || ${elsewhere}`,
    `o=$(stat -c %u "$p" 2>/dev/null) || o=${uid}`,
    `[ ! -L "$p" ] && { [ "$o" = ${uid} ] || { [ "$o" = 0 ] && [ -z "$(ls -A "$p")" ]; }; } || ${taken}`,
    `mkdir -p "$p"; chown ${uid}:${uid} "$p"; chmod 0700 "$p"`,
  ].join("; ");
}
