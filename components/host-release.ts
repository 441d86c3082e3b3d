import { Command } from "@pulumi/command/remote/command";
import { CopyToRemote } from "@pulumi/command/remote/copyToRemote";
import * as pulumi from "@pulumi/pulumi";
import {
  bundleName,
  installScript,
  jobFolder,
  manifestOf,
  type OwnedJob,
  releaseCommand,
  releaseCommandIfThere,
  type ReleaseFile,
  removeFolder,
  type RunnerBundle,
  updateScript,
} from "./host-release/commands";
import { releaseScript } from "./host-release/tools";

/** How a host is reached, and how it proves that it is the one that is meant. */
export interface HostConnection {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Pinned public key, e.g. "ssh-ed25519 AAAA…": another machine is refused before anything is sent to it. */
  readonly hostKey: string;
  /**
   * Private key in OpenSSH's text form; kept as a secret whether or not it comes as one. It is an input of all that reaches
   * the host, so another operator's own key would change all of it. @default the keys in the SSH agent of whoever deploys
   */
  readonly privateKey?: pulumi.Input<string>;
}

export interface HostReleaseArgs {
  /** Its job's name is its folder below /opt/holdfast, and the stem of its runner's file. */
  readonly owned: OwnedJob;
  readonly connection: HostConnection;
  /** Units and config. A unit with an [Install] section is enabled and started, and a service of that kind started anew by each release. */
  readonly files: readonly ReleaseFile[];
  readonly bundle: RunnerBundle;
  /**
   * Makes what has to be on the host before the job is live, and goes only after it: its secrets. It waits for
   * `installed`, by which the job is this stack's. @default nothing
   */
  readonly needs?: (installed: pulumi.Resource) => readonly pulumi.Resource[];
}

/**
 * One job on one host as a content-addressed release: the files are staged, checked, made a folder named after their
 * content, and switched live at once. A failed activation leaves the release before it running; the last three stay.
 * Destroying it stops the job and removes units and folder. What the runner itself made (/var/lib/holdfast/JOB, its last
 * metrics) stays.
 */
export class HostRelease extends pulumi.ComponentResource {
  /** Name of the release that is live: the first 12 digits of its manifest's SHA-256. */
  readonly activeRelease: pulumi.Output<string>;

  constructor(name: string, args: HostReleaseArgs, opts?: pulumi.ComponentResourceOptions) {
    const { owned } = args;
    const { job } = owned;
    super("holdfast:host:Release", name, { job, host: args.connection.host }, opts);
    const connection = connectionOf(args.connection);
    const command = (what: string, shell: Shell, dependsOn: pulumi.Resource[]) =>
      new Command(
        `${name}-${what}`,
        // Sent as environment variables otherwise, which a stock sshd refuses with a warning at each update.
        { connection, addPreviousOutputInEnv: false, ...shell },
        // A replacement that comes first would be removed again by the delete of what it replaces.
        { parent: this, deleteBeforeReplace: true, dependsOn },
      );

    const text = releaseScript();
    const script = command(
      "script",
      {
        create: installScript(owned, text),
        update: updateScript(owned, text),
        delete: removeFolder(owned),
        stdin: text,
      },
      [],
    );
    const staged = args.files.map(file =>
      command(file.name, { create: releaseCommand(owned, "stage", file.name), stdin: file.text }, [script]),
    );
    const { bundle } = args;
    const room = command(
      "room",
      { create: releaseCommand(owned, "room"), stdin: `${bundle.sha256} ${bundle.sizeBytes}\n` },
      [script],
    );
    const copied = new CopyToRemote(
      `${name}-bundle`,
      {
        connection,
        source: new pulumi.asset.FileAsset(bundle.path),
        remotePath: `${jobFolder(job)}/staging/${bundleName(job)}`,
        // Of a changed connection alone, the plugin takes notice without copying: a rebuilt host would never get the file.
        triggers: [connection.host, connection.port, connection.hostKey],
      },
      { parent: this, deleteBeforeReplace: true, dependsOn: [room] },
    );
    const live = command(
      "live",
      {
        create: releaseCommand(owned, "activate"),
        delete: releaseCommandIfThere(owned, "remove"),
        stdin: manifestOf(job, args.files, bundle),
      },
      [script, ...staged, copied, ...(args.needs?.(script) ?? [])],
    );
    this.activeRelease = live.stdout;
    this.registerOutputs({ activeRelease: this.activeRelease });
  }
}

interface Shell {
  readonly create: string;
  /** @default `create` */
  readonly update?: string;
  readonly delete?: string;
  readonly stdin: string;
}

/** The `connection` of the resources that reach the host; the key in it is a secret. */
export function connectionOf(connection: HostConnection) {
  return {
    host: connection.host,
    port: connection.port,
    user: connection.user,
    hostKey: connection.hostKey,
    ...(connection.privateKey === undefined ? {} : { privateKey: pulumi.secret(connection.privateKey) }),
    // Pulumi dials for many resources at once (four a processor), and Debian's sshd drops some callers of more than ten
    // that haven't logged in yet (MaxStartups 10:30:100): ten more tries are eleven seconds, by which most are through.
    // What stays wrong, such as a key, is told before the first resource.
    dialErrorLimit: 10,
    perDialTimeout: 10,
  };
}
