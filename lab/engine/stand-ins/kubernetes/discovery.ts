import { z } from "zod";
import { type Api, ApiError } from "./api";

/** Where objects of a kind are found in the API. */
export interface KindInfo {
  /** Name in paths, e.g. "prometheusrules". */
  readonly plural: string;
  readonly namespaced: boolean;
}

const listSchema = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** Asks the API server once per group and version what kinds it has. */
export class Discovery {
  readonly #lists = new Map<string, Promise<Map<string, KindInfo>>>();

  constructor(readonly api: Api) {}

  /** Undefined when the server has no such kind: perhaps its CustomResourceDefinition isn't there yet. */
  async find(apiVersion: string, kind: string): Promise<KindInfo | undefined> {
    const found = (await this.#list(apiVersion)).get(kind);
    if (!found) this.#lists.delete(apiVersion);
    return found;
  }

  #list(apiVersion: string): Promise<Map<string, KindInfo>> {
    const known = this.#lists.get(apiVersion);
    if (known) return known;
    const list = this.#ask(apiVersion);
    this.#lists.set(apiVersion, list);
    list.catch(() => this.#lists.delete(apiVersion));
    return list;
  }

  async #ask(apiVersion: string): Promise<Map<string, KindInfo>> {
    try {
      const { resources } = listSchema.parse(
        await this.api.call({ method: "GET", path: groupPath(apiVersion) }),
      );
      // Names with a slash are parts of objects, such as "pods/log".
      const kinds = resources.filter(({ name }) => !name.includes("/"));
      return new Map(kinds.map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return new Map();
      throw error;
    }
  }
}

/** "v1" is the core group, which lies apart from the others. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Kinds of Kubernetes' own groups that lie in no namespace. */
const clusterScoped = new Set([
  "APIService",
  "CertificateSigningRequest",
  "ClusterRole",
  "ClusterRoleBinding",
  "CSIDriver",
  "CSINode",
  "CustomResourceDefinition",
  "FlowSchema",
  "IngressClass",
  "MutatingWebhookConfiguration",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PriorityClass",
  "PriorityLevelConfiguration",
  "RuntimeClass",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeAttachment",
]);

/** Whether a kind of Kubernetes' own lies in a namespace; undefined for kinds of others, which only the server knows. */
export function builtInNamespaced(apiVersion: string, kind: string): boolean | undefined {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const own = !group.includes(".") || group.endsWith(".k8s.io");
  return own ? !clusterScoped.has(kind) : undefined;
}
