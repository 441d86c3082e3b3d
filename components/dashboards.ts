import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import * as pulumi from "@pulumi/pulumi";
import type { Board } from "../alerts/boards/board";
import { grafanaJson } from "./dashboards/grafana";

export interface DashboardsArgs {
  readonly namespace: string;
  /** Labels by which Grafana's sidecar picks the objects, e.g. `grafana_dashboard: "1"`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly boards: readonly Board[];
}

/** Grafana's dashboards, each as a ConfigMap that its sidecar reads. */
export class Dashboards extends pulumi.ComponentResource {
  constructor(name: string, args: DashboardsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:cluster:Dashboards", name, {}, opts);
    const { namespace, labels } = args;
    for (const board of args.boards)
      new ConfigMap(
        `${name}-${board.uid}`,
        {
          metadata: {
            ...{ name: board.uid, namespace },
            labels: { "app.kubernetes.io/managed-by": "holdfast", ...labels },
          },
          // The sidecar puts those of all objects into one folder.
          data: { [`${board.uid}.json`]: grafanaJson(board) },
        },
        { parent: this },
      );
    this.registerOutputs();
  }
}
