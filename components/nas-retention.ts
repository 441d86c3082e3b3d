import { Command } from "@pulumi/command/remote/command";
import * as pulumi from "@pulumi/pulumi";
import { snapshotProgram } from "../plan/contracts/nas-snapshots";
import { shellWord } from "../plan/contracts/shell-word";
import { connectionOf, type HostConnection } from "./host-release";

export interface NasRetentionArgs {
  /** As an account whose sudo reads and sets the share's configuration. */
  readonly connection: HostConnection;
  /** What its sudo asks for; kept as a secret whether or not it comes as one. */
  readonly password: pulumi.Input<string>;
  /** Name of the share. */
  readonly share: string;
  /** Days after which the NAS removes a snapshot. */
  readonly keepDays: number;
}

/**
 * How long a Synology keeps its own snapshots of a share: set there, and read back from it. The password goes by standard input over SSH,
 * and to sudo by a pipe; it and the key lie on no host. What somebody changes in DSM later is told by the look of `nas-snapshots`.
 * Destroying it leaves the NAS as it is.
 */
export class NasRetention extends pulumi.ComponentResource {
  constructor(name: string, args: NasRetentionArgs, opts?: pulumi.ComponentResourceOptions) {
    const { connection, share, keepDays } = args;
    super("holdfast:nas:Retention", name, { share, keepDays }, opts);
    new Command(
      `${name}-set`,
      {
        connection: connectionOf(connection),
        create: setRetention(share, keepDays),
        stdin: pulumi.secret(pulumi.output(args.password).apply(text => `${text}\n`)),
        addPreviousOutputInEnv: false,
        // Another NAS, or one that was set up anew.
        triggers: [connection.host, connection.port, connection.hostKey],
      },
      { parent: this, deleteBeforeReplace: true, additionalSecretOutputs: ["stdin"] },
    );
    this.registerOutputs();
  }
}

/** A shell script that reads the password of its sudo from standard input. It fails unless the NAS then says what it was told. */
export function setRetention(share: string, keepDays: number): string {
  const setting = "snap_auto_remove_keep_days";
  const next = "Next: sudo -l there, as this account";
  return [
    `LC_ALL=C; export LC_ALL; IFS= read -r P; s=${shellWord(share)}`,
    `conf() { printf '%s\\n' "$P" | sudo -k -S -p '' -- ${snapshotProgram} shareconf "$@"; }`,
    `fail() { echo "$1" >&2; exit 1; }`,
    // One try: after a few wrong ones the account is locked.
    `look() { c=$(conf get "$s") || fail "the retention of $s can't be read, and wasn't changed. ${next}"`,
    `d=$(printf '%s\\n' "$c" | sed -n 's/^${setting}=//p'); }`,
    "look; before=$d",
    `[ "$d" = ${keepDays} ] || { conf set "$s" ${setting}=${keepDays} || fail "the retention of $s can't be set to ${keepDays} days. ${next}"; look; }`,
    `[ "$d" = ${keepDays} ] || fail "$s was told to keep snapshots for ${keepDays} days, and says \\"$d\\" then. Next: look at its retention in Snapshot Replication"`,
    `echo "$s keeps snapshots for $d days (before: ${"${before:-no number}"})"`,
  ].join("; ");
}
