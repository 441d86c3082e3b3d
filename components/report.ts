import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import * as pulumi from "@pulumi/pulumi";
import { answersOnly } from "./answers-only";
import { pageFile, serverText } from "./report/server";

export interface ReportArgs {
  readonly namespace: pulumi.Input<string>;
  /** The page, as `holdfast report` wrote it. */
  readonly page: pulumi.Input<string>;
  /** An image with Node, by its digest: what an estate's `runnerImage` names, e.g. "docker.io/library/node:24-bookworm-slim@sha256:…". */
  readonly image: pulumi.Input<string>;
}

const port = 8080;
const folder = "/srv/report";
// A ConfigMap takes 1 MiB, the server's program included.
const mostBytes = 1_000_000;

/**
 * A report that the cluster serves, read-only, as a Service inside of it: who may see it is said by whoever puts an Ingress before it, for it names addresses and paths. It is as old as
 * the last `pulumi up`. Fits the Pod Security Standard "restricted", and reaches nothing.
 */
export class Report extends pulumi.ComponentResource {
  /** Name of the Service, which answers on port 80. */
  readonly service: pulumi.Output<string>;

  constructor(name: string, args: ReportArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:cluster:Report", name, {}, opts);
    const { namespace } = args;
    const image = by(pinned, args.image);
    const labels = { "app.kubernetes.io/managed-by": "holdfast", "holdfast.io/report": name };
    const metadata = { name, namespace, labels };
    // The kubelet changes the program's file too, and what runs has read it once: another one begins another pod.
    const annotations = { "holdfast.io/program": createHash("sha256").update(serverText).digest("hex") };
    const parent = { parent: this };
    new ConfigMap(
      `${name}-page`,
      {
        metadata,
        data: { "server.cjs": serverText },
        binaryData: { [pageFile]: by(packed, args.page) },
      },
      parent,
    );
    new NetworkPolicy(`${name}-reach`, { metadata, spec: answersOnly(labels, port) }, parent);
    new Deployment(
      `${name}-server`,
      {
        metadata,
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: { metadata: { labels, annotations }, spec: podSpec(image, name) },
        },
      },
      parent,
    );
    const service = new Service(
      `${name}-service`,
      { metadata, spec: { selector: labels, ports: [{ port: 80, targetPort: port }] } },
      parent,
    );
    this.service = service.metadata.name;
    this.registerOutputs({ service: this.service });
  }
}

/** What is known by now is refused before the first resource. */
function by(make: (text: string) => string, given: pulumi.Input<string>): pulumi.Input<string> {
  return typeof given === "string" ? make(given) : pulumi.output(given).apply(make);
}

/** @throws {pulumi.RunError} for an image that can become another one */
function pinned(image: string): string {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return image;
  throw new pulumi.RunError(
    `image: "${image}" can become another program. Expected it with its digest, e.g. "docker.io/library/node:24-bookworm-slim@sha256:" and what \`skopeo inspect\` shows.`,
  );
}

/** @throws {pulumi.RunError} where no ConfigMap takes it */
function packed(page: string): string {
  const bytes = gzipSync(page, { level: 9 });
  if (bytes.length <= mostBytes) return bytes.toString("base64");
  throw new pulumi.RunError(
    `page: has ${bytes.length} bytes, packed, and a ConfigMap takes ${mostBytes}. Serve the file by other means.`,
  );
}

function podSpec(image: pulumi.Input<string>, configMap: string) {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532 },
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        ...{ name: "server", image, command: ["node", `${folder}/server.cjs`, folder, String(port)] },
        ports: [{ containerPort: port }],
        readinessProbe: { httpGet: { path: "/", port } },
        securityContext: {
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
          capabilities: { drop: ["ALL"] },
        },
        resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { memory: "128Mi" } },
        volumeMounts: [{ name: "report", mountPath: folder, readOnly: true }],
      },
    ],
    volumes: [{ name: "report", configMap: { name: configMap } }],
  };
}
