import { Command } from "@pulumi/command/remote/command";
import * as pulumi from "@pulumi/pulumi";
import { credentialInput, removeCredential, writeCredential } from "./host-credential/commands";
import { connectionOf, type HostConnection } from "./host-release";

export interface HostCredentialArgs {
  /** Name of the job whose unit loads it. */
  readonly job: string;
  /** File name. */
  readonly name: string;
  readonly connection: HostConnection;
  /** Kept as a secret whether or not it comes as one. */
  readonly text: pulumi.Input<string>;
}

/**
 * A secret as a file that only root reads: /etc/holdfast/credentials/JOB/NAME, mode 0600. The text goes by standard input
 * over SSH: it is in no argument, no environment, no output, and encrypted in the state. A change rewrites the file alone;
 * the job's next run loads it.
 */
export class HostCredential extends pulumi.ComponentResource {
  constructor(name: string, args: HostCredentialArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:host:Credential", name, { job: args.job, name: args.name }, opts);
    new Command(
      `${name}-file`,
      {
        connection: connectionOf(args.connection),
        create: writeCredential(args.job, args.name),
        delete: removeCredential(args.job, args.name),
        stdin: pulumi.secret(pulumi.output(args.text).apply(credentialInput)),
        addPreviousOutputInEnv: false,
        logging: "none",
      },
      { parent: this, deleteBeforeReplace: true, additionalSecretOutputs: ["stdin"] },
    );
    this.registerOutputs();
  }
}
