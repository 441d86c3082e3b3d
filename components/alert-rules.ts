import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import * as pulumi from "@pulumi/pulumi";
import type { AlertRouting } from "../alerts/routes";
import type { RuleGroup } from "../alerts/rules";

/** Where the monitoring objects live, and the labels by which the Prometheus operator picks them. */
export interface MonitoringObjects {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface AlertRulesArgs extends MonitoringObjects {
  /** Name of the object in the cluster, e.g. "holdfast-nfs-mirror-pve". */
  readonly objectName: string;
  readonly group: RuleGroup;
}

/** The alerts of one job, as a PrometheusRule. */
export class AlertRules extends pulumi.ComponentResource {
  constructor(name: string, args: AlertRulesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:cluster:AlertRules", name, args, opts);
    new CustomResource(
      `${name}-rule`,
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: metadataOf(args.objectName, args),
        spec: { groups: [args.group] },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

export interface AlertRoutesArgs extends MonitoringObjects {
  /** Name of the object in the cluster, e.g. "holdfast". */
  readonly objectName: string;
  readonly routing: AlertRouting;
}

/** Who hears of which alert, as one AlertmanagerConfig. */
export class AlertRoutes extends pulumi.ComponentResource {
  constructor(name: string, args: AlertRoutesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:cluster:AlertRoutes", name, args, opts);
    new CustomResource(
      `${name}-config`,
      {
        apiVersion: "monitoring.coreos.com/v1alpha1",
        kind: "AlertmanagerConfig",
        metadata: metadataOf(args.objectName, args),
        spec: args.routing,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

function metadataOf(name: string, objects: MonitoringObjects) {
  return {
    name,
    namespace: objects.namespace,
    labels: { "app.kubernetes.io/managed-by": "holdfast", ...objects.labels },
  };
}
