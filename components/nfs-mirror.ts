import * as pulumi from "@pulumi/pulumi";
import type { RuleGroup } from "../alerts/rules";
import { AlertRules, type MonitoringObjects } from "./alert-rules";
import { type HostConnection, HostRelease } from "./host-release";
import type { ReleaseFile, RunnerBundle } from "./host-release/commands";

export interface NfsMirrorArgs {
  /** Name of the job, e.g. "nfs-mirror": its units, folder and metrics are called so. */
  readonly job: string;
  readonly connection: HostConnection;
  /** Units and runner config, as the plan has them. */
  readonly files: readonly ReleaseFile[];
  readonly bundle: RunnerBundle;
  readonly rules: RuleGroup;
  /** Where the PrometheusRule goes. @default none: Prometheus gets the rules as a file */
  readonly objects?: MonitoringObjects;
}

/** The layer `nfs-mirror` on one host: its release, and the alerts about it. */
export class NfsMirror extends pulumi.ComponentResource {
  /** Name of the release that is live on the host. */
  readonly activeRelease: pulumi.Output<string>;

  constructor(name: string, args: NfsMirrorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:layer:NfsMirror", name, { job: args.job }, opts);
    const { job, connection, files, bundle } = args;
    const release = new HostRelease(`${name}-release`, { job, connection, files, bundle }, { parent: this });
    if (args.objects)
      new AlertRules(
        `${name}-alerts`,
        { ...args.objects, objectName: `holdfast-${name}`, group: args.rules },
        { parent: this },
      );
    this.activeRelease = release.activeRelease;
    this.registerOutputs({ activeRelease: this.activeRelease });
  }
}
