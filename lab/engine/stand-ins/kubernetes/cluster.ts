import { setTimeout as sleep } from "node:timers/promises";
import { type Value, type Values, isMap, plainValues } from "../protocol/values";
import { type Api, ApiError } from "./api";
import { Discovery, groupPath } from "./discovery";
import { without } from "./live-state";
import { annotation, idOf, metadataOf, withMetadata } from "./naming";

export interface ApplyOptions {
  readonly fieldManager: string;
  readonly dryRun: boolean;
  /** Takes fields over from other managers instead of failing. */
  readonly force: boolean;
}

/** Manager of what was made by the plugin and not updated since: objects are made by a plain create. */
const creator = "pulumi-kubernetes";

const conflictHelp =
  "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/";

/** The API server has no such kind. */
export class UnknownKind extends Error {}

/** Objects of any kind in one cluster. */
export class Cluster {
  readonly discovery: Discovery;

  constructor(readonly api: Api) {
    this.discovery = new Discovery(api);
  }

  /**
   * Makes an object.
   * @throws {ApiError} when there is one of that name, among others
   */
  async create(object: Values, dryRun: boolean): Promise<Values> {
    const { collection, namespaced } = await this.#place(object);
    const query = new URLSearchParams({ fieldManager: creator });
    if (dryRun) query.set("dryRun", "All");
    return this.api.call({
      method: "POST",
      path: `${collection}?${query.toString()}`,
      body: bodyOf(object, namespaced),
    });
  }

  /** Gives the fields that the plain create owns to the manager of server-side applies, which would be in conflict with it. */
  async takeOver(live: Values, fieldManager: string): Promise<void> {
    const managedFields = withManager(live, creator, fieldManager);
    if (managedFields === undefined) return;
    const { path } = await this.#place(live);
    const body = [{ op: "replace", path: "/metadata/managedFields", value: managedFields }];
    await this.api.call({ method: "PATCH", path, body, type: "application/json-patch+json" });
  }

  /** The object by server-side apply: made when absent, otherwise given exactly the fields that this manager owns. */
  async apply(object: Values, { fieldManager, dryRun, force }: ApplyOptions): Promise<Values> {
    const { path, namespaced } = await this.#place(object);
    const query = new URLSearchParams({ fieldManager, force: String(force), fieldValidation: "Warn" });
    if (dryRun) query.set("dryRun", "All");
    try {
      return await this.api.call({
        method: "PATCH",
        path: `${path}?${query.toString()}`,
        body: bodyOf(object, namespaced),
        type: "application/apply-patch+yaml",
      });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      throw new ApiError(
        409,
        `Server-Side Apply field conflict detected. See ${conflictHelp} for troubleshooting help. The resource managed by field manager "${fieldManager}" had an apply conflict: ${error.message}`,
      );
    }
  }

  /** @throws {ApiError} when there is no such object */
  async get(object: Values): Promise<Values> {
    const { path } = await this.#place(object);
    return this.api.call({ method: "GET", path });
  }

  /** Undefined when there is no such object, or no such kind. */
  async read(object: Values): Promise<Values | undefined> {
    try {
      return await this.get(object);
    } catch (error) {
      if (error instanceof UnknownKind) return undefined;
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Deletes the object and what it owns, and waits until it is gone.
   * @param timeoutMs for the wait: a finalizer may hold it back
   */
  async remove(object: Values, timeoutMs: number): Promise<void> {
    const found = await this.read(object);
    if (!found) return;
    const { path } = await this.#place(object);
    const uid = metadataOf(found)["uid"];
    const asked = annotation(metadataOf(object), "pulumi.com/deletionPropagationPolicy");
    const propagationPolicy =
      typeof asked === "string" ? asked[0]?.toUpperCase() + asked.slice(1) : "Foreground";
    await this.#deleteOnce(path, propagationPolicy);
    const until = Date.now() + timeoutMs;
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 1000)) {
      const left = await this.read(object);
      // Another uid: somebody made an object of the same name since.
      if (!left || metadataOf(left)["uid"] !== uid) return;
      if (Date.now() > until) throw new Error(stillThere(left, timeoutMs));
      await sleep(waitMs);
    }
  }

  async #deleteOnce(path: string, propagationPolicy: string): Promise<void> {
    try {
      const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy };
      await this.api.call({ method: "DELETE", path, body });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  async #place(object: Values): Promise<{ collection: string; path: string; namespaced: boolean }> {
    const { apiVersion, kind } = object;
    const info = await this.discovery.find(String(apiVersion), String(kind));
    if (!info)
      throw new UnknownKind(
        `the Kubernetes API server ${this.api.server} has no ${String(kind)} in ${String(apiVersion)}. Verify that any required CRDs have been created`,
      );
    const { namespace, name } = metadataOf(plainValues(object));
    const within = info.namespaced ? `/namespaces/${encode(namespace ?? "default")}` : "";
    const collection = `${groupPath(String(apiVersion))}${within}/${info.plural}`;
    return { collection, path: `${collection}/${encode(name)}`, namespaced: info.namespaced };
  }
}

function bodyOf(object: Values, namespaced: boolean): Values {
  return plainValues(namespaced ? object : withMetadata(object, without(metadataOf(object), ["namespace"])));
}

/** Whether the object was made by the plugin, and never updated by it. */
export function isAsCreated(live: Values): boolean {
  return managersOf(live).some(entry => entry["manager"] === creator && entry["operation"] === "Update");
}

/** Who manages which fields, with one manager's under another's name; undefined when it has none. */
function withManager(live: Values, from: string, to: string): readonly Values[] | undefined {
  if (!isAsCreated(live)) return undefined;
  const entries = managersOf(live);
  const old = entries.find(entry => entry["manager"] === from && entry["operation"] === "Update");
  const own = entries.find(entry => entry["manager"] === to && entry["operation"] === "Apply");
  const fields = merged(own?.["fieldsV1"], old?.["fieldsV1"]);
  const others = entries.filter(entry => entry !== old && entry !== own);
  return [...others, { ...old, manager: to, operation: "Apply", fieldsV1: fields }];
}

function managersOf(live: Values): Values[] {
  const managed: Value = metadataOf(live)["managedFields"] ?? [];
  return Array.isArray(managed) ? managed.filter(isMap) : [];
}

/** Both sets of fields, which are trees of names. */
function merged(one: Value | undefined, other: Value | undefined): Values {
  const [left, right] = [one, other].map(tree => (isMap(tree) ? tree : {})) as [Values, Values];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return Object.fromEntries([...names].map(name => [name, merged(left[name], right[name])]));
}

function encode(value: Value | undefined): string {
  return encodeURIComponent(typeof value === "string" ? value : "");
}

function stillThere(object: Values, timeoutMs: number): string {
  const { finalizers } = metadataOf(object);
  const held = Array.isArray(finalizers) ? ` Finalizers that hold it: ${finalizers.join(", ")}` : "";
  const status = isMap(object["status"])
    ? ` Its status: ${JSON.stringify(object["status"]).slice(0, 300)}`
    : "";
  return `${String(object["kind"])} ${idOf(object)} was told to go ${timeoutMs / 1000} s ago and is still there.${held}${status}`;
}
