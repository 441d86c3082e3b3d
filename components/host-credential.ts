import { Command } from "@pulumi/command/remote/command";
import * as pulumi from "@pulumi/pulumi";
import { credentialInput, removeCredential, writeCredential } from "./host-credential/commands";
import type { OwnedJob } from "./host-release/commands";
import { connectionOf, type HostConnection } from "./host-release";

export interface HostCredentialArgs {
  /** The job whose unit loads it. */
  readonly owned: OwnedJob;
  /** File name. */
  readonly name: string;
  readonly connection: HostConnection;
  /** Kept as a secret whether or not it comes as one. */
  readonly text: pulumi.Input<string>;
  /** The script by which the job became this stack's: nothing is written for a job that is another's. */
  readonly installed: pulumi.Resource;
}

/**
 * A secret as a file that only root reads: /etc/holdfast/credentials/JOB/NAME, mode 0600. The text goes by standard input
 * over SSH: it is in no argument, no environment, no output, and encrypted in the state. A change rewrites the file alone;
 * the job's next run loads it.
 */
export class HostCredential extends pulumi.ComponentResource {
  constructor(name: string, args: HostCredentialArgs, opts?: pulumi.ComponentResourceOptions) {
    const { owned } = args;
    super("holdfast:host:Credential", name, { job: owned.job, name: args.name }, opts);
    new Command(
      `${name}-file`,
      {
        connection: connectionOf(args.connection),
        create: writeCredential(owned, args.name),
        delete: removeCredential(owned, args.name),
        stdin: pulumi.secret(pulumi.output(args.text).apply(credentialInput)),
        addPreviousOutputInEnv: false,
        logging: "none",
      },
      {
        parent: this,
        dependsOn: [args.installed],
        deleteBeforeReplace: true,
        additionalSecretOutputs: ["stdin"],
      },
    );
    this.registerOutputs();
  }
}
