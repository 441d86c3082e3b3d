import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import * as pulumi from "@pulumi/pulumi";
import { pushgatewayPort } from "../plan/pushgateway";
import { answersOnly } from "./answers-only";
import { podSpec } from "./pushgateway/pod";
import { webConfig } from "./pushgateway/web-config";

export interface PushgatewayArgs {
  readonly namespace: string;
  /** With its digest. */
  readonly image: string;
  /** For what was pushed; left out, the cluster's default one. */
  readonly storageClass?: string | undefined;
  /** By which hosts reach it, at any node. */
  readonly nodePort: number;
  readonly user: string;
  /** Kept as a secret whether or not it comes as one. */
  readonly password: pulumi.Input<string>;
  /** By which the operator's Prometheus is told to scrape it. @default none: whoever configures Prometheus has it scrape */
  readonly scraped?: { readonly interval: string; readonly labels: Readonly<Record<string, string>> };
}

const port = pushgatewayPort;

/**
 * The Pushgateway that all jobs tell how they ended: it asks each of them for a user and a password, and keeps what it was told in
 * a volume. Fits the Pod Security Standard "restricted", and reaches nothing.
 */
export class Pushgateway extends pulumi.ComponentResource {
  constructor(name: string, args: PushgatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:cluster:Pushgateway", name, {}, opts);
    const { namespace, user } = args;
    const labels = { "app.kubernetes.io/managed-by": "holdfast", "app.kubernetes.io/name": name };
    const metadata = { name, namespace, labels };
    const parent = { parent: this };
    // As the jobs read it from their files: without a final line break, which nobody sees in what a secret was set to.
    const password = pulumi.secret(pulumi.output(args.password).apply(text => text.replace(/\n$/, "")));
    // It reads its own at each request: a new password is asked for without a restart.
    const secret = new Secret(
      `${name}-login`,
      {
        metadata,
        stringData: { user, password, "web.yml": password.apply(text => webConfig(user, text)) },
      },
      { ...parent, additionalSecretOutputs: ["stringData", "data"] },
    );
    // A claim keeps its class. Under the same name, the next one would be the one that goes as soon as the old pod does.
    const claimName = args.storageClass === undefined ? name : `${name}-${args.storageClass}`;
    const claim = new PersistentVolumeClaim(
      `${name}-claim`,
      {
        // Where its class binds a volume with the first pod, it is waited for in vain until there is one.
        metadata: { ...metadata, name: claimName, annotations: { "pulumi.com/skipAwait": "true" } },
        spec: {
          accessModes: ["ReadWriteOnce"],
          // What is pushed is kilobytes; some storage gives no smaller one.
          resources: { requests: { storage: "2Gi" } },
          ...(args.storageClass === undefined ? {} : { storageClassName: args.storageClass }),
        },
      },
      parent,
    );
    const policy = new NetworkPolicy(`${name}-reach`, { metadata, spec: answersOnly(labels, port) }, parent);
    new Deployment(
      `${name}-server`,
      {
        metadata,
        spec: {
          replicas: 1,
          // Two of them can't have one volume.
          strategy: { type: "Recreate" },
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: podSpec(args.image, name, claimName) },
        },
      },
      { ...parent, dependsOn: [secret, claim, policy] },
    );
    new Service(
      `${name}-service`,
      {
        metadata,
        spec: {
          type: "NodePort",
          selector: labels,
          ports: [{ name: "http", port, targetPort: port, nodePort: args.nodePort }],
        },
      },
      // In another namespace too, two of them can't have one port of the nodes.
      { ...parent, deleteBeforeReplace: true },
    );
    if (args.scraped)
      new CustomResource(
        `${name}-monitor`,
        {
          apiVersion: "monitoring.coreos.com/v1",
          kind: "ServiceMonitor",
          metadata: { ...metadata, labels: { ...args.scraped.labels, ...labels } },
          spec: {
            selector: { matchLabels: labels },
            endpoints: [
              {
                ...{ port: "http", interval: args.scraped.interval },
                // The labels job and instance are the pusher's, by which all alerts know it.
                honorLabels: true,
                basicAuth: { username: { name, key: "user" }, password: { name, key: "password" } },
              },
            ],
          },
        },
        parent,
      );
    this.registerOutputs();
  }
}
